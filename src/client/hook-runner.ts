import type { CallbackResult, Diagnostics } from "../support/diagnostics.js";
import { guardCallback } from "../support/diagnostics.js";
import { isThenable } from "../support/foreign.js";
import type { Timers } from "../support/timers.js";
import { systemTimers } from "../support/timers.js";

/** A value that is there at once, unless a hook returned a promise. */
export type Eventual<T> = Promise<T> | T;

/**
 * Milliseconds that one hook may take. As long as one attempt to deliver an envelope (`totalTimeoutMillis`): a hook that
 * asks a server has as much time as our own request.
 */
export const MAX_HOOK_MILLIS = 30_000;

/** Settings of a hook runner. */
export interface HookRunnerParts {
  readonly diagnostics: Diagnostics;
  /** Runs a hook: its requests must not become spans, and what it captures must not come to it again. */
  readonly runHook?: (<T>(run: () => T) => T) | undefined;
  /** Runs a function outside of any unit of work, with tracing suppressed. */
  readonly runDetached?: (<T>(run: () => T) => T) | undefined;
  readonly timers?: Timers | undefined;
}

/**
 * Calls the application's hooks. Everything stays synchronous, in the order of the calls, until a hook returns a promise;
 * from then on the event continues outside of the unit of work that it was captured in. No method throws, unless `proceed` does.
 */
export class HookRunner {
  readonly #diagnostics: Diagnostics;
  readonly #timers: Timers;
  readonly #run: <T>(run: () => T) => T;
  readonly #detached: <T>(run: () => T) => T;

  constructor({ diagnostics, runHook, runDetached, timers = systemTimers }: HookRunnerParts) {
    this.#diagnostics = diagnostics;
    this.#timers = timers;
    this.#run = runHook ?? call;
    this.#detached = runDetached ?? call;
  }

  /** Calls a hook. It has no result when it throws, rejects, or takes longer than `MAX_HOOK_MILLIS`: each is one diagnostic. */
  call<T>(name: string, hook: () => PromiseLike<T> | T): Eventual<CallbackResult<T>> {
    const outcome = guardCallback(this.#diagnostics, name, () => this.#run(hook));
    if (!outcome.ok) return outcome;
    const { value } = outcome;
    if (!isThenable(value)) return { ok: true, value };
    return this.#detached(() => this.#settled(name, value));
  }

  /** Calls a hook whose result is needed at once. It has none when it throws. */
  callNow<T>(name: string, hook: () => T): CallbackResult<T> {
    return guardCallback(this.#diagnostics, name, () => this.#run(hook));
  }

  /** Continues with a value, at once where it is there. */
  andThen<T, R>(value: Eventual<T>, proceed: (value: T) => Eventual<R>): Eventual<R> {
    if (!(value instanceof Promise)) return proceed(value);
    return this.#detached(() => value.then((late) => proceed(late)));
  }

  // The timer does not keep the process alive: a flush that waits for the hook does.
  #settled<T>(name: string, value: PromiseLike<T>): Promise<CallbackResult<T>> {
    return new Promise((resolve) => {
      const fail = (what: string, error?: unknown): void => {
        cancel();
        resolve({ ok: false });
        const message = `\`${name}\` returned a promise that ${what}; its result is ignored`;
        this.#diagnostics.warnOnce(`callback:${name}`, message, error);
      };
      const succeed = (result: T): void => {
        cancel();
        resolve({ ok: true, value: result });
      };
      const cancel = this.#timers.inBackground(MAX_HOOK_MILLIS, () =>
        fail(`was pending for more than ${MAX_HOOK_MILLIS / 1000} s`),
      );
      void promiseOf(value).then(succeed, (error: unknown) => fail("rejected", error));
    });
  }
}

// A `then` is foreign code: what it throws rejects this promise.
function promiseOf<T>(value: PromiseLike<T>): Promise<T> {
  return new Promise((resolve) => {
    resolve(value);
  });
}

function call<T>(run: () => T): T {
  return run();
}
