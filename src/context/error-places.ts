import { types } from "node:util";

import { context, isValidSpanId, isValidTraceId, trace } from "@opentelemetry/api";
import type { Context, Span } from "@opentelemetry/api";

import { createErrorUnits } from "./error-units.js";
import type { ErrorUnits } from "./error-units.js";
import { attempt, isError, isObjectLike } from "../support/foreign.js";
import type { ErrorTrace } from "../client/capture-input.js";
import type { ContextScopes } from "./context-key.js";
import { ErrorHistory } from "./error-history.js";
import type { ErrorPlace } from "./error-history.js";
import { emptyUnit, traceOfUnit } from "../scope/unit.js";
import { routeInContext } from "./rpc-route.js";
import { scopesOf } from "./scope-context.js";
import { unitOfSpan } from "./span-slots.js";
import type { SpanIdentity } from "../trace/span.js";

export type { ErrorPlace } from "./error-history.js";

// Process-wide like the errors themselves; weak, so that it holds nothing. Under `Symbol.for`, so that
// all copies of the package remember the same.
const SLOT = Symbol.for("otel-sentry-bridge.error-places.v2");
const carrier: typeof globalThis & { [SLOT]?: ErrorUnits<ErrorHistory> } = globalThis;
const histories = (carrier[SLOT] ??= createErrorUnits<ErrorHistory>());

/** The place that an error which is captured here and now is reported for. */
export function placeOfError(error: unknown): ErrorPlace {
  return historyOf(error).capture(placeInContext(context.active()), Date.now());
}

/** Remembers that an error was thrown or recorded in a place. Returns where it arose. */
function seeError(error: unknown, here: ErrorPlace): ErrorPlace {
  return historyOf(error).see(here, Date.now());
}

function historyOf(error: unknown): ErrorHistory {
  const known = histories.recall(error) ?? new ErrorHistory();
  histories.remember(error, known);
  return known;
}

/**
 * Runs `fn`; what it throws or rejects with is remembered to have arisen here, so that a handler
 * which sees it later, in another context, reports the right user, tags and trace. `onResult` may take the
 * place of what `fn` returns, or its promise resolves to, by something equal; it must not throw.
 */
export function rememberingErrors<T>(fn: () => T, onResult: OnResult = unchanged): T {
  try {
    return watched(fn(), onResult);
  } catch (error) {
    seeError(error, placeInContext(context.active()));
    throw error;
  }
}

// Listening on the promise itself would make its rejection count as handled: the application gets
// the promise behind the listener. Only plain promises: what has more to it stays what it is.
function watched<T>(result: T, onResult: OnResult): T {
  if (!isPlainPromise(result)) return onResult(result);
  const ctx = context.active();
  const rethrow = (error: unknown): never => {
    seeError(error, placeInContext(ctx));
    throw error;
  };
  return result.then(onResult === unchanged ? undefined : onResult, rethrow) as T;
}

// A proxy may throw at either look, and what its function returns is the caller's.
function isPlainPromise(value: unknown): value is Promise<unknown> {
  return typeof value === "object" && attempt(() => hasPromiseClass(value), false);
}

function hasPromiseClass(value: object | null): boolean {
  return types.isPromise(value) && value.constructor === Promise;
}

type OnResult = <V>(result: V) => V;

function unchanged<V>(result: V): V {
  return result;
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
  const here = placeOfSpan(span);
  const first = seeError(error, here);
  // From a span inside, if it was seen in this trace before; else the same object is thrown once more.
  const place = first.trace.traceId === here.trace.traceId ? first : here;
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
  // One that no processor has seen start may be of any request: an exporter's batch is of many.
  const unit = unitOfSpan(span) ?? emptyUnit();
  const scopes = active.unit === unit ? active : { unit, current: undefined, incoming: undefined };
  return { scopes, trace: traceOfSpan(span, scopes) };
}

/** Where something arises that comes up in a context. */
export function placeInContext(ctx: Context): ErrorPlace {
  const scopes = scopesOf(ctx);
  const place = traceOfSpan(trace.getSpan(ctx), scopes);
  return {
    scopes,
    trace: { ...place, route: attempt(() => routeInContext(ctx, place.traceId), undefined) },
  };
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
