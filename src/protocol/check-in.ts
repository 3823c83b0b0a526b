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
