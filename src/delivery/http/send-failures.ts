import { errorCode } from "../../support/foreign.js";
import {
  isCertificateFailure,
  certificateHint,
  CertificateError,
  PlainEndError,
  UnexplainedEndError,
} from "./tls-failures.js";
import { ProxyError } from "./proxy-errors.js";
import type { FailurePhase, SendResult } from "../transport.js";

/** The progress of an exchange at the time when it failed. */
interface Progress {
  /** True if a part of the request was written. */
  readonly isWritten: boolean;
  /** True if a part of the response has arrived. */
  readonly isAnswering: boolean;
  /** True if the connection had served an earlier request. */
  readonly isReused: boolean;
}

const DEADLINE_CODES = {
  connection: "ERR_CONNECT_TIMEOUT",
  "free connection": "ERR_POOL_TIMEOUT",
  response: "ERR_RESPONSE_TIMEOUT",
} as const;

/** The error for a deadline that has passed. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
  readonly code: string;

  /** `awaited`: what did not come in time. */
  constructor(awaited: keyof typeof DEADLINE_CODES) {
    super(`there was no ${awaited} in time`);
    this.code = DEADLINE_CODES[awaited];
  }
}

/**
 * The error for a send that was given up without a response because the client was closed or the process ended. Its
 * message is a clause, to be used within a sentence.
 */
export class UnansweredError extends Error {
  override readonly name = "UnansweredError";

  readonly isWritten: boolean;
  readonly waitedMillis: number;

  /** `isWritten` is true if a part of the request was written. */
  constructor(isWritten: boolean, waitedMillis: number) {
    const time = `${Number((waitedMillis / 1000).toFixed(1))} s`;
    super(
      isWritten
        ? `the server accepted the connection but did not answer within ${time}`
        : `the connection to the server was not established within ${time}`,
    );
    this.isWritten = isWritten;
    this.waitedMillis = waitedMillis;
  }
}

/** The error of a send that is given up because it alone keeps the process alive. */
export function exitError(): Error {
  return new Error("the send was given up so that the process can end");
}

/** The error of a send after `close`. */
export function closedError(): Error {
  return new Error("the transport is closed");
}

/** Returns the result of an attempt that got no response. */
export function retryableResult(error: unknown, phase: FailurePhase): SendResult {
  const reason = error instanceof Error ? error : new Error(String(error));
  return { outcome: "retryable", error: reason, phase };
}

/** Returns the phase in which an attempt failed. */
export function phaseOf(error: unknown, progress: Progress): FailurePhase {
  if (isRefusal(error)) return "refused";
  if (!progress.isWritten) return "connect";
  return progress.isReused && !progress.isAnswering ? "reused" : "answer";
}

/**
 * Tells whether a certificate or the proxy's authentication is at fault, so that the next attempt would fail as well.
 */
export function isRefusal(error: unknown): boolean {
  return chainOf(error).some(
    (each) =>
      (each instanceof ProxyError && each.isFinal) ||
      (each instanceof ForwardedError && each.isRefusal) ||
      isCertificateFailure(each),
  );
}

/** Nested errors that are examined. Limited, because the error of a custom transport may contain itself. */
const MAX_LEVELS = 10;

// Returns an error and the errors inside it: the cause, which `fetch` sets, and the first error if several addresses
// were tried.
function chainOf(error: unknown): unknown[] {
  const chain = [error];
  for (let inner = error; chain.length < MAX_LEVELS && inner instanceof Error;) {
    inner = inner instanceof AggregateError ? inner.errors[0] : inner.cause;
    if (inner !== undefined) chain.push(inner);
  }
  return chain;
}

const REJECTIONS: Readonly<Record<number, string>> = {
  400: "the envelope is malformed, or the DSN belongs to another project; nginx also answers 400 if a client certificate is missing (`transport.clientCert`), or if an http DSN has the port of an https server",
  401: "the DSN's key was not accepted: check the DSN",
  403: "the project or its key is disabled, or the DSN belongs to another server: check the DSN",
  404: "there is no envelope endpoint: check the host and path of the DSN; Sentry must be 20.6 or later",
  413: "the envelope is too large for Sentry or a proxy in front of it, and is lost: raise the proxy's limit (nginx: client_max_body_size)",
};

/** Explains why the server refused an envelope, and what to check. */
export function rejectionMessage(statusCode: number, bodyBytes: number): string {
  return `the server refused an envelope of ${bodyBytes} bytes with HTTP ${statusCode}: ${rejectionHint(statusCode)}`;
}

function rejectionHint(statusCode: number): string {
  const hint = REJECTIONS[statusCode];
  if (hint !== undefined) return hint;
  if (statusCode >= 500)
    return "the server, or a proxy in front of it, is overloaded or broken, and the envelope is lost; `transport.retryOn5xx` retries after 502, 503 and 504";
  if (statusCode >= 300 && statusCode < 400)
    return "redirects are not followed: check the scheme and host of the DSN";
  return "the envelope is lost; check the DSN, and the proxies on the way to its host";
}

const NETWORK_FAILURES: Readonly<Record<string, string>> = {
  EAI_AGAIN: "the DSN's host name could not be resolved at the moment",
  ECONNREFUSED: "nothing is listening on the DSN's host and port",
  ECONNRESET: "the connection was reset",
  ETIMEDOUT: "the connection timed out",
  EHOSTUNREACH: "the DSN's host cannot be reached",
  ENETUNREACH: "there is no network route to the DSN's host",
  ENOTFOUND: "the DSN's host name does not exist",
  EPIPE: "the connection was closed while the envelope was being written",
  ERR_CONNECT_TIMEOUT: "the connection timed out",
  ERR_CONNECTION_END: "the server closed the connection before it answered",
  ERR_POOL_TIMEOUT:
    "no connection was free in time: the server is too slow for `transport.maxConnections`",
  ERR_RESPONSE_TIMEOUT: "the envelope was sent, but the server did not answer in time",
};

const NO_TLS = /wrong version number|packet length too long|http request/i;
const NO_TLS_HINT = "the server does not speak TLS: does the DSN need http instead of https?";

/** Explains why there was no response. */
export function networkMessage(error: Error): string {
  return `an envelope could not be sent: ${failureReason(error)}`;
}

const SERVER = { name: "the server", seesClientCertificate: true };

/** Returns the reason of a failed attempt as a clause, with its error code. */
export function failureReason(error: Error): string {
  const code = networkErrorCode(error);
  return `${failureHint(error) ?? error.message}${code === undefined ? "" : ` (${code})`}`;
}

/** Returns the explanation of a failure as a clause; undefined if the error's own message says it. */
export function failureHint(error: Error): string | undefined {
  if (error instanceof ForwardedError) return error.hint;
  const code = networkErrorCode(error);
  // The messages of these errors are already complete.
  const isExplained = [CertificateError, ProxyError, PlainEndError, UnexplainedEndError].some(
    (type) => error instanceof type,
  );
  if (isExplained) return undefined;
  const chain = chainOf(error);
  for (const each of chain) {
    const hint = certificateHint(each, SERVER);
    if (hint !== undefined) return hint;
  }
  if (chain.some((each) => NO_TLS.test(tlsReason(each)))) return NO_TLS_HINT;
  return code !== undefined && Object.hasOwn(NETWORK_FAILURES, code)
    ? NETWORK_FAILURES[code]
    : undefined;
}

// Returns OpenSSL's reason; the code is `EPROTO` or `ERR_SSL_*`, depending on the version of Node.
function tlsReason(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("reason" in error && typeof error.reason === "string") return error.reason;
  const code = networkErrorCode(error) ?? "";
  return code === "EPROTO" || code.startsWith("ERR_SSL_") ? error.message : "";
}

/**
 * Tells whether every envelope will be refused in the same way until the set-up changes, as with a wrong DSN or a
 * redirect.
 */
export function isRefusedForGood(statusCode: number): boolean {
  return statusCode < 400 || [401, 403, 404].includes(statusCode);
}

/**
 * Returns the error code of a network failure. If several addresses were tried, Node throws an `AggregateError`, whose
 * nested errors have the codes.
 */
export function networkErrorCode(error: unknown): string | undefined {
  for (const each of chainOf(error)) {
    const code = errorCode(each);
    if (code !== undefined) return code;
  }
  return undefined;
}

/** Fields of a `ForwardedError`. */
interface ForwardedFields extends Pick<Error, "message" | "name"> {
  readonly stack: string | undefined;
  readonly code: string | undefined;
  readonly hint: string | undefined;
  readonly isRefusal: boolean;
}

/** A failure in another thread, with what was found out about it there. */
export class ForwardedError extends Error {
  override readonly name: string;
  readonly code: string | undefined;
  readonly hint: string | undefined;
  readonly isRefusal: boolean;

  constructor({ name, message, stack, code, hint, isRefusal: refuses }: ForwardedFields) {
    super(message);
    this.name = name;
    this.code = code;
    this.hint = hint;
    this.isRefusal = refuses;
    if (stack !== undefined) this.stack = stack;
  }
}
