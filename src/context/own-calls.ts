import { context, createContextKey } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";
import { isPromise } from "node:util/types";

import { duringOwnCall, ownCall } from "../support/own-call.js";
import type { OwnCall } from "../support/own-call.js";
import { withoutTracing } from "./suppress.js";

const KEY = createContextKey("otel-sentry-bridge.own-call.v1");

// As long as a hook or an attempt to send may take. What a hook has left behind (a pool of connections) runs in its
// context for ever, and must be able to capture.
const MAX_CALL_MILLIS = 30_000;

interface RunningCall {
  readonly kind: OwnCall;
  readonly startedAt: number;
  isOver: boolean;
}

/** Runs a hook without tracing: its requests must not become spans. */
export function runHook<T>(hook: () => T): T {
  return runOwnCall("hook", withoutTracing(context.active()), hook);
}

/** Runs the application's transport. */
export function runTransport<T>(send: () => T): T {
  return runOwnCall("transport", context.active(), send);
}

/** The call of the application's code that this code runs in, also behind an `await` of it. */
export function activeOwnCall(): OwnCall | undefined {
  const sync = ownCall();
  if (sync !== undefined) return sync;
  const call = context.active().getValue(KEY) as RunningCall | undefined;
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
    const returned = duringOwnCall(kind, () => context.with(ctx.setValue(KEY, call), run));
    result = returned;
    return returned;
  } finally {
    if (isPromise(result)) void Promise.prototype.then.call(result, end, end);
    else end();
  }
}
