/** The status of one run of a monitored job. */
export type CheckInStatus = "error" | "in_progress" | "ok";

/** When a job is expected to run. */
export type MonitorSchedule =
  | {
      readonly type: "crontab";
      /** Five fields (`0 3 * * *`, `0 3 * JAN MON-FRI`) or an alias (`@daily`). Sentry has no field for seconds. */
      readonly value: string;
    }
  | {
      readonly type: "interval";
      readonly value: number;
      readonly unit: "day" | "hour" | "minute" | "month" | "week" | "year";
    };

/** Configuration by which Sentry creates or updates a monitor. Numbers are integers above 0. */
export interface MonitorConfig {
  /** When the job runs, such as `{ type: "crontab", value: "0 * * * *" }`. */
  readonly schedule: MonitorSchedule;
  /** Minutes that a run may start late before Sentry reports it as missed. */
  readonly checkinMargin?: number;
  /** Minutes that a run may take before Sentry reports it as timed out. */
  readonly maxRuntime?: number;
  /** IANA name of the schedule's time zone. Default UTC. */
  readonly timezone?: string;
  /** Consecutive failed runs until Sentry creates an issue. */
  readonly failureIssueThreshold?: number;
  /** Consecutive successful runs until Sentry resolves the issue. */
  readonly recoveryThreshold?: number;
  /** `user:<id>` or `team:<id>`. */
  readonly owner?: string;
}

/** Configuration of a job whose runs are monitored. Without a schedule, the monitor must already exist in Sentry. */
export type MonitorRunConfig = (MonitorConfig | { readonly schedule?: undefined }) & {
  /** Sends the run's final check-in, with status `error`, as soon as the signal aborts. The job itself is not stopped. */
  readonly signal?: AbortSignal | undefined;
};

/** A check-in of a run (https://develop.sentry.dev/sdk/telemetry/check-ins/). */
export interface CheckIn {
  /**
   * Lower-case letters, digits, `-` and `_`, at most 50 characters. An invalid slug is converted, with one
   * warning.
   */
  readonly monitorSlug: string;
  readonly status: CheckInStatus;
  /** The id of the run's first check-in. Default: a new id. */
  readonly checkInId?: string | undefined;
  /** Seconds that the run took. */
  readonly duration?: number | undefined;
}

/** The severity of a log. */
export type LogLevel = "debug" | "error" | "fatal" | "info" | "trace" | "warn";

/** The log that `beforeSendLog` receives and may change. */
export interface Log {
  level: LogLevel;
  message: string;
  attributes: Record<string, unknown>;
}

/** The type of a metric, by which the server aggregates its values. */
export type MetricType = "counter" | "distribution" | "gauge";

/** One value of a metric, as `beforeSendMetric` receives it and may change it. */
export interface Metric {
  name: string;
  type: MetricType;
  value: number;
  unit?: string;
  attributes: Record<string, unknown>;
}

// The lowest OTel severity number of each level.
const SEVERITY_NUMBERS: Readonly<Record<LogLevel, number>> = {
  trace: 1,
  debug: 5,
  info: 9,
  warn: 13,
  error: 17,
  fatal: 21,
};

const LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error", "fatal"];
const NUMBERS_PER_LEVEL = 4;
const MAX_NUMBER = 24;

// Severity texts of common loggers, matched at the beginning.
const LEVEL_BY_TEXT: readonly (readonly [pattern: RegExp, level: LogLevel])[] = [
  [/^(?:trace|verbose|silly|finest)/i, "trace"],
  [/^(?:debug|fine)/i, "debug"],
  [/^(?:info|notice|log)/i, "info"],
  [/^warn/i, "warn"],
  [/^err/i, "error"],
  [/^(?:fatal|crit|alert|emerg|panic)/i, "fatal"],
];

/** Returns the severity number that is sent for a level. */
export function severityNumberOf(level: LogLevel): number {
  return SEVERITY_NUMBERS[level];
}

/** Tells whether a value is the name of a level. */
export function isLogLevel(value: unknown): value is LogLevel {
  return typeof value === "string" && Object.hasOwn(SEVERITY_NUMBERS, value);
}

/** Returns the level of an OTel log record: by its severity number, else by its severity text, else `info`. */
export function levelOfSeverity(severityNumber: unknown, severityText: unknown): LogLevel {
  if (typeof severityNumber === "number" && severityNumber >= 1 && severityNumber <= MAX_NUMBER) {
    return LEVELS[Math.floor((severityNumber - 1) / NUMBERS_PER_LEVEL)] ?? "info";
  }
  if (typeof severityText !== "string") return "info";
  return LEVEL_BY_TEXT.find(([pattern]) => pattern.test(severityText))?.[1] ?? "info";
}
