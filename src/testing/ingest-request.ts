import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";

import type { ReadEnvelope } from "./envelope-reader.js";
import { TooLargeError, readEnvelope } from "./envelope-reader.js";

/** A request as the ingest server got it. */
export interface IngestRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** As it came, still compressed. */
  readonly body: Buffer;
  /** The envelope in the body. Throws when it cannot be read. */
  envelope(): ReadEnvelope;
}

/** A refusal in the words of Relay. */
export class IngestRefusal extends Error {
  override readonly name = "IngestRefusal";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The status with which a request that cannot be taken is answered. */
export function statusOf(error: unknown): number {
  if (error instanceof IngestRefusal) return error.status;
  return error instanceof TooLargeError ? 413 : 400;
}

type Decoder = (body: Buffer, limits: { readonly maxOutputLength: number }) => Buffer;

const identity: Decoder = (body, { maxOutputLength }) => {
  if (body.length > maxOutputLength) throw tooLarge(maxOutputLength);
  return body;
};

// Decompression stops at the limit: a body of 1 MB may stand for 1 GB.
const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ["br", brotliDecompressSync],
  ["deflate", inflateSync],
  ["gzip", gunzipSync],
  ["identity", identity],
  ["x-gzip", gunzipSync],
]);

/** Bodies of the largest size that may be under way together. */
const MAX_BODIES_UNDER_WAY = 5;

/** Bytes of bodies that are under way to one server. */
export interface BodiesUnderWay {
  bytes: number;
}

/** How requests are read. */
export interface RequestLimits {
  /** Bytes of a body, as it comes and decompressed. All bodies that are under way may have five times as many. */
  readonly maxBytes: number;
  readonly underWay: BodiesUnderWay;
}

/**
 * Collects a request's body. Rejects with an `IngestRefusal` as soon as the body has more bytes than the limit, of which no more
 * are kept, and otherwise when the client goes away before its end.
 */
export function readRequest(
  message: IncomingMessage,
  { maxBytes, underWay }: RequestLimits,
): Promise<IngestRequest> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    let kept = 0;
    const letGo = (): void => {
      underWay.bytes -= kept;
      kept = 0;
      chunks.length = 0;
    };
    message.on("data", (chunk: Buffer) => {
      length += chunk.length;
      const isLarge = length > maxBytes;
      if (isLarge || underWay.bytes + chunk.length > maxBytes * MAX_BODIES_UNDER_WAY) {
        letGo();
        length = Infinity;
        return reject(isLarge ? tooLarge(maxBytes) : busy());
      }
      kept += chunk.length;
      underWay.bytes += chunk.length;
      return chunks.push(chunk);
    });
    message.on("close", letGo);
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

/** What a request must show. */
export interface IngestAccess {
  readonly envelopePath: string;
  readonly tunnelPath: string;
  readonly publicKey: string;
  readonly dsn: string;
}

/** What of a request is known before its body. */
export type RequestHead = Pick<IngestRequest, "headers" | "method" | "url">;

/** Throws an `IngestRefusal` unless the request is a post to an endpoint with the right key. */
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

// A tunnel forwards to the DSN that the envelope names, with an authentication of its own.
function checkTunnelHead(auth: string | undefined): void {
  if (auth !== undefined) throw new IngestRefusal(401, "a tunnel takes no authentication");
}

/** Throws an `IngestRefusal` where the envelope of a request to the tunnel is for another DSN. */
export function checkTunnel(request: IngestRequest, access: IngestAccess): void {
  const { pathname } = new URL(request.url, "http://localhost");
  if (pathname === access.tunnelPath && request.envelope().header["dsn"] !== access.dsn)
    throw new IngestRefusal(400, "the envelope names another dsn");
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(",") : value;
}
