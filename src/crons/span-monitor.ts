import type { UncheckedMonitorConfig } from "./monitor-config.js";
import type { TraceContext } from "../client/capture-input.js";
import type { CronClient, OpenRun } from "./open-runs.js";
import type { CheckInStatus } from "../protocol/items.js";
import type { AttributeBag, FinishedSpan, HighResolutionTime, StartedSpan } from "../trace/span.js";
import { STATUS_CODE } from "../trace/span.js";
import { sendCheckIn } from "./send-check-in.js";
import { attributionOfSpan } from "../context/attribution.js";

const SLUG = "sentry.monitor.slug";

/**
 * Treats each span with the attribute `sentry.monitor.slug` as a monitored run: sends a check-in at its start, if the
 * attribute is set by then, and one at its end, according to the status of the span. A run that is open when the process
 * ends or the client closes has failed. The schedule is read from `sentry.monitor.schedule` (a crontab) or from
 * `sentry.monitor.interval.value` and `.unit`. No method throws.
 */
export class SpanMonitor {
  readonly #client: CronClient;
  // One symbol per processor, because each processor has its own client. Open runs are kept by the client, with their spans.
  readonly #slot = Symbol("otel-sentry-bridge.monitor-run");

  constructor(client: CronClient) {
    this.#client = client;
  }

  /** Handles a started span. Call it once the segment of the span is known. */
  start(span: StartedSpan): void {
    if (slugOf(span) === undefined) return;
    this.#guard(() => {
      // A processor that is registered twice is called twice for each span.
      if (this.#runOf(span) === undefined) this.#begin(span).start();
    });
  }

  /** Handles the end of a span. */
  end(span: FinishedSpan): void {
    if (slugOf(span) === undefined) return;
    this.#guard(() => (this.#runOf(span) ?? this.#begin(span)).end(endOf(span)));
  }

  #runOf(span: object): SpanRun | undefined {
    return (span as Record<symbol, SpanRun | undefined>)[this.#slot];
  }

  #begin(span: StartedSpan | FinishedSpan): SpanRun {
    const run = new SpanRun(this.#client, span);
    const carrier: object = span;
    (carrier as Record<symbol, SpanRun>)[this.#slot] = run;
    return run;
  }

  #guard(each: () => void): void {
    try {
      each();
    } catch (error) {
      this.#client.core.diagnostics.warnOnce(
        "span-monitor",
        "the check-in of a span was not sent, because reading the span threw an error",
        error,
      );
    }
  }
}

/** The run of a span. */
class SpanRun implements OpenRun {
  readonly #client: CronClient;
  readonly #checkInId: string;
  readonly #monitorSlug: string;
  readonly #config: UncheckedMonitorConfig | undefined;
  readonly #trace: TraceContext | undefined;
  readonly #beganMillis = performance.now();
  #hasEnded = false;

  constructor(client: CronClient, span: StartedSpan | FinishedSpan) {
    const { attributes } = span;
    const slug = attributes[SLUG];
    this.#client = client;
    this.#checkInId = client.core.newEventId();
    this.#monitorSlug = typeof slug === "string" ? slug : "";
    this.#config = configOf(attributes);
    this.#trace = attributionOfSpan(span).trace;
  }

  start(): void {
    this.#checkIn("in_progress", undefined);
    this.#client.runs.add(this);
  }

  // Only the first call has an effect: Sentry accepts one final check-in per run.
  end({ status, duration }: SpanEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#client.runs.delete(this);
    this.#checkIn(status, duration);
  }

  giveUp(): void {
    this.end({ status: "error", duration: (performance.now() - this.#beganMillis) / 1000 });
  }

  abandon(): void {
    this.giveUp();
  }

  #checkIn(status: CheckInStatus, duration: number | undefined): void {
    sendCheckIn(this.#client.core, {
      checkInId: this.#checkInId,
      read: () => ({ monitorSlug: this.#monitorSlug, status, duration }),
      config: this.#config,
      trace: this.#trace,
    });
  }
}

// The attributes of a hand-made span may be of any type; the assembler reports that.
function slugOf(span: StartedSpan | FinishedSpan): unknown {
  try {
    return span.attributes[SLUG];
  } catch {
    return undefined;
  }
}

interface SpanEnd {
  readonly status: CheckInStatus;
  readonly duration: number;
}

function endOf({ status, startTime, endTime }: FinishedSpan): SpanEnd {
  return {
    status: status.code === STATUS_CODE.ERROR ? "error" : "ok",
    duration: secondsBetween(startTime, endTime),
  };
}

function secondsBetween(start: HighResolutionTime, end: HighResolutionTime): number {
  return end[0] - start[0] + (end[1] - start[1]) / 1e9;
}

const PREFIX = "sentry.monitor.";

// Returns undefined if the span has no schedule.
function configOf(attributes: AttributeBag): UncheckedMonitorConfig | undefined {
  const crontab = attributes[`${PREFIX}schedule`];
  const value = attributes[`${PREFIX}interval.value`];
  if (crontab === undefined && value === undefined) return undefined;
  const unit = attributes[`${PREFIX}interval.unit`];
  return {
    schedule:
      crontab === undefined
        ? { type: "interval", value, unit }
        : { type: "crontab", value: crontab },
    checkinMargin: attributes[`${PREFIX}checkin_margin`],
    maxRuntime: attributes[`${PREFIX}max_runtime`],
    timezone: attributes[`${PREFIX}timezone`],
    failureIssueThreshold: attributes[`${PREFIX}failure_issue_threshold`],
    recoveryThreshold: attributes[`${PREFIX}recovery_threshold`],
    owner: attributes[`${PREFIX}owner`],
  };
}
