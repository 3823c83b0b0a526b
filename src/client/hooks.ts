import { copyEvent } from "./valid-event.js";
import type { BreadcrumbHint, Settings } from "../options/options.js";
import type { EventHint, EventProcessor, SentryEvent } from "../protocol/events.js";
import type { Breadcrumb } from "../scope/scope-data.js";
import { detached } from "../support/detached.js";
import { guardCallback, reportAsyncHook } from "../support/diagnostics.js";
import type { CallbackName, CallbackResult, Diagnostics } from "../support/diagnostics.js";
import { isRecord, isThenable } from "../support/foreign.js";
import { duringOwnCall } from "../support/own-call.js";
import { systemTimers } from "../support/time.js";
import type { Timers } from "../support/time.js";

/** A value, or the promise of one if a hook returned a promise. */
export type MaybePromise<T> = Promise<T> | T;

/**
 * Time limit of one hook, in milliseconds. Equal to that of one delivery attempt (`totalTimeoutMillis`), so that a hook
 * that calls a server has as much time as a request of this package.
 */
export const MAX_HOOK_MILLIS = 30_000;

/** Diagnostics, timers and contexts of a hook runner. */
export interface HookRunnerDependencies {
  readonly diagnostics: Diagnostics;
  /** Runs a hook so that its requests create no spans and its own captures do not call it again. */
  readonly runHook?: (<T>(run: () => T) => T) | undefined;
  /** Runs a function outside of any unit of work, with tracing suppressed. */
  readonly runDetached?: (<T>(run: () => T) => T) | undefined;
  readonly timers?: Timers | undefined;
}

/**
 * Calls the application's hooks. Processing is synchronous, in the order of the calls, until a hook returns a promise;
 * then it continues outside of the unit of work in which the event was captured. Throws only what `proceed` throws.
 */
export class HookRunner {
  readonly #diagnostics: Diagnostics;
  readonly #timers: Timers;
  readonly #run: <T>(run: () => T) => T;
  readonly #detached: <T>(run: () => T) => T;

  constructor({
    diagnostics,
    runHook,
    runDetached,
    timers = systemTimers,
  }: HookRunnerDependencies) {
    this.#diagnostics = diagnostics;
    this.#timers = timers;
    this.#run = runHook ?? call;
    this.#detached = runDetached ?? call;
  }

  /** Calls a hook. If it throws, rejects or exceeds `MAX_HOOK_MILLIS`, it has no result and a diagnostic is logged. */
  call<T>(hooked: CallbackName, hook: () => PromiseLike<T> | T): MaybePromise<CallbackResult<T>> {
    const outcome = guardCallback(this.#diagnostics, hooked, () => this.#run(hook));
    if (!outcome.ok) return outcome;
    const { value } = outcome;
    if (!isThenable(value)) return { ok: true, value };
    return this.#detached(() => this.#settled(hooked, value));
  }

  /** Calls a hook whose result is needed synchronously. It has no result if it throws. */
  callNow<T>(hooked: CallbackName, hook: () => T): CallbackResult<T> {
    return guardCallback(this.#diagnostics, hooked, () => this.#run(hook));
  }

  /** Calls `proceed` with the value: synchronously, unless the value is a promise. */
  andThen<T, R>(value: MaybePromise<T>, proceed: (value: T) => MaybePromise<R>): MaybePromise<R> {
    if (!(value instanceof Promise)) return proceed(value);
    return this.#detached(() => value.then((late) => proceed(late)));
  }

  // The timer itself does not keep the process alive; a flush that waits for the hook does.
  #settled<T>({ name, effect }: CallbackName, value: PromiseLike<T>): Promise<CallbackResult<T>> {
    return new Promise((resolve) => {
      const fail = (what: string, error?: unknown): void => {
        cancel();
        resolve({ ok: false });
        const message = `\`${name}\` returned a promise that ${what}: ${effect}`;
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

// The `then` method is application code; if it throws, this promise rejects.
function promiseOf<T>(value: PromiseLike<T>): Promise<T> {
  return new Promise((resolve) => {
    resolve(value);
  });
}

function call<T>(run: () => T): T {
  return run();
}

const EVENT_PROCESSOR: CallbackName = {
  name: "event processor",
  effect: "it was skipped, and the event is kept",
};
const BEFORE_BREADCRUMB: CallbackName = {
  name: "beforeBreadcrumb",
  effect: "the breadcrumb is kept unchanged",
};

/** The event processors, and the arguments that they are called with. */
export interface Processing {
  readonly processors: readonly EventProcessor[];
  readonly hint: EventHint;
  readonly diagnostics: Diagnostics;
  readonly hooks: HookRunner;
}

/**
 * Runs the event through all processors in order; resolves to `null` if one dropped it. A processor that fails or returns
 * no event is skipped.
 */
export function runEventProcessors<Event extends SentryEvent>(
  event: Event,
  processing: Processing,
  first: number = 0,
): MaybePromise<Event | null> {
  const { processors, hint, hooks } = processing;
  let current = event;
  for (const [index, processor] of processors.entries()) {
    if (index < first) continue;
    const before = current;
    // Read before the call, because a processor may change the event that it receives.
    const id = before.event_id;
    const outcome = hooks.call(EVENT_PROCESSOR, () => processor(before, hint));
    if (outcome instanceof Promise) {
      return hooks.andThen(outcome, (late) => {
        const next = resultOf(late, { event: before, id }, processing);
        return next === null ? null : runEventProcessors(next, processing, index + 1);
      });
    }
    const next = resultOf(outcome, { event: before, id }, processing);
    if (next === null) return null;
    current = next;
  }
  return current;
}

function resultOf<Event extends SentryEvent>(
  outcome: CallbackResult<SentryEvent | null>,
  { event, id }: { readonly event: Event; readonly id: Event["event_id"] },
  { diagnostics }: Processing,
): Event | null {
  const kept = { ...event, event_id: id };
  if (!outcome.ok) return kept;
  const { value } = outcome;
  if (value === null) return null;
  if (isRecord(value)) return { ...copyEvent(value as Event), event_id: id };
  diagnostics.warnOnce(
    "hook:eventProcessor",
    "an event processor returned no event and was skipped. Return the event, or null to drop it.",
  );
  return kept;
}

/**
 * Runs a breadcrumb through `beforeBreadcrumb`; returns `null` if the hook dropped it. If the hook throws or returns no
 * breadcrumb, the breadcrumb is kept unchanged.
 */
export function runBeforeBreadcrumb(
  breadcrumb: Breadcrumb,
  hint: BreadcrumbHint,
  { settings, diagnostics }: { readonly settings: Settings; readonly diagnostics: Diagnostics },
): Breadcrumb | null {
  const { beforeBreadcrumb } = settings;
  if (beforeBreadcrumb === undefined) return breadcrumb;
  const outcome = guardCallback(diagnostics, BEFORE_BREADCRUMB, () =>
    duringOwnCall("hook", () => beforeBreadcrumb(detached(breadcrumb), detached(hint))),
  );
  if (!outcome.ok) return breadcrumb;
  const { value } = outcome;
  if (value === null || isRecord(value)) return value;
  reportNoBreadcrumb(value, diagnostics);
  return breadcrumb;
}

function reportNoBreadcrumb(value: unknown, diagnostics: Diagnostics): void {
  if (isThenable<unknown>(value))
    return reportAsyncHook(diagnostics, BEFORE_BREADCRUMB.name, BEFORE_BREADCRUMB.effect);
  diagnostics.warnOnce(
    "hook:beforeBreadcrumb",
    "`beforeBreadcrumb` returned a value that is not a breadcrumb; the original breadcrumb is kept. Return the breadcrumb, or null to drop it.",
  );
}
