import { ROOT_CONTEXT, context } from "@opentelemetry/api";

import { currentDiagnostics } from "../context/global-client.js";
import { captureException } from "../errors/capture.js";
import type { CaptureHint } from "../errors/capture.js";
import type { MonitorConfig, MonitorRunConfig } from "../protocol/items.js";
import { isThenable } from "../support/foreign.js";
import { withoutZeroSeconds } from "./cron-schedule.js";
import type { MonitoredJob } from "./monitor-run.js";
import { runMonitored } from "./monitor-run.js";

/** Monitor configuration for all jobs of a scheduler. The schedule comes from each job. */
export interface CronMonitorOptions extends Omit<MonitorConfig, "schedule"> {
  /** When it aborts, running jobs are reported as failed. */
  readonly signal?: AbortSignal | undefined;
}

/** A monitored job of a scheduler. */
interface CronJobOf extends MonitoredJob {
  readonly library: "cron" | "node-cron" | "node-schedule";
}

/** A function that a scheduler calls. */
export type CronFunction = (this: unknown, ...args: unknown[]) => unknown;

/** The times of a job, in the form in which its scheduler has them. */
interface CronTimes {
  /** A crontab. Values that are not strings cannot be expressed as one. */
  readonly expression: unknown;
  /** Default: the time zone of the process. */
  readonly timezone?: unknown;
}

/** Tells whether a task is a function; schedulers also accept the name of a program or a file. */
export function isFunction(value: unknown): value is CronFunction {
  return typeof value === "function";
}

/**
 * Wraps a function so that each call is a run of a monitored job, in a unit of work of its own. An error is reported as
 * part of the run and then thrown to the scheduler.
 */
export function monitoredTask(fn: CronFunction, job: CronJobOf): CronFunction {
  const hint: CaptureHint = {
    mechanism: { type: `auto.function.${job.library}`, handled: false },
  };
  return function monitored(...args) {
    return runMonitored(job, ROOT_CONTEXT, () => reportingErrors(() => fn.apply(this, args), hint));
  };
}

/** Runs `fn` outside of the current unit of work, which the timers of a new job would otherwise keep alive. */
export function runOutsideOfUnits<T>(fn: () => T): T {
  return context.with(ROOT_CONTEXT, fn);
}

/** Builds the configuration of a monitor. Sets the time zone, because Sentry takes a schedule without one as UTC. */
export function cronConfig(times: CronTimes, options: CronMonitorOptions): MonitorRunConfig {
  const { expression, timezone } = times;
  if (typeof expression !== "string") return { signal: options.signal };
  // The time zone of the job takes precedence over that of the options.
  const zone = typeof timezone === "string" ? timezone : (options.timezone ?? processZone());
  const { timezone: _common, ...rest } = options;
  return {
    ...rest,
    ...(zone === undefined ? {} : { timezone: zone }),
    schedule: { type: "crontab", value: withoutZeroSeconds(expression) },
  };
}

/** Logs that a job runs unmonitored, and why. Never throws. */
export function warnUnmonitored(why: string): void {
  // Jobs may be created before the client.
  currentDiagnostics().warnOnce(`cron:${why}`, `a cron job runs unmonitored: ${why}`);
}

function processZone(): string | undefined {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function reportingErrors(fn: () => unknown, hint: CaptureHint): unknown {
  try {
    const result = fn();
    return isThenable(result) ? reportingRejection(result, hint) : result;
  } catch (error) {
    captureException(error, hint);
    throw error;
  }
}

async function reportingRejection(
  result: PromiseLike<unknown>,
  hint: CaptureHint,
): Promise<unknown> {
  try {
    return await result;
  } catch (error) {
    captureException(error, hint);
    throw error;
  }
}
