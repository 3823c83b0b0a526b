import { dirname, isAbsolute, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { propertyOf } from "../support/foreign.js";
import type { CronFunction, CronMonitorOptions } from "./monitored-task.js";
import {
  cronConfig,
  isFunction,
  monitoredTask,
  runOutsideOfUnits,
  warnUnmonitored,
} from "./monitored-task.js";

/** The library `node-cron`. */
export interface NodeCronLibrary {
  schedule(expression: string, task: never, options?: never): unknown;
}

/**
 * Returns a copy of `node-cron` whose jobs are monitored: `instrumentNodeCron(cron).schedule("0 3 * * *", fn, { name:
 * "nightly" })`. The name is the monitor slug. A job without a name and a background task (a path) run unmonitored, and
 * a diagnostic is logged. The library is not modified.
 */
export function instrumentNodeCron<T extends NodeCronLibrary>(
  lib: T,
  options: CronMonitorOptions = {},
): T {
  const descriptors: PropertyDescriptorMap = {};
  for (const name of ["schedule", "createTask"]) {
    const original: unknown = Reflect.get(lib, name);
    if (isFunction(original)) {
      descriptors[name] = { enumerable: true, value: instrumented(original, { lib, options }) };
    }
  }
  return Object.create(lib, descriptors) as T;
}

interface Instrumentation {
  readonly lib: object;
  readonly options: CronMonitorOptions;
}

function instrumented(original: CronFunction, { lib, options }: Instrumentation): CronFunction {
  return function monitored(...args) {
    const [expression, task, taskOptions] = args;
    const name = propertyOf(taskOptions, "name");
    const timezone = propertyOf(taskOptions, "timezone");
    if (!isFunction(task)) {
      warnUnmonitored(
        "a background task of node-cron runs in another process. Call `withMonitor` in the file of the task",
      );
      const path = typeof task === "string" ? fromCaller(task, monitored) : task;
      return original.apply(lib, [expression, path, ...args.slice(2)]);
    }
    if (typeof name !== "string" || name === "") {
      warnUnmonitored("it has no `name`, which is the monitor slug. Pass `name` to node-cron");
      return original.apply(lib, args);
    }
    const config = cronConfig({ expression, timezone }, options);
    const run = monitoredTask(task, { monitorSlug: name, config, library: "node-cron" });
    return runOutsideOfUnits(() => original.apply(lib, args.with(1, run)));
  };
}

// node-cron resolves a relative path against the file of its caller, which would otherwise be this file.
function fromCaller(task: string, callee: CronFunction): string {
  if (isAbsolute(task) || task.startsWith("file://")) return task;
  const trace: { stack?: string } = {};
  Error.captureStackTrace(trace, callee);
  const caller = /((?:file:\/\/|[/\\]|\w:[/\\]).+?):\d+:\d+\)?$/m.exec(trace.stack ?? "")?.[1];
  if (caller === undefined) return task;
  const file = caller.startsWith("file://") ? fileURLToPath(caller) : caller;
  return pathToFileURL(resolve(dirname(file), task)).href;
}
