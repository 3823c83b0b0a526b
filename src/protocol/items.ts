/** State of one run of a monitored job. */
export type CheckInStatus = "error" | "in_progress" | "ok";

/** When a job is expected to run. */
export type MonitorSchedule =
  | {
      readonly type: "crontab";
      /** Five fields (`0 3 * * *`, `0 3 * JAN MON-FRI`) or an alias (`@daily`); there are no seconds. */
      readonly value: string;
    }
  | {
      readonly type: "interval";
      readonly value: number;
      readonly unit: "day" | "hour" | "minute" | "month" | "week" | "year";
    };

/** What Sentry is to expect of a job; it creates or changes the monitor by it. Numbers are whole and above 0. */
export interface MonitorConfig {
  readonly schedule: MonitorSchedule;
  /** Minutes that a run may be late. */
  readonly checkinMargin?: number;
  /** Minutes that a run may take; Sentry then calls it timed out. */
  readonly maxRuntime?: number;
  /** IANA name of the schedule's time zone. Default: UTC. */
  readonly timezone?: string;
  /** Failed runs in a row until there is an issue. */
  readonly failureIssueThreshold?: number;
  /** Good runs in a row until the issue is resolved. */
  readonly recoveryThreshold?: number;
  /** `user:<id>` or `team:<id>`. */
  readonly owner?: string;
}

/** What is known of a job whose runs are monitored. */
export type MonitorRunConfig = (MonitorConfig | { readonly schedule?: undefined }) & {
  /** Ends the run as `error` when it aborts, at once; the job itself is not stopped by it. */
  readonly signal?: AbortSignal | undefined;
};

/** One check-in of a job (https://develop.sentry.dev/sdk/telemetry/check-ins/). */
export interface CheckIn {
  /**
   * Lower-case letters, digits, `-` and `_`, at most 50 characters. Any other slug is made valid, with one
   * warning.
   */
  readonly monitorSlug: string;
  readonly status: CheckInStatus;
  /** That of the run's first check-in; default: a new one. */
  readonly checkInId?: string | undefined;
  /** Seconds that the run took. */
  readonly duration?: number | undefined;
}

/** How serious a log record is. */
export type LogLevel = "debug" | "error" | "fatal" | "info" | "trace" | "warn";

/** A log record as `beforeSendLog` sees it; it may be changed. */
export interface Log {
  level: LogLevel;
  message: string;
  attributes: Record<string, unknown>;
}

/** How the values of a metric are put together by the server. */
export type MetricType = "counter" | "distribution" | "gauge";

/** One value of a metric as `beforeSendMetric` sees it; it may be changed. */
export interface Metric {
  name: string;
  type: MetricType;
  value: number;
  unit?: string;
  attributes: Record<string, unknown>;
}

// The lowest number of OTel's range for each level.
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

// As loggers write them; each begins with one of these.
const LEVEL_BY_TEXT: readonly (readonly [pattern: RegExp, level: LogLevel])[] = [
  [/^(?:trace|verbose|silly|finest)/i, "trace"],
  [/^(?:debug|fine)/i, "debug"],
  [/^(?:info|notice|log)/i, "info"],
  [/^warn/i, "warn"],
  [/^err/i, "error"],
  [/^(?:fatal|crit|alert|emerg|panic)/i, "fatal"],
];

/** The number that the server is told for a level. */
export function severityNumberOf(level: LogLevel): number {
  return SEVERITY_NUMBERS[level];
}

/** Whether a value names a level. */
export function isLogLevel(value: unknown): value is LogLevel {
  return typeof value === "string" && Object.hasOwn(SEVERITY_NUMBERS, value);
}

/** The level of a record of OTel: by its number, else by its text, else `info`. */
export function levelOfSeverity(severityNumber: unknown, severityText: unknown): LogLevel {
  if (typeof severityNumber === "number" && severityNumber >= 1 && severityNumber <= MAX_NUMBER) {
    return LEVELS[Math.floor((severityNumber - 1) / NUMBERS_PER_LEVEL)] ?? "info";
  }
  if (typeof severityText !== "string") return "info";
  return LEVEL_BY_TEXT.find(([pattern]) => pattern.test(severityText))?.[1] ?? "info";
}
