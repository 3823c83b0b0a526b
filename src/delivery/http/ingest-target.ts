import { promisify } from "node:util";

import type { Dsn } from "../../protocol/dsn.js";
import { authHeader, dsnOrigin, envelopePath } from "../../protocol/dsn.js";
import { OptionsError } from "../../protocol/errors.js";

/** URL and headers of the requests to the server. */
export interface IngestTarget {
  readonly origin: string;
  readonly path: string;
  /** Fields of each request, without the length of its body. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** The settings that determine the target. */
interface IngestTargetSettings {
  readonly dsn: Dsn;
  readonly tunnel?: string | undefined;
  readonly client: string;
}

/** Computes the target once, so that a send builds no headers. Throws `OptionsError` for an invalid tunnel. */
export function ingestTarget({ dsn, tunnel, client }: IngestTargetSettings): IngestTarget {
  const address =
    tunnel === undefined
      ? { origin: dsnOrigin(dsn), path: envelopePath(dsn) }
      : tunnelAddress(tunnel);
  const headers: [string, string][] = [
    ["host", new URL(address.origin).host],
    ["connection", "keep-alive"],
    ["content-type", "application/x-sentry-envelope"],
    ["user-agent", client],
  ];
  // The tunnel adds the authentication; a server refuses two.
  if (tunnel === undefined) headers.push(["x-sentry-auth", authHeader(dsn, client)]);
  return { ...address, headers };
}

/** Builds a request's header up to the value of `content-length`, which comes last. */
export function requestHead({ path, headers }: IngestTarget, encoding?: "gzip"): string {
  const fields = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const encoded = encoding === undefined ? "" : `content-encoding: ${encoding}\r\n`;
  return `POST ${path} HTTP/1.1\r\n${fields}${encoded}content-length: `;
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
export async function gzipBody(body: Buffer | string): Promise<Buffer | undefined> {
  try {
    // Loaded with the first body to compress, because it takes a twentieth of this package's import time.
    const { gzip } = process.getBuiltinModule("node:zlib");
    return await promisify(gzip)(body, { level: LEVEL });
  } catch {
    return undefined;
  }
}
