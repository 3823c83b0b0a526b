import { context } from "@opentelemetry/api";

import { memberOf } from "../support/foreign.js";
import { sendCheckIn } from "./check-in-sender.js";
import { currentPlace } from "../context/error-places.js";
import type { CheckIn, MonitorConfig, MonitorRunConfig } from "../protocol/items.js";
import { newEventId } from "../client/event-id.js";
import { clientFor, doorDiagnostics } from "../context/global-client.js";
import { runMonitored } from "./monitor-run.js";

/**
 * Tells Sentry how a monitored job fares: that it runs (`in_progress`), and how it ended (`ok`,
 * `error`), by the same `checkInId`; or the end alone, as a heartbeat. Returns the check-in's id. One
 * that Sentry could not use is a diagnostic and not sent. Never throws.
 */
export function captureCheckIn(checkIn: CheckIn, config?: MonitorConfig): string {
  const given = memberOf(checkIn, "checkInId");
  const checkInId = typeof given === "string" ? given : newEventId();
  const { trace } = currentPlace();
  const client = clientFor("captureCheckIn");
  if (client !== undefined)
    sendCheckIn(client, { read: () => read(checkIn, checkInId), checkInId, config, trace });
  return checkInId;
}

// By name: an application may pass an object with any number of members.
function read({ monitorSlug, status, duration }: CheckIn, checkInId: string): CheckIn {
  return { monitorSlug, status, duration, checkInId };
}

/**
 * Runs `fn` as one run of a monitored job: a unit of work and a trace of its own, with a span for the
 * run, a check-in at its start and one at its end. Runs may overlap. Returns what `fn` returns (of a
 * promise, one that settles in the same way once the last check-in was captured), throws what it throws.
 *
 * The run has failed when `fn` throws or rejects, when it gives its span the status ERROR, when
 * `config.signal` aborts, and when the client is closed before it has ended.
 */
export function withMonitor<T>(monitorSlug: string, fn: () => T, config?: MonitorRunConfig): T {
  return runMonitored({ monitorSlug, config }, context.active(), fn);
}

/**
 * Makes monitored jobs of functions: `const backUp = monitor("back-up", config)(backUpNow)`. Each call
 * of the result is a run as `withMonitor` makes it, with the arguments and the `this` of the call. What is no
 * function is returned as it is.
 */
export function monitor(
  monitorSlug: string,
  config?: MonitorRunConfig,
): <This, Args extends unknown[], R>(
  fn: (this: This, ...args: Args) => R,
) => (this: This, ...args: Args) => R {
  return (fn) => {
    if (typeof fn !== "function") {
      reportNoJob();
      return fn;
    }
    return function monitored(...args) {
      return withMonitor(monitorSlug, () => Reflect.apply(fn, this, args), config);
    };
  };
}

function reportNoJob(): void {
  doorDiagnostics().warnOnce(
    "door:monitor",
    "the function that `monitor` returns needs a function: what it got is returned as it is, and not monitored. Correct the call",
  );
}
