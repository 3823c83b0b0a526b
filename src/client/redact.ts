import type { ErrorEvent, ExceptionValue, JsonRecord } from "../protocol/error-event.js";
import { redacted as redactedJson } from "../semantics/redacted.js";
import { isSecretName } from "../semantics/secret-name.js";
import { FILTERED } from "../semantics/sensitive.js";
import { withoutSecrets } from "../semantics/url.js";

// Scopes are frozen, and shared by many events: each part of them is looked at once.
const ofFrozen = new WeakMap<object, object>();

/**
 * A JSON value in which values under sensitive names (`password`, `apiKey`, `x-auth-token`) are
 * `[Filtered]`, at any depth, and URLs have no credentials. The same value where nothing had to change.
 *
 * What the application sets is sent untouched by the protocol. Breadcrumbs, extra and contexts are
 * filtered nonetheless: they are filled with whole objects (a request, a configuration, a response),
 * whose secrets nobody meant to send. User and tags are set value by value, and stay.
 */
export function redacted<T extends object>(value: T): T {
  if (!Object.isFrozen(value)) return redactedJson(value);
  const known = ofFrozen.get(value);
  // What was found under this object is what it became.
  if (known !== undefined) return known as T;
  const shown = redactedJson(value);
  ofFrozen.set(value, shown);
  return shown;
}

/** The same for each of a list that is new for each event, of members that are not. */
export function redactedEach<T extends object>(values: readonly T[]): readonly T[] {
  const shown = values.map(redacted);
  return shown.every((value, index) => value === values[index]) ? values : shown;
}

/** Contexts have to be objects: one with a sensitive name keeps its members' names. */
export function redactedContext(name: string, context: JsonRecord): JsonRecord {
  if (!isSecretName(name)) return redacted(context);
  return Object.fromEntries(Object.keys(context).map((key) => [key, FILTERED]));
}

/** An error event without what is secret in it. User and tags are as they were. */
export function redactedEvent(event: ErrorEvent): ErrorEvent {
  const { extra, contexts, breadcrumbs, request, exception } = event;
  return {
    ...event,
    ...redactedTexts(event),
    ...(extra !== undefined && { extra: redacted(extra) }),
    ...(contexts !== undefined && { contexts: redactedContexts(contexts) }),
    ...(request !== undefined && { request: redacted(request) }),
    ...(breadcrumbs !== undefined && {
      breadcrumbs: { ...breadcrumbs, values: [...redactedEach(breadcrumbs.values)] },
    }),
    ...(exception !== undefined && {
      exception: { ...exception, values: exception.values.map(redactedException) },
    }),
  };
}

function redactedTexts({ message, logentry, transaction }: ErrorEvent): Partial<ErrorEvent> {
  return {
    ...(message !== undefined && { message: withoutSecrets(message) }),
    ...(logentry !== undefined && { logentry: redacted(logentry) }),
    ...(transaction !== undefined && { transaction: withoutSecrets(transaction) }),
  };
}

function redactedContexts(contexts: Record<string, JsonRecord>): Record<string, JsonRecord> {
  const entries = Object.entries(contexts);
  return Object.fromEntries(
    entries.map(([name, context]) => [name, redactedContext(name, context)]),
  );
}

// Those of an event that the application has made itself may lack anything.
function redactedException(exception: ExceptionValue): ExceptionValue {
  const { value, mechanism }: Partial<ExceptionValue> = exception;
  const shown = typeof value === "string" ? withoutSecrets(value) : value;
  const data = mechanism?.data;
  if (shown === value && data === undefined) return exception;
  return {
    ...exception,
    ...(shown !== undefined && { value: shown }),
    ...(mechanism !== undefined &&
      data !== undefined && { mechanism: { ...mechanism, data: redacted(data) } }),
  };
}
