import type { ErrorEvent, SeverityLevel } from "../protocol/error-event.js";
import { exceptionValues } from "./exception-values.js";
import type { CaptureMechanism } from "./exception-values.js";
import { isError, memberOf } from "../support/foreign.js";
import { serializedCopy } from "./non-error.js";
import { clip } from "../support/cut.js";
import { textOf } from "../support/text.js";

const MAX_MESSAGE_LENGTH = 8192;
/** How a thrown value reached Sentry, unless the capture says otherwise. */
export const EXPLICIT_CAPTURE: CaptureMechanism = { type: "generic", handled: true };

/** What an event is given by the one that captures it. */
export interface EventIdentity {
  /** 32 hexadecimal digits. */
  readonly eventId: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

/** What an exception's event is given besides. */
export interface ExceptionHint extends EventIdentity {
  /** Default: an explicit capture, handled. */
  readonly mechanism?: CaptureMechanism | undefined;
  /** Stack for a thrown value that has none, default that of this call. */
  readonly syntheticStack?: string | undefined;
}

/** The event of a thrown value of any kind, of level `error`. Never throws. */
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

/** The event of a message, cut at 8192 characters. Never throws, also for what is no string. */
export function errorEventFromMessage(
  message: string,
  level: SeverityLevel,
  hint: EventIdentity,
): ErrorEvent {
  const text = clip(textOf(message), MAX_MESSAGE_LENGTH);
  return { ...baseEvent(level, hint), logentry: { message: text } };
}

/** What every event has. */
export function baseEvent(level: SeverityLevel, hint: EventIdentity): ErrorEvent {
  return { event_id: hint.eventId, timestamp: hint.timestamp, platform: "node", level };
}

/** The stack up to the caller of a function: what lies deeper would be what the event is grouped by. */
export function stackAbove(fn: (...args: never[]) => unknown): string {
  const holder = {};
  Error.captureStackTrace(holder, fn);
  const stack = memberOf(holder, "stack");
  return typeof stack === "string" ? stack : "";
}
