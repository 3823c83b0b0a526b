import { once } from "node:events";
import { setImmediate as immediate, setTimeout as delay } from "node:timers/promises";

import { context } from "@opentelemetry/api";

import type { Hub } from "./hub.js";
import type { DeferWay, Sleep } from "./syntax.js";

/** Waits in the given way; a timer ends early when the signal aborts. */
export async function wait(
  { how, millis }: Sleep,
  hub: Hub,
  signal: AbortSignal | undefined,
): Promise<void> {
  // An error of its own for each wait: which of two places saw a shared one first is not syntax's to say.
  if (signal?.aborted === true) throw new Error("aborted");
  switch (how) {
    case "timer":
      await delay(millis, undefined, signal === undefined ? {} : { signal });
      return;
    case "immediate":
      await immediate();
      return;
    case "tick":
      await new Promise<void>((resolve) => process.nextTick(resolve));
      return;
    case "microtask":
      await Promise.resolve();
      return;
    case "thenable":
      await thenableOf((resolve) => setTimeout(resolve, millis));
      return;
    case "event": {
      const { emitter, name } = hub.willEmit();
      await once(emitter, name);
      return;
    }
    case "elsewhere":
      await new Promise<void>((resolve) => hub.later(resolve));
  }
}

/** Has `task` called later, in the given way, in the context that is active now. */
export function later(
  how: DeferWay,
  millis: number,
  { hub, task }: { hub: Hub; task: () => void },
): void {
  switch (how) {
    case "immediate":
      setImmediate(task);
      return;
    case "tick":
      process.nextTick(task);
      return;
    case "microtask":
      queueMicrotask(task);
      return;
    case "timer":
      setTimeout(task, millis);
      return;
    case "refreshed": {
      let isPending = true;
      const timer = setTimeout(() => {
        isPending = false;
        task();
      }, millis);
      // To refresh one that has fired is to start another, there.
      hub.later(() => (isPending ? timer.refresh() : undefined));
      return;
    }
    case "queue": {
      const ctx = context.active();
      hub.later(() => context.with(ctx, task));
      return;
    }
    case "then":
      void new Promise<void>((resolve) => hub.later(resolve)).then(task);
      return;
    case "thenable":
      void (async () => {
        await thenableOf((resolve) => {
          task();
          resolve();
        });
      })();
  }
}

function thenableOf(start: (resolve: () => void) => void): PromiseLike<void> {
  return {
    // oxlint-disable-next-line unicorn/no-thenable -- that is what is tried
    then: (onFulfilled) => new Promise((resolve) => start(() => resolve(onFulfilled?.() as never))),
  };
}

/** A promise that is settled from outside. */
export function openPromise<T>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: PromiseLike<T> | T) => void;
} {
  let settle: ((value: PromiseLike<T> | T) => void) | undefined;
  const promise = new Promise<T>((resolve) => (settle = resolve));
  return { promise, resolve: (value) => settle?.(value) };
}
