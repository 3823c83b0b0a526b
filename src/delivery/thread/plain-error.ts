import { ForwardedError, failureHint, isRefusal, networkErrorCode } from "../http/send-failures.js";

/** An error of another thread: cloning would lose its class and code, by which failures are distinguished. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
  readonly hint: string | undefined;
  readonly isRefusal: boolean;
}

/** Turns an error into data that can be cloned. */
export function plainError(error: Error): PlainError {
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    code: networkErrorCode(error),
    hint: failureHint(error),
    isRefusal: isRefusal(error),
  };
}

/** Returns an error that leads to the same message, and to the same decision about a retry, as the original. */
export function restoredError(plain: PlainError): Error {
  return new ForwardedError(plain);
}
