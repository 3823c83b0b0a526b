import type { ErrorEvent, ExceptionValue, JsonRecord, StackFrame } from "../protocol/events.js";
import { overlaid, without, withoutUnset } from "../support/collections.js";
import { isObjectLike, objectFrom } from "../support/foreign.js";
import { redacted as redactedJson, redactedField, redactedText } from "./redacted.js";
import { isSecretName } from "./secret-name.js";
import { secretSearch } from "./secret-search.js";
import type { SecretSearch } from "./secret-search.js";
import { FILTERED } from "./secret-words.js";

// Scope data is frozen and shared by many events, so each part is filtered once, with and without `sendDefaultPii`.
const withPii = new WeakMap<object, object>();
const withoutPii = new WeakMap<object, object>();

/**
 * Returns a JSON value with secrets replaced: values with secret names (`password`, `apiKey`, `x-auth-token`) become
 * `[Filtered]`, at any depth and within strings that hold JSON, and credentials are removed from URLs. Returns the
 * given value if nothing changes.
 * By Sentry's specification, data of the application is sent unchanged. Breadcrumbs, extra, contexts and the user are
 * filtered nevertheless, because applications fill them with whole objects (a request, a configuration, a database row)
 * without considering the secrets inside. Tags are set one by one, so their names are not checked.
 */
export function redactedFields<T extends object>(value: T, search: SecretSearch): T {
  if (!Object.isFrozen(value)) return redactedJson(value, search);
  const ofFrozen = search.sendDefaultPii ? withPii : withoutPii;
  const known = ofFrozen.get(value);
  // The stored value was made from this object, so it has the same type.
  if (known !== undefined) return known as T;
  const shown = redactedJson(value, search);
  // If the search has ended early, more than secrets was replaced, so the result must not be cached for other events.
  if (search.left >= 0) ofFrozen.set(value, shown);
  return shown;
}

/** Filters each element of an array. The array is new for each event, but its elements are often shared. */
export function redactedEach<T extends object>(
  values: readonly T[],
  search: SecretSearch,
): readonly T[] {
  const shown = values.map((value) => redactedFields(value, search));
  return shown.every((value, index) => value === values[index]) ? values : shown;
}

/** Filters a context. A context must be an object, so one with a secret name keeps the names of its fields. */
export function redactedContext(
  name: string,
  context: JsonRecord,
  search: SecretSearch,
): JsonRecord {
  if (!isSecretName(name)) return redactedFields(context, search);
  return objectFrom(Object.keys(context).map((key) => [key, FILTERED]));
}

/** Filters the secrets in the values of tags, regardless of their names. Then replaces line breaks, which Sentry rejects. */
export function redactedTags<T extends object>(tags: T, search: SecretSearch): T {
  // Copied only if something changes, which is rare.
  const changed: [string, string][] = [];
  for (const [name, value] of Object.entries(tags) as [string, unknown][]) {
    if (typeof value !== "string") continue;
    const shown = redactedText(value, search).replaceAll("\n", " ");
    if (shown !== value) changed.push([name, shown]);
  }
  return changed.length === 0 ? tags : overlaid(tags, objectFrom(changed));
}

/** Filters all secrets in an error event. */
export function redactedEvent(event: ErrorEvent, sendDefaultPii: boolean): ErrorEvent {
  const search = secretSearch(sendDefaultPii);
  const { extra, contexts, breadcrumbs, request, exception, tags, user } = event;
  const shown = <T extends object>(value: T): T => redactedFields(value, search);
  // Exceptions come first, then the small parts: what is read after the end of the search is replaced.
  const exceptions = exception?.values.map((each) => redactedException(each, search));
  return {
    ...redactedOthers(event, search),
    ...(tags !== undefined && { tags: redactedTags(tags, search) }),
    ...(user !== undefined && { user: shown(user) }),
    ...(contexts !== undefined && { contexts: redactedContexts(contexts, search) }),
    ...(request !== undefined && { request: redactedRequest(request, search) }),
    ...(extra !== undefined && { extra: shown(extra) }),
    ...(breadcrumbs !== undefined && {
      breadcrumbs: {
        ...breadcrumbs,
        values: [...redactedEach(breadcrumbs.values, search)],
      },
    }),
    ...(exceptions !== undefined && { exception: { ...exception, values: exceptions } }),
  };
}

// Fields that the client writes itself, and those that are filtered separately.
const NOT_FILTERED_HERE: ReadonlySet<string> = new Set([
  "breadcrumbs",
  "contexts",
  "debug_meta",
  "event_id",
  "exception",
  "extra",
  "level",
  "platform",
  "request",
  "sdk",
  "tags",
  "timestamp",
  "user",
]);

// Filters the remaining fields, which an application may set in its own events: texts, `fingerprint`, `logger`,
// `threads`.
function redactedOthers(event: ErrorEvent, search: SecretSearch): ErrorEvent {
  const changed: [string, unknown][] = [];
  for (const [name, value] of Object.entries(event) as [string, unknown][]) {
    if (NOT_FILTERED_HERE.has(name)) continue;
    // Modules are filtered like tags, because names of packages such as `jsonwebtoken` only look like names of secrets.
    const shown =
      name === "modules" && isObjectLike(value)
        ? redactedTags(value, search)
        : redactedField(name, value, search);
    if (shown !== value) changed.push([name, shown]);
  }
  return changed.length === 0 ? event : overlaid(event, objectFrom(changed));
}

// Relay does not accept `[Filtered]` as cookies, so they are left out. `data` is the body.
function redactedRequest<T extends object>(request: T, search: SecretSearch): T {
  const { cookies, data, env }: RequestFields = request;
  const shown = {
    ...(env !== undefined && {
      env: redactedJson(search.sendDefaultPii ? env : withoutAddress(env), search),
    }),
    ...(cookies !== undefined && search.sendDefaultPii && redactedFields({ cookies }, search)),
    ...(data !== undefined && { data: redactedField("body", data, search) }),
  };
  return overlaid(redactedFields(without(request, REQUEST_FIELDS), search), shown) as T;
}

const REQUEST_FIELDS: ReadonlySet<string> = new Set(["cookies", "data", "env"]);

interface RequestFields {
  readonly cookies?: unknown;
  readonly data?: unknown;
  readonly env?: unknown;
}

// Sentry would take `[Filtered]` for the address of the user.
function withoutAddress(env: unknown): unknown {
  if (typeof env !== "object" || env === null) return env;
  return objectFrom(Object.entries(env).filter(([name]) => name !== "REMOTE_ADDR"));
}

function redactedContexts(
  contexts: Record<string, JsonRecord>,
  search: SecretSearch,
): Record<string, JsonRecord> {
  const entries = Object.entries(contexts);
  return Object.fromEntries(
    entries.map(([name, context]) => [name, redactedContext(name, context, search)]),
  );
}

const STACK_TRACE: ReadonlySet<string> = new Set(["stacktrace"]);

// In an event that the application created, any field may be missing, and there may be unknown ones.
function redactedException(exception: ExceptionValue, search: SecretSearch): ExceptionValue {
  const { stacktrace }: Partial<ExceptionValue> = exception;
  const frames = stacktrace?.frames;
  const shown = {
    ...(stacktrace !== undefined && {
      stacktrace: Array.isArray(frames)
        ? { ...stacktrace, frames: frames.map((frame) => redactedFrame(frame, search)) }
        : stacktrace,
    }),
  };
  return overlaid(redactedJson(without(exception, STACK_TRACE), search), shown) as ExceptionValue;
}

const SOURCE_LINES: ReadonlySet<string> = new Set(["context_line", "pre_context", "post_context"]);

// Source lines are sent unchanged: `const password = read();` contains no secret.
function redactedFrame(frame: StackFrame, search: SecretSearch): StackFrame {
  if (typeof frame !== "object" || frame === null) return frame;
  const rest = without(frame, SOURCE_LINES);
  const shown = redactedJson(rest, search);
  if (shown === rest) return frame;
  const { context_line, pre_context, post_context } = frame;
  return overlaid(shown, withoutUnset({ context_line, pre_context, post_context })) as StackFrame;
}
