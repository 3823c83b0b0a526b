import { INVALID_SPAN_CONTEXT, SpanStatusCode, context, trace } from "@opentelemetry/api";
import type { Context, Span, SpanContext } from "@opentelemetry/api";

import type { TraceContext } from "../client/capture-input.js";
import { isThenable, propertyOf } from "../support/foreign.js";
import { sendCheckIn } from "./send-check-in.js";
import { runInContext } from "../context/bound-iteration.js";
import { activeAttribution } from "../context/attribution.js";
import { forkIsolation, withoutTrace } from "../context/scope-context.js";
import type { CheckInStatus, MonitorConfig, MonitorRunConfig } from "../protocol/items.js";
import { SDK_NAME, SDK_VERSION } from "../version.js";
import { newEventId } from "../client/event-id.js";
import { clientFor } from "../context/global-client.js";
import { onAbort } from "./open-runs.js";
import type { CronClient } from "./open-runs.js";

/** A monitored job. */
export interface MonitoredJob {
  readonly monitorSlug: string;
  readonly config: MonitorRunConfig | undefined;
}

/**
 * Runs `fn` as one run of a job: in a fork of the unit of work of `base`, with a span in a new trace. Returns what `fn`
 * returns and throws what it throws.
 */
export function runMonitored<T>(job: MonitoredJob, base: Context, fn: () => T): T {
  const creator = trace.getSpanContext(context.active());
  const ctx = withoutTrace(forkIsolation(base));
  const span = startedSpan(job.monitorSlug, ctx, creator);
  const inside = trace.setSpan(ctx, span);
  return context.with(inside, () => {
    const run = new MonitorRun(job, span);
    return run.watch(() => runInContext(inside, fn));
  });
}

// An error thrown by another span processor must not reach the job.
function startedSpan(name: string, ctx: Context, creator: SpanContext | undefined): Span {
  const attributes = { "sentry.op": "cron" };
  const links = creator === undefined ? [] : [{ context: creator }];
  try {
    return trace.getTracer(SDK_NAME, SDK_VERSION).startSpan(name, { attributes, links }, ctx);
  } catch {
    return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
  }
}

/** One run of a job. Runs may overlap. */
class MonitorRun {
  readonly #job: MonitoredJob;
  readonly #span: Span;
  // Both check-ins use the same client and trace, even if a signal ends the run outside of the job's context.
  readonly #client = clientFor<CronClient>("withMonitor", "runs");
  readonly #trace: TraceContext | undefined = activeAttribution().trace;
  readonly #checkInId = newEventId();
  readonly #start = performance.now();
  #stopWaiting: (() => void) | undefined;
  #hasEnded = false;
  #isReported = false;

  constructor(job: MonitoredJob, span: Span) {
    this.#job = job;
    this.#span = span;
    this.#checkIn("in_progress");
    this.#client?.runs.add(this);
    const signal = propertyOf(job.config, "signal");
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

  // Its signal has aborted, or the client closes.
  giveUp(): void {
    this.#end("error");
  }

  // The process ends. Its span stays open, as that of anything else that has not ended.
  abandon(): void {
    this.#report("error");
  }

  // Called when the run was evicted from the open runs: from then on only the job can end it.
  forgotten(): void {
    this.#stopWaiting?.();
  }

  // Returns a new promise, because listening on the original one would mark its rejection as handled.
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

  // A job may report its failure through the status of its span only.
  #succeed(): void {
    this.#end(hasFailed(this.#span) ? "error" : "ok");
  }

  // Only the first call has an effect.
  #end(status: Exclude<CheckInStatus, "in_progress">): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#stopWaiting?.();
    this.#report(status);
    this.#endSpan(status);
  }

  // Sentry accepts one final check-in per run.
  #report(status: Exclude<CheckInStatus, "in_progress">): void {
    if (this.#isReported) return;
    this.#isReported = true;
    this.#client?.runs.delete(this);
    this.#checkIn(status);
  }

  // An error thrown by another span processor must not replace the result of the job.
  #endSpan(status: CheckInStatus): void {
    try {
      if (status === "error") this.#span.setStatus({ code: SpanStatusCode.ERROR });
      this.#span.end();
    } catch (error) {
      this.#client?.core.diagnostics.warnOnce(
        "monitor",
        "the span of a monitored run could not be ended: a span processor threw an error",
        error,
      );
    }
  }

  // Each check-in contains the configuration: if the first one is lost, Sentry still creates the monitor from the last
  // one.
  #checkIn(status: CheckInStatus): void {
    if (this.#client === undefined) return;
    const { core } = this.#client;
    const { monitorSlug, config } = this.#job;
    const duration = (performance.now() - this.#start) / 1000;
    try {
      sendCheckIn(core, {
        checkInId: this.#checkInId,
        read: () => ({ monitorSlug, status, duration }),
        config: monitorConfigOf(config),
        trace: this.#trace,
      });
    } catch (error) {
      // The client is that of another installation, and this one cannot load the code that sends. The job must run.
      core.ledger.early.record("internal_sdk_error", [{ category: "monitor", quantity: 1 }]);
      core.diagnostics.warnOnce("check-in", "a check-in was dropped", error);
    }
  }
}

function monitorConfigOf(config: MonitorRunConfig | undefined): MonitorConfig | undefined {
  return propertyOf(config, "schedule") === undefined ? undefined : (config as MonitorConfig);
}

// Spans of the OTel SDK have a readable status; non-recording spans do not.
function hasFailed(span: Span): boolean {
  return propertyOf(propertyOf(span, "status"), "code") === SpanStatusCode.ERROR;
}
