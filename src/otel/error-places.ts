import { context, isValidSpanId, isValidTraceId, trace } from "@opentelemetry/api";
import type { Context, Span } from "@opentelemetry/api";

import { createErrorUnits } from "../capture/error-units.js";
import type { ErrorUnits } from "../capture/error-units.js";
import { isError, isObjectLike } from "../normalize/foreign.js";
import type { ErrorTrace } from "../client/capture-input.js";
import type { Unit } from "../scope/unit.js";
import type { ContextScopes } from "./context-key.js";
import { scopesOf } from "./scope-context.js";
import { unitOfSpan } from "./span-slots.js";
import { traceOfUnit } from "./unit-trace.js";
import type { SpanIdentity } from "../tracing/finished-span.js";

/** The unit of work, and the span, in which an error arose. */
export interface ErrorPlace {
  readonly scopes: ContextScopes;
  readonly trace: ErrorTrace;
}

// Process-wide like the errors themselves; weak, so that it holds nothing. Under `Symbol.for`, so that
// all copies of the package remember the same. Several for an object that is thrown again and again.
const SLOT = Symbol.for("otel-sentry-bridge.error-places.v2");
type ErrorPlaces = ErrorUnits<readonly ErrorPlace[]>;
const carrier: typeof globalThis & { [SLOT]?: ErrorPlaces } = globalThis;
const memory = (carrier[SLOT] ??= createErrorUnits<readonly ErrorPlace[]>());

// Units that throw the same object at the same time, and catch it outside of themselves.
const MAX_PLACES = 10;

/**
 * Where an error arose: in the active unit or trace if it did, else where it did last; here and now, if
 * it was not seen before.
 */
export function placeOfError(error: unknown): ErrorPlace {
  const here = placeInContext(context.active());
  const known = knownPlaces(error);
  const place = known.findLast((each) => isSameWork(each, here));
  if (place !== undefined) return place;
  if (known.length === 0) remember(error, here);
  // What is thrown all the time may have arisen here, and been forgotten.
  return known.length < MAX_PLACES ? (known.at(-1) ?? here) : here;
}

function knownPlaces(error: unknown): readonly ErrorPlace[] {
  return memory.recall(error) ?? [];
}

function remember(error: unknown, place: ErrorPlace): void {
  memory.remember(error, [...knownPlaces(error), place].slice(-MAX_PLACES));
}

/** An error comes up in a unit: it arose there, unless it has come from a unit or span inside. */
function rememberArisen(error: unknown, here: ErrorPlace): void {
  const isFromInside = knownPlaces(error).some(
    (each) => isSameWork(each, here) || isInside(each.scopes.unit, here.scopes.unit),
  );
  if (!isFromInside) remember(error, here);
}

function isSameWork(one: ErrorPlace, other: ErrorPlace): boolean {
  return one.scopes.unit === other.scopes.unit || one.trace.traceId === other.trace.traceId;
}

function isInside({ parent }: Unit, outer: Unit): boolean {
  let unit = parent;
  while (unit !== undefined && unit !== outer) unit = unit.parent;
  return unit !== undefined;
}

/**
 * Runs `fn`; what it throws or rejects with is remembered to have arisen here, so that a handler
 * which sees it later, in another context, reports the right user, tags and trace.
 */
export function rememberingErrors<T>(fn: () => T): T {
  try {
    return watched(fn());
  } catch (error) {
    rememberArisen(error, placeInContext(context.active()));
    throw error;
  }
}

// Listening on the promise itself would make its rejection count as handled: the application gets
// the promise behind the listener. Only plain promises: what has more to it stays what it is.
function watched<T>(result: T): T {
  if (!(result instanceof Promise) || result.constructor !== Promise) return result;
  const ctx = context.active();
  const rethrow = (error: unknown): never => {
    rememberArisen(error, placeInContext(ctx));
    throw error;
  };
  return result.then(undefined, rethrow) as T;
}

/** An error that was recorded on a span. */
export interface RecordedError {
  readonly error: unknown;
  readonly place: ErrorPlace;
  readonly atMillis: number;
  /** What the span has of it, which the SDK may have cut off. */
  readonly event: object | undefined;
}

// What a span gets more of is known by its texts alone.
const MAX_RECORDED = 10;

// Shared by all copies of the package, as the places are.
const RECORDED_SLOT: unique symbol = Symbol.for("otel-sentry-bridge.recorded-errors.v1");

/** A span that errors are recorded on; the OTel SDKs' spans fit. */
export interface RecordingSpan {
  [RECORDED_SLOT]?: RecordedError[];
  spanContext(): SpanIdentity;
  readonly parentSpanContext?: SpanIdentity | undefined;
  readonly events?: unknown;
  recordException?: Span["recordException"];
}

/**
 * Lets the errors that are recorded on the span be remembered to have arisen in its unit. The error
 * object is seen nowhere else: what a processor gets of it is text. The span's own method does the
 * recording, as ever; all spans share the one function that is put before it.
 */
export function rememberRecordedErrors(span: RecordingSpan): void {
  if (span.recordException === undefined || Object.hasOwn(span, "recordException")) return;
  span.recordException = recordAndRemember;
}

function recordAndRemember(
  this: RecordingSpan,
  ...args: Parameters<Span["recordException"]>
): void {
  const last = lastEventOf(this);
  ownMethodOf(this)?.apply(this, args);
  try {
    const event = lastEventOf(this);
    rememberOn(this, { error: args[0], event: event === last ? undefined : event });
  } catch {
    // What is recorded matters more than where it is remembered.
  }
}

function lastEventOf({ events }: RecordingSpan): object | undefined {
  const last: unknown = Array.isArray(events) ? events.at(-1) : undefined;
  return isObjectLike(last) ? last : undefined;
}

function rememberOn(
  span: RecordingSpan,
  { error, event }: Pick<RecordedError, "error" | "event">,
): void {
  const { traceId } = span.spanContext();
  // From a span inside, if it was seen in this trace before.
  const known = knownPlaces(error).findLast(({ trace: { traceId: each } }) => each === traceId);
  const place = known ?? placeOfSpan(span);
  rememberArisen(error, place);
  if (!isError(error)) return;
  const recorded = (span[RECORDED_SLOT] ??= []);
  if (recorded.length < MAX_RECORDED) recorded.push({ error, place, atMillis: Date.now(), event });
}

/** The errors that were recorded on a span, oldest first. */
export function recordedErrors(span: object): readonly RecordedError[] {
  return (span as RecordingSpan)[RECORDED_SLOT] ?? [];
}

// Behind the span's own property; a wrapper may have the span itself as its prototype.
function ownMethodOf(span: RecordingSpan): RecordingSpan["recordException"] {
  let holder = Object.getPrototypeOf(span) as RecordingSpan | null;
  while (holder !== null && holder.recordException === recordAndRemember) {
    holder = Object.getPrototypeOf(holder) as RecordingSpan | null;
  }
  return holder?.recordException;
}

/** Where something arose that is known from a span alone. */
export function placeOfSpan(span: RecordingSpan): ErrorPlace {
  const active = scopesOf(context.active());
  const unit = unitOfSpan(span) ?? active.unit;
  const scopes = active.unit === unit ? active : { unit, current: undefined, incoming: undefined };
  return { scopes, trace: traceOfSpan(span, scopes) };
}

/** Where something arises that comes up in a context. */
export function placeInContext(ctx: Context): ErrorPlace {
  const scopes = scopesOf(ctx);
  return { scopes, trace: traceOfSpan(trace.getSpan(ctx), scopes) };
}

function traceOfSpan(
  span: RecordingSpan | undefined,
  { incoming, unit }: ContextScopes,
): ErrorTrace {
  const { traceId = "", spanId = "" } = span?.spanContext() ?? {};
  if (!isValidTraceId(traceId) || !isValidSpanId(spanId))
    return { ...traceOfUnit(unit), parentSpanId: undefined };
  const parentSpanId = span?.parentSpanContext?.spanId;
  const sender = incoming?.traceId === traceId ? incoming : undefined;
  return { traceId, spanId, parentSpanId, span, incoming: sender };
}
