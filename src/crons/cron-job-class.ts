import { memberOf } from "../support/foreign.js";
import type { CronMonitorOptions } from "./cron-task.js";
import {
  cronConfig,
  isFunction,
  monitoredTask,
  outsideOfUnits,
  tellUnmonitored,
} from "./cron-task.js";

/** The class `CronJob` of the library `cron`, as far as it matters here. */
export type CronJobClass = new (...args: never) => object;

// Where its constructor takes them.
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
 * Returns `CronJob` of the library `cron` with monitored jobs, by `new` and by `from`. A job's monitor
 * has the slug of its `name`; without one, `slug`, which then belongs to this one schedule. A job whose
 * time is a `Date` has no schedule that Sentry could be told. The class itself stays as it is.
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
  return Object.fromEntries(names.map((name) => [name, memberOf(params, name)]));
}

/** The jobs of one instrumented class. */
class CronJobs {
  readonly #slug: string;
  readonly #options: CronMonitorOptions;
  /** Of the jobs that have no name. */
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
    return outsideOfUnits(() => make(args.with(ON_TICK, onTick)));
  }

  fromParams(make: (params: unknown) => unknown, params: unknown): unknown {
    if (typeof params !== "object" || params === null) return make(params);
    const onTick = this.#monitored(readParams(params));
    if (onTick === undefined) return make(params);
    // Its own members may be read by getters of its class.
    const monitored: unknown = Object.create(params, {
      onTick: { value: onTick, enumerable: true },
    });
    return outsideOfUnits(() => make(monitored));
  }

  // Undefined where the job is to run as it is.
  #monitored(params: JobParams): unknown {
    const { cronTime, onTick, timeZone, utcOffset, name } = params;
    if (!isFunction(onTick)) {
      tellUnmonitored("it runs a command, which is a process of its own");
      return undefined;
    }
    const monitorSlug = typeof name === "string" && name !== "" ? name : this.#ownSlug(params);
    if (monitorSlug === undefined) return undefined;
    // An offset is no time zone to Sentry, and a schedule in the wrong one would be missed for ever.
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
    tellUnmonitored(`${this.#slug} is the monitor of another schedule; give the job a \`name\``);
    return undefined;
  }
}
