import { INVALID_SPAN_CONTEXT, SpanStatusCode, context, trace } from "@opentelemetry/api";
import type { Context, Span, SpanContext } from "@opentelemetry/api";

import type { ErrorTrace } from "../client/capture-input.js";
import type { SentryClient } from "../client/client.js";
import { isThenable, memberOf } from "../support/foreign.js";
import { sendCheckIn } from "./check-in-sender.js";
import { runInContext } from "../context/bound-iteration.js";
import { currentPlace } from "../context/error-places.js";
import { forkIsolation, startingNewTrace } from "../context/scope-context.js";
import type { CheckInStatus, MonitorConfig, MonitorRunConfig } from "../protocol/items.js";
import { SDK_NAME, SDK_VERSION } from "../version.js";
import { newEventId } from "../client/event-id.js";
import { clientFor } from "../context/global-client.js";
import { onAbort } from "./monitor-abort.js";
import { forgetRun, rememberRun } from "./monitor-open-runs.js";

/** Which job runs. */
export interface MonitoredJob {
  readonly monitorSlug: string;
  readonly config: MonitorRunConfig | undefined;
}

/**
 * Runs `fn` as one run of a job, in a fork of the unit of work of `base`, under a span of its own in a
 * trace of its own. Returns what `fn` returns, throws what it throws.
 */
export function runMonitored<T>(job: MonitoredJob, base: Context, fn: () => T): T {
  const creator = trace.getSpanContext(context.active());
  const ctx = startingNewTrace(forkIsolation(base));
  const span = startedSpan(job.monitorSlug, ctx, creator);
  const inside = trace.setSpan(ctx, span);
  return context.with(inside, () => {
    const run = new MonitorRun(job, span);
    return run.watch(() => runInContext(inside, fn));
  });
}

// Other processors' errors are no business of the job.
function startedSpan(name: string, ctx: Context, creator: SpanContext | undefined): Span {
  const attributes = { "sentry.op": "cron" };
  const links = creator === undefined ? [] : [{ context: creator }];
  try {
    return trace.getTracer(SDK_NAME, SDK_VERSION).startSpan(name, { attributes, links }, ctx);
  } catch {
    return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
  }
}

/** One run: its state is its own, whatever else runs at the time. */
class MonitorRun {
  readonly #job: MonitoredJob;
  readonly #span: Span;
  // Both of its check-ins go the same way, also when the end is seen elsewhere than in the job.
  readonly #client: SentryClient | undefined = clientFor("withMonitor");
  readonly #trace: ErrorTrace | undefined = currentPlace().trace;
  readonly #checkInId = newEventId();
  readonly #start = performance.now();
  #stopWaiting: (() => void) | undefined;
  #hasEnded = false;

  constructor(job: MonitoredJob, span: Span) {
    this.#job = job;
    this.#span = span;
    this.#checkIn("in_progress");
    if (this.#client !== undefined) rememberRun(this.#client, this);
    const signal = memberOf(job.config, "signal");
    this.#stopWaiting = onAbort(signal, () => this.giveUp());
  }

  watch<T>(fn: () => T): T {
    let result: T;
    try {
      result = fn();
    } catch (error) {
      this.#end("error");
      throw error;
    }
    if (isThenable(result)) return this.#watchPromise(result) as T;
    this.#succeed();
    return result;
  }

  // Called by a signal or a closing client.
  giveUp(): void {
    this.#end("error");
  }

  // One of too many open runs: nothing waits for it any more but its job.
  forgotten(): void {
    this.#stopWaiting?.();
  }

  // Not on the promise itself: a rejection that is listened for counts as handled.
  async #watchPromise<T>(result: PromiseLike<T>): Promise<T> {
    try {
      const value = await result;
      this.#succeed();
      return value;
    } catch (error) {
      this.#end("error");
      throw error;
    }
  }

  // A job may say that it has failed by its span alone.
  #succeed(): void {
    this.#end(hasFailed(this.#span) ? "error" : "ok");
  }

  // The first end counts: Sentry takes one per run.
  #end(status: Exclude<CheckInStatus, "in_progress">): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#stopWaiting?.();
    if (this.#client !== undefined) forgetRun(this.#client, this);
    this.#checkIn(status);
    this.#endSpan(status);
  }

  // What another processor throws must not take the place of the job's result.
  #endSpan(status: CheckInStatus): void {
    try {
      if (status === "error") this.#span.setStatus({ code: SpanStatusCode.ERROR });
      this.#span.end();
    } catch (error) {
      this.#client?.diagnostics.warnOnce("monitor", "a run's span could not be ended", error);
    }
  }

  // With the configuration each time: should the first check-in get lost, the last one makes the
  // monitor all the same, without which Sentry would not take it.
  #checkIn(status: CheckInStatus): void {
    if (this.#client === undefined) return;
    const { monitorSlug, config } = this.#job;
    const duration = (performance.now() - this.#start) / 1000;
    sendCheckIn(this.#client, {
      checkInId: this.#checkInId,
      read: () => ({ monitorSlug, status, duration }),
      config: monitorConfigOf(config),
      trace: this.#trace,
    });
  }
}

function monitorConfigOf(config: MonitorRunConfig | undefined): MonitorConfig | undefined {
  return memberOf(config, "schedule") === undefined ? undefined : (config as MonitorConfig);
}

// The OTel SDKs' spans tell; what does not record does not.
function hasFailed(span: Span): boolean {
  return memberOf(memberOf(span, "status"), "code") === SpanStatusCode.ERROR;
}
