import { isPromise } from "node:util/types";
import { context, createContextKey, ROOT_CONTEXT } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import { duringOwnCall, ownCall } from "../support/own-call.js";
import type { OwnCall } from "../support/own-call.js";
import { systemTimers } from "../support/time.js";
import type { StartTimer, Timers } from "../support/time.js";

// The key of `@opentelemetry/core`, which is not a dependency. `createContextKey` uses `Symbol.for`, so the keys are
// equal.
const SUPPRESS_KEY = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

/** Returns a context in which the SDK starts no recording spans and propagators inject no headers. */
export function withoutTracing(ctx: Context): Context {
  return ctx.setValue(SUPPRESS_KEY, true);
}

/** Tells whether tracing is suppressed in a context, by this package or by any other. */
export function isTracingSuppressed(ctx: Context): boolean {
  return ctx.getValue(SUPPRESS_KEY) === true;
}

/**
 * Runs a function that writes a log message, with tracing not suppressed. In a suppressed context, OpenTelemetry's SDK
 * logs a message for each span that is started, so a logger that starts spans would call itself without end.
 */
export function runTraced<T>(fn: () => T): T {
  return isTracingSuppressed(context.active()) ? context.with(ROOT_CONTEXT, fn) : fn();
}

const DETACHED = withoutTracing(ROOT_CONTEXT);

/**
 * Runs this package's own work in the root context with tracing suppressed: it creates no spans, and its timers and
 * sockets do not keep any request's context alive.
 */
export function runDetached<T>(fn: () => T): T {
  return context.with(DETACHED, fn);
}

/**
 * Starts a timer that does not keep the process alive and runs detached. Otherwise a timer that is set again in its own
 * callback would keep the context of the first request alive forever.
 */
export const startDetachedTimer: StartTimer = (delayMillis, run) =>
  runDetached(() => systemTimers.inBackground(delayMillis, run));

/** Timers that run detached, and do not keep the process alive. */
export const detachedTimers: Pick<Timers, "inBackground" | "soon"> = {
  inBackground: startDetachedTimer,
  soon: (run) => runDetached(() => systemTimers.soon(run)),
};

const OWN_CALL_KEY = createContextKey("otel-sentry-bridge.own-call.v1");

// How long code counts as part of a hook or a delivery attempt: the time limit of both. Resources that a hook created,
// such as a connection pool, keep its context forever, and must be able to capture later.
const MAX_CALL_MILLIS = 30_000;

interface RunningCall {
  readonly kind: OwnCall;
  readonly startedAt: number;
  isOver: boolean;
}

/** Runs a hook with tracing suppressed, so that its requests create no spans. */
export function runHook<T>(hook: () => T): T {
  return runOwnCall("hook", withoutTracing(context.active()), hook);
}

/** Runs the application's transport. */
export function runTransport<T>(send: () => T): T {
  return runOwnCall("transport", context.active(), send);
}

/** Returns the kind of application callback that the running code belongs to, also after an `await`. */
export function activeOwnCall(): OwnCall | undefined {
  const sync = ownCall();
  if (sync !== undefined) return sync;
  const call = context.active().getValue(OWN_CALL_KEY) as RunningCall | undefined;
  if (call === undefined || call.isOver) return undefined;
  return performance.now() - call.startedAt < MAX_CALL_MILLIS ? call.kind : undefined;
}

function runOwnCall<T>(kind: OwnCall, ctx: Context, run: () => T): T {
  const call: RunningCall = { kind, startedAt: performance.now(), isOver: false };
  const end = (): void => {
    call.isOver = true;
  };
  let result: unknown;
  try {
    const returned = duringOwnCall(kind, () => context.with(ctx.setValue(OWN_CALL_KEY, call), run));
    result = returned;
    return returned;
  } finally {
    if (isPromise(result)) void Promise.prototype.then.call(result, end, end);
    else end();
  }
}
