import { types } from "node:util";
import {
  context,
  createContextKey,
  isValidSpanId,
  isValidTraceId,
  trace,
} from "@opentelemetry/api";
import type { Context, Span } from "@opentelemetry/api";

import type { TraceContext } from "../client/capture-input.js";
import { createErrorMap, ErrorHistory } from "./error-history.js";
import type { ErrorMap, Attribution } from "./error-history.js";
import { emptyUnit } from "../scope/unit.js";
import { idsWithoutSpan, scopesOf, unitOfSpan } from "./scope-context.js";
import type { ContextScopes } from "./scope-context.js";
import type { IdentifiedSpan } from "../trace/span.js";
import { attempt, isError, isObjectLike } from "../support/foreign.js";
import { observation } from "../support/observation.js";

export type { Attribution } from "./error-history.js";

// One map per process, because errors cross all boundaries within it. Stored under `Symbol.for`, so that all copies of
// the package share it.
const SLOT = Symbol.for("otel-sentry-bridge.error-histories.v2");
const carrier: typeof globalThis & { [SLOT]?: ErrorMap<ErrorHistory> } = globalThis;
const histories = (carrier[SLOT] ??= createErrorMap<ErrorHistory>());

/** Returns the unit of work and the span of the active context, which a message or a check-in is attributed to. */
export function activeAttribution(): Attribution {
  return attributionInContext(context.active());
}

/**
 * Records that an error is captured in the active context, and returns the unit of work and the span to which it is attributed.
 * An error that was seen earlier in another context is attributed to the unit where it was thrown.
 */
export function attributeError(error: unknown): Attribution {
  const here = attributionInContext(context.active());
  const found = historyOf(error).capture(here, Date.now());
  observation.observer?.captured(error, found.scopes.unit, here.scopes.unit);
  return found;
}

// Records that an error was thrown or recorded on a span. Returns its attribution when it was first seen.
function seeError(error: unknown, here: Attribution): Attribution {
  return historyOf(error).see(here, Date.now());
}

function historyOf(error: unknown): ErrorHistory {
  const known = histories.recall(error) ?? new ErrorHistory();
  histories.remember(error, known);
  return known;
}

/**
 * Runs `fn`, and records that errors which it throws or rejects with belong to the active context, so that a handler in
 * another context reports them with the right user, tags and trace. `onResult` may replace the value that `fn` returns,
 * or that its promise resolves to, by an equivalent one; it must not throw.
 */
export function runRememberingErrors<T>(fn: () => T, onResult: OnResult = unchanged): T {
  try {
    return watched(fn(), onResult);
  } catch (error) {
    seeError(error, attributionInContext(context.active()));
    throw error;
  }
}

// Attaching a listener makes Node count a rejection as handled, so the application receives the derived promise, whose
// rejection is not handled. Instances of subclasses are returned unchanged, because a derived promise would lack their
// properties.
function watched<T>(result: T, onResult: OnResult): T {
  if (!isPlainPromise(result)) return onResult(result);
  const ctx = context.active();
  const rethrow = (error: unknown): never => {
    seeError(error, attributionInContext(ctx));
    throw error;
  };
  return result.then(onResult === unchanged ? undefined : onResult, rethrow) as T;
}

// A proxy may throw at either access; the result is then returned unchanged.
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
  readonly attribution: Attribution;
  readonly atMillis: number;
  /** The span event that the SDK created for it; undefined if the SDK dropped it. */
  readonly event: object | undefined;
}

// Error objects that are kept per span. For further ones only the data of their span events is available.
const MAX_RECORDED = 10;

// Shared by all copies of the package, like the histories.
const RECORDED_SLOT: unique symbol = Symbol.for("otel-sentry-bridge.recorded-errors.v1");

/** A span whose method `recordException` is shadowed; it may be a span of any SDK. */
interface RecordingSpan extends IdentifiedSpan {
  [RECORDED_SLOT]?: RecordedError[];
  readonly events?: unknown;
  recordException?: Span["recordException"];
}

/**
 * Makes the span remember the error objects that are recorded on it, as belonging to its unit of work. Only
 * `recordException` receives the object; span events hold its texts. The method is shadowed on the span by one function
 * for all spans, which calls the original.
 */
export function rememberRecordedErrors(span: RecordingSpan): void {
  const method = span.recordException;
  if (method === undefined) return;
  if (method !== inherited) {
    if (Object.hasOwn(span, "recordException")) return;
    inherited = method;
  }
  span.recordException = recordAndRemember;
}

// The last method that a span had from its class. All spans of an SDK share one, and `Object.hasOwn` takes 20 ns per span.
let inherited: RecordingSpan["recordException"];

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
    // The exception was recorded; only its error object is not remembered.
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
  const here = attributionOfSpan(span);
  const first = seeError(error, here);
  // Within one trace, the error comes from the inner span. In another trace, the object was thrown again.
  const attribution = first.trace.traceId === here.trace.traceId ? first : here;
  if (!isError(error)) return;
  const recorded = (span[RECORDED_SLOT] ??= []);
  if (recorded.length < MAX_RECORDED)
    recorded.push({ error, attribution, atMillis: Date.now(), event });
}

/** Returns the errors that were recorded on a span, oldest first. */
export function recordedErrors(span: object): readonly RecordedError[] {
  return (span as RecordingSpan)[RECORDED_SLOT] ?? [];
}

// Walks the prototypes, because a wrapper may have the span itself as its prototype.
function ownMethodOf(span: RecordingSpan): RecordingSpan["recordException"] {
  let holder = Object.getPrototypeOf(span) as RecordingSpan | null;
  while (holder !== null && holder.recordException === recordAndRemember) {
    holder = Object.getPrototypeOf(holder) as RecordingSpan | null;
  }
  return holder?.recordException;
}

/** Returns the unit of work and the trace of a span. */
export function attributionOfSpan(span: IdentifiedSpan): Attribution {
  const active = scopesOf(context.active());
  // Without a processor the unit is unknown, because an exporter's batch holds spans of many requests.
  const unit = unitOfSpan(span) ?? emptyUnit();
  const scopes = active.unit === unit ? active : { unit, current: undefined, incoming: undefined };
  return { scopes, trace: traceOfSpan(span, scopes) };
}

/** Returns the unit of work and the active span of a context. */
export function attributionInContext(ctx: Context): Attribution {
  const scopes = scopesOf(ctx);
  const traceContext = traceOfSpan(trace.getSpan(ctx), scopes);
  return {
    scopes,
    trace: {
      ...traceContext,
      route: attempt(() => routeInContext(ctx, traceContext.traceId), undefined),
    },
  };
}

function traceOfSpan(span: IdentifiedSpan | undefined, scopes: ContextScopes): TraceContext {
  const { incoming } = scopes;
  const { traceId = "", spanId = "" } = span?.spanContext() ?? {};
  if (!isValidTraceId(traceId) || !isValidSpanId(spanId))
    return { ...idsWithoutSpan(scopes), parentSpanId: undefined, incoming };
  const parentSpanId = span?.parentSpanContext?.spanId;
  const sender = incoming?.traceId === traceId ? incoming : undefined;
  return { traceId, spanId, parentSpanId, span, incoming: sender };
}

// The key of `@opentelemetry/core`, which is not a dependency. `createContextKey` uses `Symbol.for`, so the keys are
// equal.
const KEY = createContextKey("OpenTelemetry SDK Context Key RPC_METADATA");

/**
 * Returns the route that a framework's instrumentation (Express, Koa, Fastify, restify) has stored in the context for
 * the HTTP instrumentation. Undefined if it is not known yet or belongs to another trace.
 */
function routeInContext(ctx: Context, traceId: string): string | undefined {
  const metadata = ctx.getValue(KEY);
  if (typeof metadata !== "object" || metadata === null || !("route" in metadata)) return undefined;
  const { route } = metadata;
  return typeof route === "string" && route !== "" && traceIdOf(metadata) === traceId
    ? route
    : undefined;
}

function traceIdOf(metadata: object): string | undefined {
  const span: unknown = "span" in metadata ? metadata.span : undefined;
  if (typeof span !== "object" || span === null || !("spanContext" in span)) return undefined;
  const identity: unknown = typeof span.spanContext === "function" ? span.spanContext() : undefined;
  const id =
    typeof identity === "object" && identity !== null && "traceId" in identity
      ? identity.traceId
      : undefined;
  return typeof id === "string" ? id : undefined;
}
