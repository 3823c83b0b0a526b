import { clip } from "../support/text.js";
import type { MonitorConfig } from "../protocol/items.js";
import type { JsonRecord } from "../protocol/events.js";
import { isRecord } from "../support/foreign.js";
import { parseCrontab } from "./cron-schedule.js";

/** A monitor configuration in the protocol's form, and messages about the parts that were left out. */
export interface EncodedMonitorConfig {
  /** Undefined if the schedule or the time zone is invalid. */
  readonly fields: JsonRecord | undefined;
  readonly problems: readonly string[];
}

/** A configuration with properties of any type, as it comes from JavaScript callers and span attributes. */
export type UncheckedMonitorConfig = { readonly [K in keyof MonitorConfig]?: unknown };

/** Maximum characters of a string in a configuration. */
const MAX_TEXT_LENGTH = 1000;

const UNITS: ReadonlySet<unknown> = new Set(["day", "hour", "minute", "month", "week", "year"]);

const NUMBERS = [
  ["checkinMargin", "checkin_margin"],
  ["maxRuntime", "max_runtime"],
  ["failureIssueThreshold", "failure_issue_threshold"],
  ["recoveryThreshold", "recovery_threshold"],
] as const;

/**
 * Encodes a monitor configuration. Sentry rejects an invalid configuration as a whole, and for a number that is not an
 * integer also the check-in, so invalid properties are left out here. If the schedule or time zone is invalid, the
 * whole configuration is left out, because Sentry would expect the job at the wrong times.
 */
export function encodeMonitorConfig(config: UncheckedMonitorConfig): EncodedMonitorConfig {
  const schedule = readSchedule(config.schedule);
  if ("problem" in schedule) return refused(schedule.problem);
  const { timezone, owner } = config;
  if (timezone !== undefined && !isTimeZone(timezone)) {
    return refused(`its time zone ${shown(timezone)} is unknown. ${TIME_ZONE}`);
  }
  const problems: string[] = [];
  const fields: JsonRecord = { schedule: schedule.fields };
  if (timezone !== undefined) fields["timezone"] = timezone;
  for (const [key, name] of NUMBERS) {
    const value = config[key];
    if (value === undefined) continue;
    if (isCount(value)) fields[name] = value;
    else problems.push(`\`${key}\` is not sent: it must be an integer above 0`);
  }
  if (typeof owner === "string" && owner.length <= MAX_TEXT_LENGTH) fields["owner"] = owner;
  else if (owner !== undefined)
    problems.push(
      `\`owner\` is not sent: it must be a string of at most ${MAX_TEXT_LENGTH} characters`,
    );
  return { fields, problems };
}

const MAX_SHOWN_LENGTH = 100;

const CRONTAB =
  'Use minute, hour, day of the month, month and day of the week, such as "30 3 * * 1-5", or "@daily"';

const TIME_ZONE = 'Use a name from the IANA time zone database, such as "Europe/Vienna" or "UTC"';

function shown(value: unknown): string {
  return typeof value === "string"
    ? JSON.stringify(clip(value, MAX_SHOWN_LENGTH))
    : `(of type ${typeof value})`;
}

function refused(problem: string): EncodedMonitorConfig {
  const message = `its check-ins are sent without a schedule, so Sentry does not detect missed runs: ${problem}`;
  return { fields: undefined, problems: [message] };
}

const NO_SCHEDULE: JsonRecord = {};

type ReadSchedule = { readonly fields: JsonRecord } | { readonly problem: string };

function readSchedule(schedule: unknown): ReadSchedule {
  const { type, value, unit } = isRecord(schedule) ? schedule : NO_SCHEDULE;
  if (type === "crontab") return readCrontab(value);
  if (type !== "interval")
    return { problem: 'the `type` of its schedule must be "crontab" or "interval"' };
  if (!isCount(value)) return { problem: "the `value` of its interval must be an integer above 0" };
  if (!UNITS.has(unit))
    return { problem: `the \`unit\` of its interval must be one of ${[...UNITS].join(", ")}` };
  return { fields: { type: "interval", value, unit } };
}

function readCrontab(value: unknown): ReadSchedule {
  if (typeof value !== "string") return { problem: `its crontab must be a string. ${CRONTAB}` };
  if (value.length > MAX_TEXT_LENGTH)
    return { problem: `its crontab must have at most ${MAX_TEXT_LENGTH} characters` };
  const crontab = parseCrontab(value);
  if ("problem" in crontab)
    return { problem: `its crontab ${shown(value)} ${crontab.problem}. ${CRONTAB}` };
  return { fields: { type: "crontab", value: crontab.value } };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

const MAX_KNOWN_ZONES = 100;
const knownZones = new Map<string, boolean>();

// Cached, because creating a DateTimeFormat is slow and a process uses few time zones.
function isTimeZone(name: unknown): boolean {
  if (typeof name !== "string" || name.length > MAX_TEXT_LENGTH) return false;
  let isKnown = knownZones.get(name);
  if (isKnown === undefined) {
    isKnown = isZone(name);
    if (knownZones.size < MAX_KNOWN_ZONES) knownZones.set(name, isKnown);
  }
  return isKnown;
}

// JavaScript accepts an offset (`+01:00`) as a time zone; Sentry does not.
function isZone(name: string): boolean {
  if (!/^[a-z]/i.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
