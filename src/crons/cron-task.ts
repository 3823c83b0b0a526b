import { ROOT_CONTEXT, context, diag } from "@opentelemetry/api";

import { withoutZeroSeconds } from "./cron-schedule.js";
import { createDiagnostics } from "../support/diagnostics.js";
import { isThenable } from "../support/foreign.js";
import type { MonitorConfig, MonitorRunConfig } from "../protocol/items.js";
import { captureException } from "../errors/capture.js";
import type { CaptureHint } from "../errors/capture.js";
import { getClient } from "../context/global-client.js";
import type { MonitoredJob } from "./monitor-run.js";
import { runMonitored } from "./monitor-run.js";

/** What is said of all jobs of a scheduler, beside the schedule, which it has itself. */
export interface CronMonitorOptions extends Omit<MonitorConfig, "schedule"> {
  /** Ends runs as `error` when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** A job of a scheduler. */
interface CronJobOf extends MonitoredJob {
  readonly library: "cron" | "node-cron" | "node-schedule";
}

/** A function as schedulers call it. */
export type CronFunction = (this: unknown, ...args: unknown[]) => unknown;

/** What a scheduler knows of a job's times. */
interface CronTimes {
  /** No text: its times are none that a crontab could tell. */
  readonly expression: unknown;
  /** Default: that of the process. */
  readonly timezone?: unknown;
}

/** Whether a scheduler was given a function, and not the name of a program or a file. */
export function isFunction(value: unknown): value is CronFunction {
  return typeof value === "function";
}

/**
 * The function as runs of a monitored job, each of them outside of the unit of work in which the job
 * was made. What it throws is reported from within the run, then goes where it would have gone.
 */
export function monitoredTask(fn: CronFunction, job: CronJobOf): CronFunction {
  const hint: CaptureHint = {
    mechanism: { type: `auto.function.${job.library}`, handled: false },
  };
  return function monitored(...args) {
    return runMonitored(job, ROOT_CONTEXT, () => reportingErrors(() => fn.apply(this, args), hint));
  };
}

/** Makes a job outside of the present unit of work: its timers would hold that for ever. */
export function outsideOfUnits<T>(fn: () => T): T {
  return context.with(ROOT_CONTEXT, fn);
}

/** The configuration of a monitor by its job's times. Sentry reads a schedule without a zone as UTC. */
export function cronConfig(times: CronTimes, options: CronMonitorOptions): MonitorRunConfig {
  const { expression, timezone } = times;
  if (typeof expression !== "string") return { signal: options.signal };
  // What the job says wins over what is said of all.
  const zone = typeof timezone === "string" ? timezone : (options.timezone ?? processZone());
  const { timezone: _common, ...rest } = options;
  return {
    ...rest,
    ...(zone === undefined ? {} : { timezone: zone }),
    schedule: { type: "crontab", value: withoutZeroSeconds(expression) },
  };
}

/** Tells that a job runs, and why Sentry hears nothing of it. Never throws. */
export function tellUnmonitored(why: string): void {
  // Jobs may be made before the client.
  const diagnostics = getClient()?.diagnostics ?? createDiagnostics(diag);
  diagnostics.warnOnce(`cron:${why}`, `a cron job is not monitored: ${why}`);
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
