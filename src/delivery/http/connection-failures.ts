import { ProxyError } from "./proxy-error.js";
import { isCertificateFailure } from "./tls-failures.js";
import type { FailurePhase, SendResult } from "../transport.js";

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

/** Given up because the client or the process ends, before there was an answer. The message is a clause. */
export class UnansweredError extends Error {
  override readonly name = "UnansweredError";

  readonly waitedMillis: number;

  /** `isWritten`: the server has taken something of the request. */
  constructor(isWritten: boolean, waitedMillis: number) {
    const time = `${Number((waitedMillis / 1000).toFixed(1))} s`;
    super(
      isWritten
        ? `the server took the connection and did not answer within ${time}`
        : `the connection to the server was not made within ${time}`,
    );
    this.waitedMillis = waitedMillis;
  }
}

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
  if (isCertificateFailure(error)) return true;
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
