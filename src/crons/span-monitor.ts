import type { UncheckedMonitorConfig } from "./monitor-config.js";
import type { ClientCore } from "../client/client-core.js";
import type { CheckIn, CheckInStatus } from "../protocol/items.js";
import type { AttributeBag, FinishedSpan, HighResolutionTime, StartedSpan } from "../trace/span.js";
import { STATUS_CODE } from "../trace/span.js";
import { sendCheckIn } from "./send-check-in.js";
import { attributionOfSpan } from "../context/attribution.js";

/** Sends check-ins for spans that name a monitor. No method throws. */
export interface SpanMonitor {
  /** Handles a started span. Call it once the segment of the span is known. */
  start(span: StartedSpan): void;
  /** Handles the end of a span. */
  end(span: FinishedSpan): void;
}

const SLUG = "sentry.monitor.slug";

/** The run of a span, stored on the span, so that both are collected together. */
interface SpanRun {
  readonly checkInId: string;
  readonly monitorSlug: string;
  readonly config: UncheckedMonitorConfig | undefined;
  hasEnded: boolean;
}

/**
 * Treats each span with the attribute `sentry.monitor.slug` as a monitored run: sends a check-in at its start, if the
 * attribute is set by then, and one at its end, according to the status of the span. The schedule is read from
 * `sentry.monitor.schedule` (a crontab) or from `sentry.monitor.interval.value` and `.unit`.
 */
export function createSpanMonitor(client: ClientCore, newId: () => string): SpanMonitor {
  // One symbol per processor, because each processor has its own client.
  const slot = Symbol("otel-sentry-bridge.monitor-run");
  const runOf = (span: object): SpanRun | undefined =>
    (span as Record<symbol, SpanRun | undefined>)[slot];
  const remember = (span: object, run: SpanRun): void => {
    (span as Record<symbol, SpanRun>)[slot] = run;
  };

  const begin = (span: StartedSpan | FinishedSpan): SpanRun => {
    const { attributes } = span;
    const slug = attributes[SLUG];
    const monitorSlug = typeof slug === "string" ? slug : "";
    const config = configOf(attributes);
    const run = { checkInId: newId(), monitorSlug, config, hasEnded: false };
    remember(span, run);
    return run;
  };

  const send = (span: StartedSpan | FinishedSpan, run: SpanRun, end?: SpanEnd): void => {
    const { checkInId, monitorSlug, config } = run;
    const { status = "in_progress", duration } = end ?? {};
    const read = (): CheckIn => ({ monitorSlug, status, duration });
    sendCheckIn(client, { checkInId, read, config, trace: attributionOfSpan(span).trace });
  };

  // A processor that is registered twice is called twice for each span, so a second call is ignored.
  const start = (span: StartedSpan): void => {
    if (slugOf(span) === undefined || runOf(span) !== undefined) return;
    send(span, begin(span));
  };

  const end = (span: FinishedSpan): void => {
    if (slugOf(span) === undefined) return;
    const run = runOf(span) ?? begin(span);
    if (run.hasEnded) return;
    run.hasEnded = true;
    send(span, run, endOf(span));
  };

  const guarded = <S>(each: (span: S) => void): ((span: S) => void) => {
    return (span) => {
      try {
        each(span);
      } catch (error) {
        client.diagnostics.warnOnce(
          "span-monitor",
          "the check-in of a span was not sent, because reading the span threw an error",
          error,
        );
      }
    };
  };
  return { start: guarded(start), end: guarded(end) };
}

// The attributes of a hand-made span may be of any type; the assembler reports that.
function slugOf({ attributes }: StartedSpan | FinishedSpan): unknown {
  try {
    return attributes[SLUG];
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
