import { recordedException } from "./exception-events.js";
import type { SeverityLevel } from "../protocol/events.js";
import type { LogLevel } from "../protocol/items.js";
import { Scope } from "../scope/scope.js";
import { levelOfSeverity } from "../protocol/items.js";
import { attributionInContext } from "../context/attribution.js";
import type { ErrorReports } from "./error-reports.js";
import type { Context } from "@opentelemetry/api";
import type { AttributeBag } from "../trace/span.js";

const LEVELS: Readonly<Record<LogLevel, SeverityLevel>> = {
  trace: "debug",
  debug: "debug",
  info: "info",
  warn: "warning",
  error: "error",
  fatal: "fatal",
};

/** An exception in a log record. */
export interface LoggedException {
  readonly attributes: AttributeBag;
  /** The context in which the record was emitted. */
  readonly ctx: Context;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** OTel severity number, 1 to 24. */
  readonly severityNumber: number | undefined;
  readonly body: unknown;
  /** Sentry origin: `auto.log.<library>`. */
  readonly origin: string;
}

/** Reports a logged exception as an error event. Returns false if the record must be sent as a log instead. */
export type ReportLoggedException = (exception: LoggedException) => boolean;

/** Reports the exception of a log record as an error event. Returns false if the record has none. */
export function reportLogged(errors: ErrorReports, logged: LoggedException): boolean {
  const recorded = recordedException(logged.attributes);
  if (recorded === undefined) return false;
  const { ctx, timestamp, severityNumber, body, origin } = logged;
  const level =
    severityNumber === undefined ? "error" : LEVELS[levelOfSeverity(severityNumber, undefined)];
  errors.reportRecorded(recorded, {
    form: "log",
    attribution: attributionInContext(ctx),
    own: typeof body === "string" ? new Scope().setExtra("log.body", body) : undefined,
    mechanism: { type: origin, handled: true },
    level,
    atMillis: timestamp * 1000,
  });
  return true;
}
