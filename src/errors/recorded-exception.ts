import { memberOf } from "../support/foreign.js";
import { textOf } from "../support/text.js";
import type { ErrorEvent } from "../protocol/error-event.js";
import type { ExceptionHint } from "./thrown-event.js";
import { EXPLICIT_CAPTURE, baseEvent } from "./thrown-event.js";
import { exceptionValue } from "./exception-values.js";

/** An exception as OTel records it: its texts. */
export interface RecordedException {
  readonly type: string;
  readonly message: string;
  readonly stack: string | undefined;
}

/**
 * The exception that attributes tell of, by OTel's semantic conventions for exceptions on spans and in
 * logs; undefined where they tell of none. Never throws.
 */
export function recordedException(
  attributes: Readonly<Record<string, unknown>> | undefined,
): RecordedException | undefined {
  const type = memberOf(attributes, "exception.type");
  const message = memberOf(attributes, "exception.message");
  const stack = memberOf(attributes, "exception.stacktrace");
  if (type === undefined && message === undefined && stack === undefined) return undefined;
  return {
    type: type === undefined ? "Error" : textOf(type),
    message: message === undefined ? "" : textOf(message),
    stack: typeof stack === "string" ? stack : undefined,
  };
}

/** The event of an exception of which only texts are known, of level `error`. Never throws. */
export function errorEventFromRecorded(
  { type, message: value, stack }: RecordedException,
  hint: ExceptionHint,
): ErrorEvent {
  const mechanism = { ...(hint.mechanism ?? EXPLICIT_CAPTURE), exception_id: 0 };
  const values = [exceptionValue({ type, value, stack }, mechanism)];
  return { ...baseEvent("error", hint), exception: { values } };
}
