import type { ErrorEvent, SeverityLevel } from "../protocol/events.js";
import { clip, textOf } from "../support/text.js";
import { isError, propertyOf } from "../support/foreign.js";
import { exceptionValue, exceptionValues, serializedCopy } from "./exception-values.js";
import type { CaptureMechanism } from "./exception-values.js";

const MAX_MESSAGE_LENGTH = 8192;
/** The default mechanism: an explicit capture. */
const EXPLICIT_CAPTURE: CaptureMechanism = { type: "generic", handled: true };

/** Id and time of an event. */
export interface EventIdentity {
  /** 32 hexadecimal digits. */
  readonly eventId: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

/** Parameters of the event of an exception. */
export interface ExceptionHint extends EventIdentity {
  /** Default: `EXPLICIT_CAPTURE`. */
  readonly mechanism?: CaptureMechanism | undefined;
  /** Stack trace for a thrown value that is not an error. Default: that of this call. */
  readonly syntheticStack?: string | undefined;
}

/** Builds the event of a thrown value of any kind, at level `error`. Never throws. */
export function errorEventFromException(thrown: unknown, hint: ExceptionHint): ErrorEvent {
  const mechanism = hint.mechanism ?? EXPLICIT_CAPTURE;
  const base = baseEvent("error", hint);
  if (isError(thrown))
    return { ...base, exception: { values: exceptionValues(thrown, mechanism) } };
  const values = exceptionValues(
    thrown,
    mechanism,
    hint.syntheticStack ?? stackAbove(errorEventFromException),
  );
  const serialized = serializedCopy(thrown);
  return {
    ...base,
    exception: { values },
    ...(serialized !== undefined && { extra: { __serialized__: serialized } }),
  };
}

/** Builds the event of a message, cut after 8192 characters. Never throws, even if the message is not a string. */
export function errorEventFromMessage(
  message: string,
  level: SeverityLevel,
  hint: EventIdentity,
): ErrorEvent {
  const text = clip(textOf(message), MAX_MESSAGE_LENGTH);
  return { ...baseEvent(level, hint), logentry: { message: text } };
}

/** Builds the fields that every event has. */
export function baseEvent(level: SeverityLevel, hint: EventIdentity): ErrorEvent {
  return { event_id: hint.eventId, timestamp: hint.timestamp, platform: "node", level };
}

/**
 * Returns the current stack trace from the caller of `fn` upwards. Otherwise frames of this package would affect the
 * grouping of events.
 */
export function stackAbove(fn: (...args: never[]) => unknown): string {
  const holder = {};
  Error.captureStackTrace(holder, fn);
  const stack = propertyOf(holder, "stack");
  return typeof stack === "string" ? stack : "";
}

/** An exception as OTel records it: as texts. */
export interface RecordedException {
  readonly type: string;
  readonly message: string;
  readonly stack: string | undefined;
}

/**
 * Reads the `exception.*` attributes of a span event or a log record (OTel semantic conventions for exceptions);
 * undefined if there are none. Never throws.
 */
export function recordedException(
  attributes: Readonly<Record<string, unknown>> | undefined,
): RecordedException | undefined {
  const type = propertyOf(attributes, "exception.type");
  const message = propertyOf(attributes, "exception.message");
  const stack = propertyOf(attributes, "exception.stacktrace");
  if (type === undefined && message === undefined && stack === undefined) return undefined;
  return {
    type: type === undefined ? "Error" : textOf(type),
    message: message === undefined ? "" : textOf(message),
    stack: typeof stack === "string" ? stack : undefined,
  };
}

/** Builds the event of a recorded exception, at level `error`. Never throws. */
export function errorEventFromRecorded(
  { type, message: value, stack }: RecordedException,
  hint: ExceptionHint,
): ErrorEvent {
  const mechanism = { ...(hint.mechanism ?? EXPLICIT_CAPTURE), exception_id: 0 };
  const values = [exceptionValue({ type, value, stack }, mechanism)];
  return { ...baseEvent("error", hint), exception: { values } };
}
