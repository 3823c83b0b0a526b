import type { Dsn } from "../../protocol/dsn.js";
import { authHeader, dsnOrigin, envelopePath } from "../../protocol/dsn.js";
import { OptionsError } from "../../protocol/errors.js";

/** Where envelopes are posted to, and with which headers. */
export interface IngestTarget {
  readonly origin: string;
  readonly path: string;
  /** Names and values in turn; the content length is added by the HTTP client. */
  readonly headers: string[];
  /** The same for a compressed body. */
  readonly gzipHeaders: string[];
}

/** What decides the target. */
export interface IngestTargetSettings {
  readonly dsn: Dsn;
  readonly tunnel?: string | undefined;
  readonly client: string;
}

/** Works out the target once, so that a send builds no header. Throws `OptionsError` for a bad tunnel. */
export function ingestTarget({ dsn, tunnel, client }: IngestTargetSettings): IngestTarget {
  const common = ["content-type", "application/x-sentry-envelope", "user-agent", client];
  // A tunnel adds the authentication itself; two at once would be refused.
  const headers =
    tunnel === undefined ? [...common, "x-sentry-auth", authHeader(dsn, client)] : common;
  return {
    ...(tunnel === undefined
      ? { origin: dsnOrigin(dsn), path: envelopePath(dsn) }
      : tunnelAddress(tunnel)),
    headers,
    gzipHeaders: [...headers, "content-encoding", "gzip"],
  };
}

function tunnelAddress(tunnel: string): { origin: string; path: string } {
  const url = URL.canParse(tunnel) ? new URL(tunnel) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new OptionsError({
      option: "tunnel",
      expected: "must be an http or https URL",
      received: tunnel,
    });
  }
  return { origin: url.origin, path: url.pathname + url.search };
}
