import { clip } from "../support/text.js";
import type { CheckIn } from "../protocol/items.js";
import type { JsonRecord } from "../protocol/events.js";
import type { EncodedMonitorConfig, UncheckedMonitorConfig } from "./monitor-config.js";
import { encodeMonitorConfig } from "./monitor-config.js";
import { validMonitorSlug } from "./monitor-slug.js";

/** Characters of an invalid slug that a warning shows. */
const MAX_SHOWN_LENGTH = 100;

const MAX_READ_LENGTH = 1024;

const STATUSES: ReadonlySet<unknown> = new Set(["error", "in_progress", "ok"]);

const UUID = /^[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i;

/** A check-in in the protocol's words; or nothing, if Sentry could not use it. */
export interface EncodedCheckIn {
  readonly members: JsonRecord | undefined;
  /** What is not sent, and why. */
  readonly problems: readonly string[];
}

/** Reads a check-in. What Sentry could not use of its configuration is left out of it. */
export function encodeCheckIn(
  checkIn: CheckIn,
  config: UncheckedMonitorConfig | undefined,
): EncodedCheckIn {
  const problem = problemOf(checkIn);
  if (problem !== undefined) {
    return { members: undefined, problems: [`a check-in is not sent: ${problem}`] };
  }
  const { status } = checkIn;
  const monitorSlug = validMonitorSlug(checkIn.monitorSlug);
  const encoded = config === undefined ? undefined : readConfig(config);
  const duration = status === "in_progress" ? undefined : durationOf(checkIn);
  const members = {
    monitor_slug: monitorSlug,
    status,
    duration,
    monitor_config: encoded?.members,
  };
  const problems = (encoded?.problems ?? []).map((each) => `monitor ${monitorSlug}: ${each}`);
  if (monitorSlug !== checkIn.monitorSlug) problems.push(changedSlug(checkIn, monitorSlug));
  return { members, problems };
}

function changedSlug({ monitorSlug }: CheckIn, sent: string): string {
  return (
    `the monitor slug "${clip(monitorSlug, MAX_SHOWN_LENGTH)}" is invalid; its check-ins are sent for ` +
    `the monitor "${sent}". Use at most 50 lower-case letters, digits, "-" and "_".`
  );
}

function problemOf({ monitorSlug, status, checkInId }: CheckIn): string | undefined {
  const isSlug =
    typeof monitorSlug === "string" && /\S/.test(monitorSlug.slice(0, MAX_READ_LENGTH));
  if (!isSlug) return "`monitorSlug` must be a string that is not blank";
  if (checkInId !== undefined && !UUID.test(checkInId)) return "`checkInId` must be a UUID";
  return STATUSES.has(status) ? undefined : '`status` must be "in_progress", "ok" or "error"';
}

// The end of a run counts, whatever its length was said to be.
function durationOf({ duration }: CheckIn): number | undefined {
  return typeof duration === "number" && duration >= 0 && duration < Infinity
    ? duration
    : undefined;
}

// Objects of the application may throw when they are read; the check-in goes without them then.
function readConfig(config: UncheckedMonitorConfig): EncodedMonitorConfig {
  try {
    return encodeMonitorConfig(config);
  } catch {
    return {
      members: undefined,
      problems: [
        "its check-ins are sent without a configuration, because reading it threw an error",
      ],
    };
  }
}
