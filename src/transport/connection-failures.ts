import { ProxyError } from "./proxy-error.js";
import type { FailurePhase, SendResult } from "./transport.js";

/** How far an exchange had come when it failed. */
export interface Progress {
  /** Something of the request was given to the connection. */
  readonly isWritten: boolean;
  /** A part of the answer has arrived. */
  readonly isAnswering: boolean;
  /** The connection had served a request before. */
  readonly isReused: boolean;
}

/** A deadline has passed. The codes are those that undici gives its own. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
  readonly code: "UND_ERR_CONNECT_TIMEOUT" | "UND_ERR_HEADERS_TIMEOUT";

  constructor(isWritten: boolean) {
    super(isWritten ? "there was no answer in time" : "the connection was not made in time");
    this.code = isWritten ? "UND_ERR_HEADERS_TIMEOUT" : "UND_ERR_CONNECT_TIMEOUT";
  }
}

// What OpenSSL says when it does not accept a chain (X509_V_ERR_*, as Node names them).
const VERIFICATION_CODES = new Set([
  "CERT_CHAIN_TOO_LONG",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REJECTED",
  "CERT_REVOKED",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "CRL_HAS_EXPIRED",
  "CRL_NOT_YET_VALID",
  "CRL_SIGNATURE_FAILURE",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERROR_IN_CERT_NOT_AFTER_FIELD",
  "ERROR_IN_CERT_NOT_BEFORE_FIELD",
  "ERROR_IN_CRL_LAST_UPDATE_FIELD",
  "ERROR_IN_CRL_NEXT_UPDATE_FIELD",
  "HOSTNAME_MISMATCH",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "OUT_OF_MEM",
  "PATH_LENGTH_EXCEEDED",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY",
  "UNABLE_TO_DECRYPT_CERT_SIGNATURE",
  "UNABLE_TO_DECRYPT_CRL_SIGNATURE",
  "UNABLE_TO_GET_CRL",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  // Node's name for the newer ones.
  "UNSPECIFIED",
]);

// `ERR_TLS_*` are Node's own checks; the alerts are the server's answer to our certificate, which
// with TLS 1.3 comes when the request has been written.
const CERTIFICATE_CODES =
  /^ERR_TLS_|^ERR_SSL_.*(?:CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE)/;

// An answer that is not HTTP is an answer, even where the parser names no part of it.
const NOT_HTTP = /^HPE_/;

/** The outcome of an attempt without a response. */
export function retryable(error: unknown, phase: FailurePhase): SendResult {
  const reason = error instanceof Error ? error : new Error(String(error));
  return { outcome: "retryable", error: reason, phase };
}

/** Which phase an attempt failed in. */
export function phaseOf(error: unknown, progress: Progress): FailurePhase {
  if (isRefusal(error)) return "refused";
  if (!progress.isWritten) return "connect";
  const isSilent = !progress.isAnswering && !NOT_HTTP.test(codeOf(error));
  return progress.isReused && isSilent ? "reused" : "answer";
}

/** Tells whether this side or the proxy refuses the connection: a certificate, credentials. The next attempt would fail, too. */
export function isRefusal(error: unknown): boolean {
  if (error instanceof ProxyError && error.isFinal) return true;
  const code = codeOf(error);
  if (VERIFICATION_CODES.has(code) || CERTIFICATE_CODES.test(code)) return true;
  const [inner] = innerErrors(error);
  return inner !== undefined && isRefusal(inner);
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}

// Where several addresses were tried, each has its error, and the first is as good as any.
function innerErrors(error: unknown): unknown[] {
  if (error instanceof AggregateError) return error.errors;
  return error instanceof Error && error.cause !== undefined ? [error.cause] : [];
}
