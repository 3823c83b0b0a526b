import type { CheckIn, MonitorConfig } from "../protocol/check-in.js";
import type { JsonRecord } from "../protocol/error-event.js";

// Relay cuts a slug there; two monitors must not become one without a word.
const MAX_SLUG_LENGTH = 50;

const STATUSES: ReadonlySet<unknown> = new Set(["error", "in_progress", "ok"]);

/** What is wrong with a check-in; undefined if nothing is. */
export function checkInProblem({ monitorSlug, status }: CheckIn): string | undefined {
  if (typeof monitorSlug !== "string" || monitorSlug.trim() === "") return "it names no monitor";
  if (monitorSlug.length > MAX_SLUG_LENGTH) {
    return `its monitor's slug has more than ${MAX_SLUG_LENGTH} characters: ${monitorSlug}`;
  }
  return STATUSES.has(status) ? undefined : "its status is none of in_progress, ok and error";
}

/** A check-in's members as the protocol spells them. */
export function checkInMembers(checkIn: CheckIn, config: MonitorConfig | undefined): JsonRecord {
  const { monitorSlug, status, duration } = checkIn;
  return {
    monitor_slug: monitorSlug,
    status,
    duration: status === "in_progress" ? undefined : duration,
    monitor_config: config === undefined ? undefined : monitorConfig(config),
  };
}

function monitorConfig(config: MonitorConfig): JsonRecord {
  return {
    schedule: config.schedule,
    checkin_margin: config.checkinMargin,
    max_runtime: config.maxRuntime,
    timezone: config.timezone,
    failure_issue_threshold: config.failureIssueThreshold,
    recovery_threshold: config.recoveryThreshold,
    owner: config.owner,
  };
}
