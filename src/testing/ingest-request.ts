import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";

import type { ReadEnvelope } from "./envelope-reader.js";
import { readEnvelope } from "./envelope-reader.js";

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

const DECODERS: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  br: (body) => brotliDecompressSync(body),
  deflate: (body) => inflateSync(body),
  gzip: (body) => gunzipSync(body),
  identity: (body) => body,
  "x-gzip": (body) => gunzipSync(body),
};

/** Collects a request's body. Rejects when the client goes away before its end. */
export function readRequest(message: IncomingMessage): Promise<IngestRequest> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    message.on("data", (chunk: Buffer) => chunks.push(chunk));
    message.on("error", reject);
    message.on("end", () => resolve(toRequest(message, Buffer.concat(chunks))));
  });
}

function toRequest(
  { method = "", url = "", headers }: IncomingMessage,
  body: Buffer,
): IngestRequest {
  let read: ReadEnvelope | undefined;
  return {
    method,
    url,
    headers,
    body,
    envelope: () => (read ??= readEnvelope(decodeBody(headers, body))),
  };
}

function decodeBody(headers: IncomingHttpHeaders, body: Buffer): Buffer {
  const encoding = headers["content-encoding"] ?? "identity";
  const decoder = DECODERS[encoding.toLowerCase()];
  if (decoder === undefined)
    throw new IngestRefusal(415, `content encoding ${encoding} is not known`);
  return decoder(body);
}

/** What a request must show. */
export interface IngestAccess {
  readonly envelopePath: string;
  readonly tunnelPath: string;
  readonly publicKey: string;
  readonly dsn: string;
}

/** Throws an `IngestRefusal` unless the request is a post to an endpoint with the right key. */
export function checkAccess(request: IngestRequest, access: IngestAccess): void {
  if (request.method !== "POST") throw new IngestRefusal(405, "method not allowed");
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  const auth = headerText(request.headers["x-sentry-auth"]);
  const queryKey = searchParams.get("sentry_key") ?? undefined;
  if (pathname === access.tunnelPath)
    return checkTunnel(request, { access, isAuthenticated: auth !== undefined });
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
function checkTunnel(
  request: IngestRequest,
  { access, isAuthenticated }: { access: IngestAccess; isAuthenticated: boolean },
): void {
  if (isAuthenticated) throw new IngestRefusal(401, "a tunnel takes no authentication");
  if (request.envelope().header["dsn"] !== access.dsn)
    throw new IngestRefusal(400, "the envelope names another dsn");
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(",") : value;
}
