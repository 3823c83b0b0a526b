import type { UncheckedMonitorConfig } from "./monitor-config.js";
import type { SentryClient } from "../client/client.js";
import type { CheckIn, CheckInStatus } from "../protocol/items.js";
import type { AttributeBag, FinishedSpan, HighResolutionTime, StartedSpan } from "../trace/span.js";
import { STATUS_CODE } from "../trace/span.js";
import { sendCheckIn } from "./check-in-sender.js";
import { placeOfSpan } from "../context/error-places.js";

/** Makes check-ins of spans that name a monitor. No method throws. */
export interface SpanMonitor {
  /** To be called when a span has started, once its segment is known. */
  start(span: StartedSpan): void;
  /** To be called when a span has ended. */
  end(span: FinishedSpan): void;
}

const SLUG = "sentry.monitor.slug";

/** A span's run, hung on the span: what is remembered goes with it. */
interface SpanRun {
  readonly checkInId: string;
  readonly monitorSlug: string;
  readonly config: UncheckedMonitorConfig | undefined;
  hasEnded: boolean;
}

/**
 * Makes a run of each span that has the attribute `sentry.monitor.slug`: a check-in at its start, if it
 * has the attribute by then, and one at its end, by the span's status. The schedule can be told by
 * `sentry.monitor.schedule` (a crontab) or by `sentry.monitor.interval.value` and `.unit`.
 */
export function createSpanMonitor(client: SentryClient, newId: () => string): SpanMonitor {
  // One per processor: each of them has a client of its own to tell.
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

  const tell = (span: StartedSpan | FinishedSpan, run: SpanRun, end?: SpanEnd): void => {
    const { checkInId, monitorSlug, config } = run;
    const { status = "in_progress", duration } = end ?? {};
    const read = (): CheckIn => ({ monitorSlug, status, duration });
    sendCheckIn(client, { checkInId, read, config, trace: placeOfSpan(span).trace });
  };

  // A processor that is registered twice is told twice.
  const start = (span: StartedSpan): void => {
    if (slugOf(span) === undefined || runOf(span) !== undefined) return;
    tell(span, begin(span));
  };

  const end = (span: FinishedSpan): void => {
    if (slugOf(span) === undefined) return;
    const run = runOf(span) ?? begin(span);
    if (run.hasEnded) return;
    run.hasEnded = true;
    tell(span, run, endOf(span));
  };

  const guarded = <S>(each: (span: S) => void): ((span: S) => void) => {
    return (span) => {
      try {
        each(span);
      } catch (error) {
        client.diagnostics.warnOnce("span-monitor", "a span's check-in is not sent", error);
      }
    };
  };
  return { start: guarded(start), end: guarded(end) };
}

// A span that was made by hand may have anything for its attributes; that is told elsewhere.
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

// Undefined where nothing says when the job is expected.
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
