import type { ExceptionValue, Mechanism } from "../protocol/events.js";
import { clip, errorMessage, errorType, nameOfClass, textOf } from "../support/text.js";
import { attempt, classNameOf, isError, isList, propertyOf, ownKeys } from "../support/foreign.js";
import { normalize } from "../support/normalize.js";
import type { JsonValue } from "../support/normalize.js";
import { ProxyTime, isErrorWithin, propertyWithin } from "../support/proxy-time.js";
import { parseStack } from "./stack-frames.js";

const MAX_LINKED = 5;
const MAX_GROUP_SCANNED = 100;
const MAX_TYPE_LENGTH = 200;
const MAX_VALUE_LENGTH = 8192;

/** How the captured value was caught (Sentry protocol: exception mechanism). */
export type CaptureMechanism = Pick<Mechanism, "handled" | "type">;

interface Link {
  readonly source: string;
  readonly error: object;
}

interface Chain {
  /** The captured error first: the index of an error is its `exception_id`. */
  readonly values: ExceptionValue[];
  readonly seen: Set<object>;
  readonly proxyTime: ProxyTime;
  /** Characters of names and messages that may still be read. The error that exceeds them is read as well. */
  characters: number;
}

// The engine joins all parts of a string before its start can be read: 3 ns for each character if the parts are short.
const MAX_CHARACTERS = 2_000_000;

// Errors that are slow proxies are rare.
const MAX_PROXY_MILLIS = 2;

/**
 * Builds the exceptions of a thrown value, root cause first and the captured error last: follows `cause`, the errors of
 * an `AggregateError` and both errors of a `SuppressedError`, at most five. Never throws.
 * `syntheticStack` is the stack trace of the capturing call, for a value that is not an error.
 */
export function exceptionValues(
  thrown: unknown,
  mechanism: CaptureMechanism,
  syntheticStack?: string,
): ExceptionValue[] {
  const own = { type: mechanism.type, handled: mechanism.handled, exception_id: 0 };
  if (!isError(thrown)) return [nonErrorValue(thrown, { ...own, synthetic: true }, syntheticStack)];
  const chain: Chain = {
    values: [],
    seen: new Set(),
    proxyTime: new ProxyTime(MAX_PROXY_MILLIS),
    characters: MAX_CHARACTERS,
  };
  addError(thrown, own, chain);
  return chain.values.toReversed();
}

function nonErrorValue(thrown: unknown, mechanism: Mechanism, stack?: string): ExceptionValue {
  const { type, value } = describeNonError(thrown);
  return exceptionValue({ type, value, stack }, mechanism);
}

function addError(error: object, mechanism: Mechanism, chain: Chain): void {
  chain.seen.add(error);
  chain.values.push(errorValue(error, mechanism, chain));
  const parentId = chain.values.length - 1;
  for (const { source, error: child } of linksOf(error, chain.proxyTime)) {
    if (chain.values.length > MAX_LINKED) return;
    if (chain.seen.has(child)) continue;
    if (source.startsWith("errors[")) mechanism.is_exception_group = true;
    addError(child, linkedMechanism(source, parentId, chain), chain);
  }
}

function linkedMechanism(source: string, parentId: number, chain: Chain): Mechanism {
  const id = chain.values.length;
  return { type: "chained", handled: true, source, exception_id: id, parent_id: parentId };
}

function* linksOf(error: object, time: ProxyTime): Generator<Link> {
  yield* linkOf(error, "cause", time);
  yield* groupLinks(propertyWithin(error, "errors", time), time);
  const suppressed = propertyWithin(error, "suppressed", time);
  if (suppressed === undefined) return;
  yield* linkOf(error, "error", time);
  if (isErrorWithin(suppressed, time)) yield { source: "suppressed", error: suppressed };
}

function* linkOf(error: object, source: string, time: ProxyTime): Generator<Link> {
  const linked = propertyWithin(error, source, time);
  if (isErrorWithin(linked, time)) yield { source, error: linked };
}

function* groupLinks(errors: unknown, time: ProxyTime): Generator<Link> {
  if (!isList(errors)) return;
  for (let index = 0; index < MAX_GROUP_SCANNED; index += 1) {
    const field = propertyWithin(errors, String(index), time);
    if (isErrorWithin(field, time)) yield { source: `errors[${index}]`, error: field };
  }
}

function errorValue(error: object, mechanism: Mechanism, chain: Chain): ExceptionValue {
  const message = errorMessage(error);
  const name = propertyOf(error, "name");
  // A stack trace begins with both.
  const isLong = chain.characters < 0;
  chain.characters -= message.length + (typeof name === "string" ? name.length : 0);
  const stack = isLong ? undefined : propertyOf(error, "stack");
  return exceptionValue(
    {
      type: isLong ? "Error" : errorType(error),
      value: isLong ? "[MaxSize ~]" : message,
      stack: typeof stack === "string" ? stack : undefined,
    },
    mechanism,
  );
}

/** Builds one exception from its texts. */
export function exceptionValue(
  texts: { type: string; value: string; stack: string | undefined },
  mechanism: Mechanism,
): ExceptionValue {
  const frames = parseStack(texts.stack, { message: texts.value });
  return {
    type: clip(texts.type, MAX_TYPE_LENGTH),
    value: clip(texts.value, MAX_VALUE_LENGTH),
    mechanism,
    ...(frames.length > 0 && { stacktrace: { frames } }),
  };
}

const MAX_LISTED_KEYS = 50;
const MAX_KEY_LENGTH = 200;
// More than the 8192 characters that are sent of an exception's value.
const MAX_TEXT_LENGTH = 10_000;
// Relay cuts longer extra values in the middle, which would leave invalid JSON.
const MAX_SERIALIZED_LENGTH = 16_000;

/** Type and value with which a thrown value is reported that is not an error. */
interface NonErrorText {
  readonly type: string;
  readonly value: string;
}

/** Describes a thrown value that is not an error: by its own message if it has one, else by its keys. Never throws. */
export function describeNonError(thrown: unknown): NonErrorText {
  if (typeof thrown !== "object" || thrown === null)
    return { type: "Error", value: textOf(thrown) };
  const className = classNameOf(thrown);
  return { type: nameOfClass(className), value: objectText(thrown, className) };
}

/**
 * Returns a JSON copy for `extra.__serialized__`; undefined for primitives, which the exception's value shows in full.
 * Never throws.
 */
export function serializedCopy(thrown: unknown): JsonValue | undefined {
  if (typeof thrown !== "object" || thrown === null) return undefined;
  return normalize(thrown, { totalLength: MAX_SERIALIZED_LENGTH });
}

function objectText(thrown: object, className: string): string {
  const name = propertyOf(thrown, "name");
  const message = propertyOf(thrown, "message");
  if (typeof name === "string") {
    const tail =
      typeof message === "string" ? ` with message '${message.slice(0, MAX_TEXT_LENGTH)}'` : "";
    return `'${name.slice(0, MAX_KEY_LENGTH)}' captured as exception${tail}`;
  }
  if (typeof message === "string") return message;
  const subject = nameOfClass(className) === "Error" ? "Object" : `'${className}'`;
  return `${subject} captured as exception with keys: ${keyList(thrown)}`;
}

function keyList(thrown: object): string {
  const keys = attempt(() => ownKeys(thrown, MAX_LISTED_KEYS + 1), []);
  if (keys.length === 0) return "[object has no keys]";
  const listed = keys.slice(0, MAX_LISTED_KEYS).map((key) => clip(key, MAX_KEY_LENGTH));
  return listed.toSorted().join(", ") + (keys.length > MAX_LISTED_KEYS ? ", ..." : "");
}
