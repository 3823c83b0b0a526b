import type { ExceptionValue, Mechanism } from "../protocol/error-event.js";
import { errorMessage, errorType } from "../support/error-shape.js";
import { isError, isList, memberOf } from "../support/foreign.js";
import { describeNonError } from "./non-error.js";
import { parseStack } from "./stack-frames.js";
import { clip } from "../support/cut.js";

const MAX_LINKED = 5;
const MAX_GROUP_SCANNED = 100;
const MAX_TYPE_LENGTH = 200;
const MAX_VALUE_LENGTH = 8192;

/** How the captured value reached Sentry. */
export type CaptureMechanism = Pick<Mechanism, "handled" | "type">;

interface Link {
  readonly source: string;
  readonly error: object;
}

interface Chain {
  /** Captured error first: the place of an error is its `exception_id`. */
  readonly values: ExceptionValue[];
  readonly seen: Set<object>;
}

/**
 * The exceptions of a thrown value, root cause first and the captured one last: its causes, the members
 * of an aggregate and of a suppressed error, at most five. Never throws.
 *
 * `syntheticStack` is the stack of the capture, for a value that is no error and has none.
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
  yield* groupLinks(memberOf(error, "errors"));
  const suppressed = memberOf(error, "suppressed");
  if (suppressed === undefined) return;
  yield* linkOf(error, "error");
  if (isError(suppressed)) yield { source: "suppressed", error: suppressed };
}

function* linkOf(error: object, source: string): Generator<Link> {
  const linked = memberOf(error, source);
  if (isError(linked)) yield { source, error: linked };
}

function* groupLinks(errors: unknown): Generator<Link> {
  if (!isList(errors)) return;
  for (let index = 0; index < MAX_GROUP_SCANNED; index += 1) {
    const member = memberOf(errors, String(index));
    if (isError(member)) yield { source: `errors[${index}]`, error: member };
  }
}

function errorValue(error: object, mechanism: Mechanism): ExceptionValue {
  const stack = memberOf(error, "stack");
  return exceptionValue(
    {
      type: errorType(error),
      value: errorMessage(error),
      stack: typeof stack === "string" ? stack : undefined,
    },
    mechanism,
  );
}

/** One exception of which only texts are known. */
export function exceptionValue(
  parts: { type: string; value: string; stack: string | undefined },
  mechanism: Mechanism,
): ExceptionValue {
  const frames = parseStack(parts.stack, { message: parts.value });
  return {
    type: clip(parts.type, MAX_TYPE_LENGTH),
    value: clip(parts.value, MAX_VALUE_LENGTH),
    mechanism,
    ...(frames.length > 0 && { stacktrace: { frames } }),
  };
}
