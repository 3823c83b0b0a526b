import { SpanStatusCode, context, trace } from "@opentelemetry/api";
import type { Span } from "@opentelemetry/api";

import { checkInMembers, checkInProblem } from "../capture/check-in.js";
import { placeOfError, rememberingErrors } from "../otel/error-places.js";
import { forkIsolation, startingNewTrace } from "../otel/scope-context.js";
import type { CheckIn, CheckInStatus, MonitorConfig } from "../protocol/check-in.js";
import { SDK_NAME, SDK_VERSION } from "../version.js";
import { newEventId } from "./event-id.js";
import { getClient } from "./global-client.js";

/**
 * Tells Sentry how a monitored job fares: that it runs (`in_progress`), and how it ended (`ok`,
 * `error`), by the same `checkInId`; or the end alone, as a heartbeat. Returns the check-in's id. One
 * that Sentry could not use is a diagnostic and not sent. Never throws.
 */
export function captureCheckIn(checkIn: CheckIn, config?: MonitorConfig): string {
  const checkInId = checkIn.checkInId ?? newEventId();
  const client = getClient();
  const problem = checkInProblem(checkIn);
  if (problem === undefined) {
    const { trace: place } = placeOfError(undefined);
    client?.captureCheckIn({ checkInId, members: checkInMembers(checkIn, config), trace: place });
  } else {
    client?.diagnostics.warnOnce("check-in", `a check-in is not sent: ${problem}`);
  }
  return checkInId;
}

/**
 * Runs `fn` as one run of a monitored job: a unit of work and a trace of its own, with a span for the
 * run, a check-in at its start and one at its end. Runs may overlap. Returns what `fn` returns (of a
 * promise, one that settles in the same way once the last check-in was captured), throws what it throws.
 */
export function withMonitor<T>(monitorSlug: string, fn: () => T, config?: MonitorConfig): T {
  const creator = trace.getSpanContext(context.active());
  const ctx = startingNewTrace(forkIsolation());
  const span = trace.getTracer(SDK_NAME, SDK_VERSION).startSpan(
    monitorSlug,
    {
      attributes: { "sentry.op": "cron" },
      links: creator === undefined ? [] : [{ context: creator }],
    },
    ctx,
  );
  return context.with(trace.setSpan(ctx, span), () => {
    const run = new MonitorRun({ monitorSlug, span, config });
    return run.watch(() => rememberingErrors(fn));
  });
}

interface RunParts {
  readonly monitorSlug: string;
  readonly span: Span;
  readonly config: MonitorConfig | undefined;
}

/** One run: its state is its own, whatever else runs at the time. */
class MonitorRun {
  readonly #parts: RunParts;
  readonly #checkInId: string;
  readonly #start = performance.now();

  constructor(parts: RunParts) {
    const { monitorSlug, config } = parts;
    this.#parts = parts;
    this.#checkInId = captureCheckIn({ monitorSlug, status: "in_progress" }, config);
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
    this.#end("ok");
    return result;
  }

  // Not on the promise itself: a rejection that is listened for counts as handled.
  async #watchPromise<T>(result: PromiseLike<T>): Promise<T> {
    try {
      const value = await result;
      this.#end("ok");
      return value;
    } catch (error) {
      this.#end("error");
      throw error;
    }
  }

  #end(status: Exclude<CheckInStatus, "in_progress">): void {
    const { monitorSlug, span, config } = this.#parts;
    const duration = (performance.now() - this.#start) / 1000;
    captureCheckIn({ monitorSlug, status, duration, checkInId: this.#checkInId }, config);
    if (status === "error") span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}
