import { propertyOf } from "../support/foreign.js";
import type { CronFunction, CronMonitorOptions } from "./monitored-task.js";
import {
  cronConfig,
  isFunction,
  monitoredTask,
  runOutsideOfUnits,
  warnUnmonitored,
} from "./monitored-task.js";

/** The library `node-schedule`, as far as it is used here. */
export interface NodeScheduleLibrary {
  scheduleJob(name: string, rule: string, job: never): unknown;
}

/**
 * Returns a copy of `node-schedule` whose jobs are monitored: `instrumentNodeSchedule(schedule).scheduleJob("nightly",
 * "0 3 * * *", fn)`. The job's name is the monitor slug; a job without a name runs unmonitored, and a diagnostic is
 * logged. For a date or a `RecurrenceRule`, check-ins are sent without a schedule: create the monitor in Sentry. The
 * library is not modified.
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

// Follows node-schedule, which takes the first argument for a name only if a rule and a job follow.
function scheduled(original: CronFunction, { lib, options, args }: ScheduleCall): unknown {
  const [name, rule, job] = args;
  if (typeof name !== "string" || name === "" || !isFunction(job)) {
    warnUnmonitored(
      "it has no name to use as the monitor slug. Pass one to `scheduleJob` of node-schedule",
    );
    return runOutsideOfUnits(() => original.apply(lib, [...args]));
  }
  const isText = typeof rule === "string";
  const expression = isText ? rule : propertyOf(rule, "rule");
  const timezone = isText ? undefined : propertyOf(rule, "tz");
  const config = cronConfig({ expression, timezone }, options);
  const run = monitoredTask(job, { monitorSlug: name, config, library: "node-schedule" });
  return runOutsideOfUnits(() => original.apply(lib, args.with(2, run)));
}
