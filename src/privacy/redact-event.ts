import type { ErrorEvent, ExceptionValue, JsonRecord } from "../protocol/events.js";
import { redacted as redactedJson, redactedMember, redactedText } from "./redacted.js";
import { isSecretName } from "./secret-name.js";
import { FILTERED } from "./secret-words.js";

// Scopes are frozen, and shared by many events: each part of them is looked at once, for each setting
// that clients of this process have.
const withPii = new WeakMap<object, object>();
const withoutPii = new WeakMap<object, object>();

/**
 * A JSON value in which values under sensitive names (`password`, `apiKey`, `x-auth-token`) are
 * `[Filtered]`, at any depth and within texts that hold JSON, and URLs have no credentials. The same value
 * where nothing had to change.
 *
 * What the application sets is sent untouched by the protocol. Breadcrumbs, extra, contexts and the user are
 * filtered nonetheless: they are filled with whole objects (a request, a configuration, a row of a table),
 * whose secrets nobody meant to send. Tags are set value by value: their names are not looked at.
 */
export function redactedMembers<T extends object>(value: T, sendDefaultPii: boolean): T {
  if (!Object.isFrozen(value)) return redactedJson(value, sendDefaultPii);
  const ofFrozen = sendDefaultPii ? withPii : withoutPii;
  const known = ofFrozen.get(value);
  // What was found under this object is what it became.
  if (known !== undefined) return known as T;
  const shown = redactedJson(value, sendDefaultPii);
  ofFrozen.set(value, shown);
  return shown;
}

/** The same for each of a list that is new for each event, of members that are not. */
export function redactedEach<T extends object>(
  values: readonly T[],
  sendDefaultPii: boolean,
): readonly T[] {
  const shown = values.map((value) => redactedMembers(value, sendDefaultPii));
  return shown.every((value, index) => value === values[index]) ? values : shown;
}

/** Contexts have to be objects: one with a sensitive name keeps its members' names. */
export function redactedContext(
  name: string,
  context: JsonRecord,
  sendDefaultPii: boolean,
): JsonRecord {
  if (!isSecretName(name)) return redactedMembers(context, sendDefaultPii);
  return Object.fromEntries(Object.keys(context).map((key) => [key, FILTERED]));
}

/** Tags with the secrets within their texts withheld, whatever their names are. */
export function redactedTags<T extends object>(tags: T, sendDefaultPii: boolean): T {
  // Without a copy where nothing has to change: nearly always.
  const changed: [string, string][] = [];
  for (const [name, value] of Object.entries(tags) as [string, unknown][]) {
    if (typeof value !== "string") continue;
    const shown = redactedText(value, sendDefaultPii);
    if (shown !== value) changed.push([name, shown]);
  }
  return changed.length === 0 ? tags : { ...tags, ...Object.fromEntries(changed) };
}

/** An error event without what is secret in it. */
export function redactedEvent(event: ErrorEvent, sendDefaultPii: boolean): ErrorEvent {
  const { extra, contexts, breadcrumbs, request, exception, tags, user } = event;
  const shown = <T extends object>(value: T): T => redactedMembers(value, sendDefaultPii);
  return {
    ...event,
    ...redactedTexts(event, sendDefaultPii),
    ...(tags !== undefined && { tags: redactedTags(tags, sendDefaultPii) }),
    ...(user !== undefined && { user: shown(user) }),
    ...(extra !== undefined && { extra: shown(extra) }),
    ...(contexts !== undefined && { contexts: redactedContexts(contexts, sendDefaultPii) }),
    ...(request !== undefined && { request: redactedRequest(request, sendDefaultPii) }),
    ...(breadcrumbs !== undefined && {
      breadcrumbs: {
        ...breadcrumbs,
        values: [...redactedEach(breadcrumbs.values, sendDefaultPii)],
      },
    }),
    ...(exception !== undefined && {
      exception: {
        ...exception,
        values: exception.values.map((each) => redactedException(each, sendDefaultPii)),
      },
    }),
  };
}

function redactedTexts(
  { message, logentry, transaction }: ErrorEvent,
  sendDefaultPii: boolean,
): Partial<ErrorEvent> {
  return {
    ...(message !== undefined && { message: redactedJson(message, sendDefaultPii) }),
    ...(logentry !== undefined && { logentry: redactedMembers(logentry, sendDefaultPii) }),
    ...(transaction !== undefined && { transaction: redactedJson(transaction, sendDefaultPii) }),
  };
}

// Relay takes no `[Filtered]` for cookies, so they are left out. A body is called `data` here.
function redactedRequest<T extends object>(request: T, sendDefaultPii: boolean): T {
  const { cookies, data, ...rest }: { cookies?: unknown; data?: unknown } = request;
  return {
    ...redactedMembers(rest, sendDefaultPii),
    ...(cookies !== undefined && sendDefaultPii && redactedMembers({ cookies }, true)),
    ...(data !== undefined && { data: redactedMember("body", data, sendDefaultPii) }),
  } as T;
}

function redactedContexts(
  contexts: Record<string, JsonRecord>,
  sendDefaultPii: boolean,
): Record<string, JsonRecord> {
  const entries = Object.entries(contexts);
  return Object.fromEntries(
    entries.map(([name, context]) => [name, redactedContext(name, context, sendDefaultPii)]),
  );
}

// Those of an event that the application has made itself may lack anything.
function redactedException(exception: ExceptionValue, sendDefaultPii: boolean): ExceptionValue {
  const { value, mechanism }: Partial<ExceptionValue> = exception;
  const shown = typeof value === "string" ? redactedText(value, sendDefaultPii) : value;
  const data = mechanism?.data;
  if (shown === value && data === undefined) return exception;
  return {
    ...exception,
    ...(shown !== undefined && { value: shown }),
    ...(mechanism !== undefined &&
      data !== undefined && {
        mechanism: { ...mechanism, data: redactedMembers(data, sendDefaultPii) },
      }),
  };
}
