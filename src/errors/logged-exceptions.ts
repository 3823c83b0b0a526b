import { recordedException } from "./recorded-exception.js";
import type { SentryClient } from "../client/client.js";
import type { SeverityLevel } from "../protocol/error-event.js";
import type { LogLevel } from "../protocol/log.js";
import { Scope } from "../scope/scope.js";
import { levelOfSeverity } from "../protocol/log-levels.js";
import { placeInContext } from "../context/error-places.js";
import { reportRecorded } from "./error-reports.js";
import type { LoggedException } from "../otel/log-record-processor.js";

const LEVELS: Readonly<Record<LogLevel, SeverityLevel>> = {
  trace: "debug",
  debug: "debug",
  info: "info",
  warn: "warning",
  error: "error",
  fatal: "fatal",
};

/** Reports the exception that a log record is of; false where it turns out to be of none. */
export function reportLogged(client: SentryClient, logged: LoggedException): boolean {
  const recorded = recordedException(logged.attributes);
  if (recorded === undefined) return false;
  const { ctx, timestamp, severityNumber, body, origin } = logged;
  const level =
    severityNumber === undefined ? "error" : LEVELS[levelOfSeverity(severityNumber, undefined)];
  reportRecorded(client, recorded, {
    form: "log",
    place: placeInContext(ctx),
    own: typeof body === "string" ? new Scope().setExtra("log.body", body) : undefined,
    mechanism: { type: origin, handled: true },
    level,
    atMillis: timestamp * 1000,
  });
  return true;
}
