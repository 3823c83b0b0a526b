import { memberOf } from "../support/foreign.js";
import type { CronFunction, CronMonitorOptions } from "./cron-task.js";
import {
  cronConfig,
  isFunction,
  monitoredTask,
  outsideOfUnits,
  tellUnmonitored,
} from "./cron-task.js";

/** The library `node-schedule`, as far as it matters here. */
export interface NodeScheduleLibrary {
  scheduleJob(name: string, rule: string, job: never): unknown;
}

/**
 * Returns `node-schedule` with monitored jobs: `instrumentNodeSchedule(schedule).scheduleJob("nightly", "0 3 * * *", fn)`.
 * The job's name is the monitor's slug; without one a job runs unmonitored. A rule that is no crontab (a date, a
 * `RecurrenceRule`) sends check-ins without a schedule: create its monitor in Sentry. The library itself stays as it is.
 */
export function instrumentNodeSchedule<T extends NodeScheduleLibrary>(
  lib: T,
  options: CronMonitorOptions = {},
): T {
  const original: unknown = Reflect.get(lib, "scheduleJob");
  if (!isFunction(original)) return lib;
  const scheduleJob: CronFunction = (...args) => scheduled(original, { lib, options, args });
  return Object.create(lib, { scheduleJob: { enumerable: true, value: scheduleJob } }) as T;
}

interface ScheduleCall {
  readonly lib: object;
  readonly options: CronMonitorOptions;
  readonly args: readonly unknown[];
}

// As node-schedule reads its arguments: a name is there only before a rule and a job.
function scheduled(original: CronFunction, { lib, options, args }: ScheduleCall): unknown {
  const [name, rule, job] = args;
  if (typeof name !== "string" || name === "" || !isFunction(job)) {
    tellUnmonitored("node-schedule was given no name for it, which would be its monitor's slug");
    return outsideOfUnits(() => original.apply(lib, [...args]));
  }
  const isText = typeof rule === "string";
  const expression = isText ? rule : memberOf(rule, "rule");
  const timezone = isText ? undefined : memberOf(rule, "tz");
  const config = cronConfig({ expression, timezone }, options);
  const run = monitoredTask(job, { monitorSlug: name, config, library: "node-schedule" });
  return outsideOfUnits(() => original.apply(lib, args.with(2, run)));
}
