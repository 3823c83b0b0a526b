import type { ExceptionValue, Mechanism } from "../protocol/events.js";
import { clip, errorMessage, errorType, nameOfClass, textOf } from "../support/text.js";
import { attempt, classNameOf, isError, isList, propertyOf, ownKeys } from "../support/foreign.js";
import { normalize } from "../support/normalize.js";
import type { JsonValue } from "../support/normalize.js";
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
}

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
  const chain: Chain = { values: [], seen: new Set() };
  addError(thrown, own, chain);
  return chain.values.toReversed();
}

function nonErrorValue(thrown: unknown, mechanism: Mechanism, stack?: string): ExceptionValue {
  const { type, value } = describeNonError(thrown);
  return exceptionValue({ type, value, stack }, mechanism);
}

function addError(error: object, mechanism: Mechanism, chain: Chain): void {
  chain.seen.add(error);
  chain.values.push(errorValue(error, mechanism));
  const parentId = chain.values.length - 1;
  for (const { source, error: child } of linksOf(error)) {
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

function* linksOf(error: object): Generator<Link> {
  yield* linkOf(error, "cause");
  yield* groupLinks(propertyOf(error, "errors"));
  const suppressed = propertyOf(error, "suppressed");
  if (suppressed === undefined) return;
  yield* linkOf(error, "error");
  if (isError(suppressed)) yield { source: "suppressed", error: suppressed };
}

function* linkOf(error: object, source: string): Generator<Link> {
  const linked = propertyOf(error, source);
  if (isError(linked)) yield { source, error: linked };
}

function* groupLinks(errors: unknown): Generator<Link> {
  if (!isList(errors)) return;
  for (let index = 0; index < MAX_GROUP_SCANNED; index += 1) {
    const field = propertyOf(errors, String(index));
    if (isError(field)) yield { source: `errors[${index}]`, error: field };
  }
}

function errorValue(error: object, mechanism: Mechanism): ExceptionValue {
  const stack = propertyOf(error, "stack");
  return exceptionValue(
    {
      type: errorType(error),
      value: errorMessage(error),
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
