import { propertyOf } from "../support/foreign.js";
import type { CronMonitorOptions } from "./monitored-task.js";
import {
  cronConfig,
  isFunction,
  monitoredTask,
  runOutsideOfUnits,
  warnUnmonitored,
} from "./monitored-task.js";

/** The class `CronJob` of the library `cron`. */
export type CronJobClass = new (...args: never) => object;

// Positions of the constructor's parameters.
const CRON_TIME = 0;
const ON_TICK = 1;
const TIME_ZONE = 4;
const UTC_OFFSET = 7;
const NAME = 11;

interface JobParams {
  readonly cronTime?: unknown;
  readonly onTick?: unknown;
  readonly timeZone?: unknown;
  readonly utcOffset?: unknown;
  readonly name?: unknown;
}

/**
 * Returns a subclass of `CronJob` of the library `cron` whose jobs are monitored, created with `new` or `from`. The
 * monitor slug is the `name` of the job. A job without a name gets the slug `slug`, which is used for the first
 * schedule only: jobs without a name and with another schedule run unmonitored, and a diagnostic is logged. A job
 * whose time is a `Date` sends check-ins without a schedule. `CronJob` itself is not modified.
 */
export function instrumentCron<T extends CronJobClass>(
  cronJob: T,
  slug: string,
  options: CronMonitorOptions = {},
): T {
  const jobs = new CronJobs(slug, options);
  const from = (original: unknown) =>
    isFunction(original)
      ? (params: unknown) => jobs.fromParams(original.bind(cronJob), params)
      : original;
  return new Proxy(cronJob, {
    construct: (target, args: unknown[], newTarget) =>
      jobs.fromArguments((given) => Reflect.construct(target, given, newTarget) as object, args),
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      return key === "from" ? from(value) : value;
    },
  });
}

function readParams(params: object): JobParams {
  const names = ["cronTime", "onTick", "timeZone", "utcOffset", "name"];
  return Object.fromEntries(names.map((name) => [name, propertyOf(params, name)]));
}

/** The jobs of one instrumented class. */
class CronJobs {
  readonly #slug: string;
  readonly #options: CronMonitorOptions;
  /** Schedule of the jobs without a name. */
  #schedule: string | undefined;

  constructor(slug: string, options: CronMonitorOptions) {
    this.#slug = slug;
    this.#options = options;
  }

  fromArguments(make: (args: unknown[]) => object, args: unknown[]): object {
    const onTick = this.#monitored({
      cronTime: args[CRON_TIME],
      onTick: args[ON_TICK],
      timeZone: args[TIME_ZONE],
      utcOffset: args[UTC_OFFSET],
      name: args[NAME],
    });
    if (onTick === undefined) return make(args);
    return runOutsideOfUnits(() => make(args.with(ON_TICK, onTick)));
  }

  fromParams(make: (params: unknown) => unknown, params: unknown): unknown {
    if (typeof params !== "object" || params === null) return make(params);
    const onTick = this.#monitored(readParams(params));
    if (onTick === undefined) return make(params);
    // Inherits from the parameters, because their class may have getters.
    const monitored: unknown = Object.create(params, {
      onTick: { value: onTick, enumerable: true },
    });
    return runOutsideOfUnits(() => make(monitored));
  }

  // Returns undefined if the job must run unmonitored.
  #monitored(params: JobParams): unknown {
    const { cronTime, onTick, timeZone, utcOffset, name } = params;
    if (!isFunction(onTick)) {
      warnUnmonitored("its task is a command, which runs in another process");
      return undefined;
    }
    const monitorSlug = typeof name === "string" && name !== "" ? name : this.#ownSlug(params);
    if (monitorSlug === undefined) return undefined;
    // Sentry has no time zones by offset, and in a wrong zone every run would count as missed, so no schedule is sent.
    const expression = typeof utcOffset === "number" ? undefined : cronTime;
    const config = cronConfig({ expression, timezone: timeZone }, this.#options);
    return monitoredTask(onTick, { monitorSlug, config, library: "cron" });
  }

  #ownSlug({ cronTime, timeZone }: JobParams): string | undefined {
    const schedule =
      typeof cronTime === "string"
        ? `${cronTime} ${typeof timeZone === "string" ? timeZone : ""}`
        : "once";
    this.#schedule ??= schedule;
    if (schedule === this.#schedule) return this.#slug;
    warnUnmonitored(
      `another job already uses the monitor ${this.#slug} with a different schedule. Give this job a \`name\``,
    );
    return undefined;
  }
}
