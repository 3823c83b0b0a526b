import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";

import type { ReadEnvelope } from "./envelope-reader.js";
import { TooLargeError, readEnvelope } from "./envelope-reader.js";

/** A request that the ingest server has received. */
export interface IngestRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** The body as received, still compressed. */
  readonly body: Buffer;
  /** Parses the envelope in the body. Throws if it is invalid. */
  envelope(): ReadEnvelope;
}

/** The rejection of a request, with a message like Relay's. */
export class IngestRefusal extends Error {
  override readonly name = "IngestRefusal";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Returns the HTTP status for a request that failed with this error. */
export function refusalStatus(error: unknown): number {
  if (error instanceof IngestRefusal) return error.status;
  return error instanceof TooLargeError ? 413 : 400;
}

type Decoder = (body: Buffer, limits: { readonly maxOutputLength: number }) => Buffer;

const identity: Decoder = (body, { maxOutputLength }) => {
  if (body.length > maxOutputLength) throw tooLarge(maxOutputLength);
  return body;
};

// Decompression stops at the limit, because a body of 1 MB may decompress to 1 GB.
const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ["br", brotliDecompressSync],
  ["deflate", inflateSync],
  ["gzip", gunzipSync],
  ["identity", identity],
  ["x-gzip", gunzipSync],
]);

/** Bodies of the largest size that may be received at one time. */
const MAX_BODIES_UNDER_WAY = 5;

/** Bytes of request bodies that one server is receiving. */
export interface BodiesUnderWay {
  bytes: number;
}

/** Limits for request bodies. */
interface RequestLimits {
  /**
   * Bytes of one body, both compressed and decompressed. All bodies that are being received may together have five
   * times as many.
   */
  readonly maxBytes: number;
  readonly underWay: BodiesUnderWay;
}

/**
 * Collects the body of a request. Rejects with an `IngestRefusal` as soon as the body exceeds the limit, and with the
 * socket's error if the client disconnects before its end.
 */
export function readRequest(
  message: IncomingMessage,
  { maxBytes, underWay }: RequestLimits,
): Promise<IngestRequest> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    let kept = 0;
    const release = (): void => {
      underWay.bytes -= kept;
      kept = 0;
      chunks.length = 0;
    };
    message.on("data", (chunk: Buffer) => {
      length += chunk.length;
      const isLarge = length > maxBytes;
      if (isLarge || underWay.bytes + chunk.length > maxBytes * MAX_BODIES_UNDER_WAY) {
        release();
        length = Infinity;
        return reject(isLarge ? tooLarge(maxBytes) : busy());
      }
      kept += chunk.length;
      underWay.bytes += chunk.length;
      return chunks.push(chunk);
    });
    message.on("close", release);
    message.on("error", reject);
    message.on("end", () => resolve(toRequest(message, Buffer.concat(chunks), maxBytes)));
  });
}

function busy(): IngestRefusal {
  return new IngestRefusal(503, "too many large bodies are under way");
}

function tooLarge(maxBytes: number): IngestRefusal {
  return new IngestRefusal(413, `payload reached size limit: ${maxBytes} bytes`);
}

function toRequest(
  { method = "", url = "", headers }: IncomingMessage,
  body: Buffer,
  maxBytes: number,
): IngestRequest {
  let read: ReadEnvelope | undefined;
  return {
    method,
    url,
    headers,
    body,
    envelope: () => (read ??= readEnvelope(decodeBody(headers, body, maxBytes))),
  };
}

function decodeBody(headers: IncomingHttpHeaders, body: Buffer, maxBytes: number): Buffer {
  const encoding = headers["content-encoding"] ?? "identity";
  const decoder = DECODERS.get(encoding.toLowerCase());
  if (decoder === undefined)
    throw new IngestRefusal(415, `content encoding ${encoding} is not known`);
  try {
    return decoder(body, { maxOutputLength: maxBytes });
  } catch (error) {
    throw isOutputTooLarge(error) ? tooLarge(maxBytes) : error;
  }
}

function isOutputTooLarge(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}

/** Endpoints and key of the server. */
export interface IngestAccess {
  readonly envelopePath: string;
  readonly tunnelPath: string;
  readonly publicKey: string;
  readonly dsn: string;
}

/** The parts of a request that are known before its body. */
export type RequestHead = Pick<IngestRequest, "headers" | "method" | "url">;

/** Throws an `IngestRefusal` unless the request is a POST to an endpoint with the right key. */
export function checkAccess(request: RequestHead, access: IngestAccess): void {
  if (request.method !== "POST") throw new IngestRefusal(405, "method not allowed");
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  const auth = headerText(request.headers["x-sentry-auth"]);
  const queryKey = searchParams.get("sentry_key") ?? undefined;
  if (pathname === access.tunnelPath) return checkTunnelHead(auth);
  if (pathname !== access.envelopePath) throw new IngestRefusal(404, "not found");
  checkKey(auth, { queryKey, access });
}

function checkKey(
  auth: string | undefined,
  { queryKey, access }: { queryKey: string | undefined; access: IngestAccess },
): void {
  if (auth === undefined && queryKey === undefined)
    throw new IngestRefusal(401, "missing authorization information");
  if (auth !== undefined && queryKey !== undefined)
    throw new IngestRefusal(401, "multiple authentication payloads");
  const key = queryKey ?? /^Sentry .*\bsentry_key=(\w+)/i.exec(auth ?? "")?.[1];
  if (key === undefined) throw new IngestRefusal(401, "bad sentry authorization header");
  if (key !== access.publicKey)
    throw new IngestRefusal(403, "event submission rejected with_reason: ProjectId");
}

// A tunnel forwards to the DSN in the envelope header, with its own authentication.
function checkTunnelHead(auth: string | undefined): void {
  if (auth !== undefined) throw new IngestRefusal(401, "a tunnel accepts no authentication");
}

/** Throws an `IngestRefusal` if a request to the tunnel has an envelope for another DSN. */
export function checkTunnel(request: IngestRequest, access: IngestAccess): void {
  const { pathname } = new URL(request.url, "http://localhost");
  if (pathname === access.tunnelPath && request.envelope().header["dsn"] !== access.dsn)
    throw new IngestRefusal(400, "the envelope names another dsn");
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(",") : value;
}

/** Bytes of bodies kept. */
const MAX_BYTES = 512 * 1_048_576;

/** Share of the requests that is evicted at one time, so that the array is not shifted for each request. */
const FORGOTTEN_SHARE = 0.1;

/** The newest accepted requests, bounded in number and size. */
export class AcceptedRequests {
  readonly #requests: IngestRequest[] = [];
  readonly #max: number;
  #bytes = 0;
  #forgotten = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** The requests in order of arrival. */
  get requests(): readonly IngestRequest[] {
    return this.#requests;
  }

  /** Number of evicted requests. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Keeps a request, and evicts the oldest ones above the limits. */
  add(request: IngestRequest): void {
    this.#requests.push(request);
    this.#bytes += request.body.length;
    while (this.#requests.length > this.#max || this.#bytes > MAX_BYTES) this.#evict();
  }

  /** Removes all requests and resets `forgotten`. */
  clear(): void {
    this.#requests.length = 0;
    this.#bytes = 0;
    this.#forgotten = 0;
  }

  #evict(): void {
    const count = Math.ceil(this.#requests.length * FORGOTTEN_SHARE);
    for (const { body } of this.#requests.splice(0, count)) this.#bytes -= body.length;
    this.#forgotten += count;
  }
}
