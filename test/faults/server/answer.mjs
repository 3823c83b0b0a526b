import { STATUS_CODES } from "node:http";

/** @typedef {Readonly<Record<string, string>>} Headers */
/** @typedef {"close" | "http10" | "keep-alive"} Ending */
/** @typedef {{ status: number; headers?: Headers; body: string; connection?: Ending }} Answer */

// What may have no body, and so no length.
const BODILESS = new Set([204, 304]);

/**
 * An answer as it goes over the wire.
 * @param {Answer} answer
 */
export function answerText({ status, headers = {}, body, connection = "keep-alive" }) {
  const version = connection === "http10" ? "1.0" : "1.1";
  const framing = {
    ...(connection === "http10" || BODILESS.has(status)
      ? {}
      : { "content-length": String(Buffer.byteLength(body)) }),
    ...(connection === "close" ? { connection: "close" } : {}),
  };
  const head = headText({ version, status, headers: { ...headers, ...framing } });
  return BODILESS.has(status) ? head : head + body;
}

/**
 * An answer that stops in the middle of its body.
 * @param {{ status: number; headers?: Readonly<Record<string, string>>; body: "chunked" | "length" }} answer
 */
export function partialAnswerText({ status, headers = {}, body }) {
  const framing =
    body === "chunked" ? { "transfer-encoding": "chunked" } : { "content-length": "100" };
  const part = body === "chunked" ? '8\r\n{"id":"0\r\n' : '{"id":"0';
  return headText({ status, headers: { ...headers, ...framing } }) + part;
}

/** @param {number} status of the class 1xx */
export function informationalText(status) {
  return headText({ status, headers: {} });
}

function headText({ version = "1.1", status, headers }) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/${version} ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n${lines.join("")}\r\n`;
}
