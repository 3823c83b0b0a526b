import { context } from "@opentelemetry/api";

import { propertyOf } from "../support/foreign.js";
import { sendCheckIn } from "./send-check-in.js";
import { activeAttribution } from "../context/attribution.js";
import type { CheckIn, MonitorConfig, MonitorRunConfig } from "../protocol/items.js";
import { newEventId } from "../client/event-id.js";
import { clientFor, currentDiagnostics } from "../context/global-client.js";
import { runMonitored } from "./monitor-run.js";

/**
 * Sends a check-in of a monitored job: `in_progress` at its start, and `ok` or `error` with the same `checkInId` at its
 * end; or only the latter, as a heartbeat. Returns the id of the check-in. An invalid check-in is not sent, and a
 * diagnostic is logged. Never throws.
 */
export function captureCheckIn(checkIn: CheckIn, config?: MonitorConfig): string {
  const given = propertyOf(checkIn, "checkInId");
  const checkInId = typeof given === "string" ? given : newEventId();
  const { trace } = activeAttribution();
  const client = clientFor("captureCheckIn", "core");
  if (client !== undefined)
    sendCheckIn(client.core, { read: () => read(checkIn, checkInId), checkInId, config, trace });
  return checkInId;
}

// Copies the known properties only, because an application may pass an object with any number of others.
function read({ monitorSlug, status, duration }: CheckIn, checkInId: string): CheckIn {
  return { monitorSlug, status, duration, checkInId };
}

/**
 * Runs `fn` as one run of a monitored job: in its own unit of work and trace, with a span, a check-in at its start and
 * one at its end. Runs may overlap. Returns and throws what `fn` does; for a promise, returns one that
 * settles in the same way after the last check-in was captured. A run does not wait for an iterator to end.
 *
 * The run fails if `fn` throws or rejects, if it sets the status of the active span to ERROR, if `config.signal` aborts,
 * or if it has not ended before the client closes or the process ends.
 */
export function withMonitor<T>(monitorSlug: string, fn: () => T, config?: MonitorRunConfig): T {
  return runMonitored({ monitorSlug, config }, context.active(), fn);
}

/**
 * Wraps functions as monitored jobs: `const backUp = monitor("back-up", config)(backUpNow)`. Each call of the wrapped
 * function is a run, as with `withMonitor`, with the arguments and the `this` of the call. A value that is not a
 * function is returned unchanged, and a diagnostic is logged.
 */
export function monitor(
  monitorSlug: string,
  config?: MonitorRunConfig,
): <This, Args extends unknown[], R>(
  fn: (this: This, ...args: Args) => R,
) => (this: This, ...args: Args) => R {
  return (fn) => {
    if (typeof fn !== "function") {
      warnNoFunction();
      return fn;
    }
    return function monitored(...args) {
      return withMonitor(monitorSlug, () => Reflect.apply(fn, this, args), config);
    };
  };
}

function warnNoFunction(): void {
  currentDiagnostics().warnOnce(
    "argument:monitor",
    "`monitor(…)` was called with a value that is not a function; it was returned unchanged. Pass the function to monitor",
  );
}
