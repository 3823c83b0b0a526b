/** How serious a log record is. */
export type LogLevel = "debug" | "error" | "fatal" | "info" | "trace" | "warn";

/** A log record as `beforeSendLog` sees it; it may be changed. */
export interface Log {
  level: LogLevel;
  message: string;
  attributes: Record<string, unknown>;
}
