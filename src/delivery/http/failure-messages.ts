import { ProxyError } from "./proxy-error.js";
import { certificateHint, PlainEndError, UnexplainedEndError } from "./tls-failures.js";

const REJECTIONS: Readonly<Record<number, string>> = {
  400: "it calls the envelope malformed, or the DSN is of another project; nginx also answers so where a client certificate is missing (`transport.clientCert`), or where an http DSN names a port of https",
  401: "the DSN's key was not accepted: check the DSN",
  403: "the project or its key is disabled, or the DSN is of another server: check the DSN",
  404: "there is no envelope endpoint: check the host and path of the DSN (Sentry 20.6 or later)",
  413: "the envelope is too large, for Sentry or a proxy in front of it, and is lost: raise the proxy's limit (nginx: client_max_body_size)",
};

/** Says for a person why the server refused an envelope, and what to look at. */
export function rejectionMessage(statusCode: number, bodyBytes: number): string {
  return `the server refused an envelope of ${bodyBytes} bytes with HTTP ${statusCode}: ${rejectionHint(statusCode)}`;
}

function rejectionHint(statusCode: number): string {
  const hint = REJECTIONS[statusCode];
  if (hint !== undefined) return hint;
  if (statusCode >= 500)
    return "it, or a proxy in front of it, is overloaded or broken, and the envelope is lost; `transport.retryOn5xx` sends again after 502, 503 and 504";
  if (statusCode < 400) return "redirects are not followed: check the scheme and host of the DSN";
  return "the envelope is lost; check the DSN, and the proxies on the way to its host";
}

const NETWORK_FAILURES: Readonly<Record<string, string>> = {
  EAI_AGAIN: "the DSN's host name could not be resolved just now",
  ECONNREFUSED: "nothing listens at the DSN's host and port",
  ECONNRESET: "the connection was reset",
  EHOSTUNREACH: "the DSN's host cannot be reached",
  ENETUNREACH: "there is no network to the DSN's host",
  ENOTFOUND: "the DSN's host name does not exist",
  EPIPE: "the connection was closed while the envelope was written",
  UND_ERR_CONNECT_TIMEOUT: "the connection was not made in time",
  UND_ERR_HEADERS_TIMEOUT: "the server took the envelope and did not answer in time",
  UND_ERR_SOCKET: "the server closed the connection before it answered",
};

/** Errors within each other that are looked at. */
const MAX_LEVELS = 10;

const NO_TLS = /wrong version number|packet length too long|http request/i;
const NO_TLS_HINT = "the server does not speak TLS: does the DSN need http instead of https?";

/** Says for a person why there was no response. */
export function networkMessage(error: Error): string {
  return `an envelope could not be sent: ${failureReason(error)}`;
}

const SERVER = { name: "the server", seesClientCertificate: true };

/** The reason of a failed attempt as a clause, with its error code. */
export function failureReason(error: Error): string {
  const code = networkErrorCode(error);
  return `${hintOf(error, code) ?? error.message}${code === undefined ? "" : ` (${code})`}`;
}

function hintOf(error: Error, code: string | undefined): string | undefined {
  // These say themselves who failed and why.
  const isExplained = [ProxyError, PlainEndError, UnexplainedEndError].some(
    (type) => error instanceof type,
  );
  if (isExplained) return undefined;
  const hint = certificateHint(innermost(error), SERVER);
  if (hint !== undefined) return hint;
  if (NO_TLS.test(tlsReason(error))) return NO_TLS_HINT;
  return code !== undefined && Object.hasOwn(NETWORK_FAILURES, code)
    ? NETWORK_FAILURES[code]
    : undefined;
}

// Where several addresses were tried, the first failure is as good as any. An error of a custom transport may contain itself.
function innermost(error: unknown): unknown {
  let inner = error;
  for (let level = 0; level < MAX_LEVELS && inner instanceof AggregateError; level += 1) {
    if (inner.errors.length === 0) break;
    inner = inner.errors[0];
  }
  return inner;
}

// OpenSSL's own words; the code is `EPROTO` or `ERR_SSL_*`, by the version of Node.
function tlsReason(failure: unknown): string {
  const error = innermost(failure);
  if (!(error instanceof Error)) return "";
  if ("reason" in error && typeof error.reason === "string") return error.reason;
  const code = networkErrorCode(error) ?? "";
  return code === "EPROTO" || code.startsWith("ERR_SSL_") ? error.message : "";
}

/** Tells whether every envelope will be refused like this one until the set-up changes: a wrong DSN or a redirect. */
export function isRefusedForGood(statusCode: number): boolean {
  return statusCode < 400 || [401, 403, 404].includes(statusCode);
}

/**
 * The code that tells what went wrong on the network. Where several addresses were tried, Node
 * throws an `AggregateError` that has the codes inside.
 */
export function networkErrorCode(error: unknown): string | undefined {
  let inner = error;
  for (let level = 0; level < MAX_LEVELS && inner instanceof Error; level += 1) {
    if ("code" in inner && typeof inner.code === "string") return inner.code;
    inner = inner instanceof AggregateError ? inner.errors[0] : inner.cause;
  }
  return undefined;
}
