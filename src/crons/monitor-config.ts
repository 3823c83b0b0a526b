import { clip } from "../support/text.js";
import type { MonitorConfig } from "../protocol/items.js";
import type { JsonRecord } from "../protocol/events.js";
import { isRecord } from "../support/foreign.js";
import { cronSchedule } from "./cron-schedule.js";

/** A monitor's configuration in the protocol's words, and what of it Sentry could not use. */
export interface EncodedMonitorConfig {
  /** Absent where Sentry could not tell from it when the job is expected. */
  readonly members: JsonRecord | undefined;
  readonly problems: readonly string[];
}

/** A configuration whose members may be anything: what JavaScript hands in, and attributes of spans. */
export type UncheckedMonitorConfig = { readonly [K in keyof MonitorConfig]?: unknown };

/** Characters that a text of a configuration may have. */
const MAX_TEXT_LENGTH = 1000;

const UNITS: ReadonlySet<unknown> = new Set(["day", "hour", "minute", "month", "week", "year"]);

const NUMBERS = [
  ["checkinMargin", "checkin_margin"],
  ["maxRuntime", "max_runtime"],
  ["failureIssueThreshold", "failure_issue_threshold"],
  ["recoveryThreshold", "recovery_threshold"],
] as const;

/**
 * Reads a monitor's configuration. Sentry takes it as a whole or not at all, and a number that is not
 * whole costs the check-in itself: what it could not use is left out here. A wrong schedule or time
 * zone would make it expect the job at wrong times, so then all is left out.
 */
export function encodeMonitorConfig(config: UncheckedMonitorConfig): EncodedMonitorConfig {
  const schedule = readSchedule(config.schedule);
  if ("problem" in schedule) return refused(schedule.problem);
  const { timezone, owner } = config;
  if (timezone !== undefined && !isTimeZone(timezone)) {
    return refused(`its time zone ${shown(timezone)} is unknown. ${TIME_ZONE}`);
  }
  const problems: string[] = [];
  const members: JsonRecord = { schedule: schedule.members };
  if (timezone !== undefined) members["timezone"] = timezone;
  for (const [key, name] of NUMBERS) {
    const value = config[key];
    if (value === undefined) continue;
    if (isCount(value)) members[name] = value;
    else problems.push(`\`${key}\` is not sent: it must be a whole number above 0`);
  }
  if (typeof owner === "string" && owner.length <= MAX_TEXT_LENGTH) members["owner"] = owner;
  else if (owner !== undefined)
    problems.push(
      `\`owner\` is not sent: it must be a string of at most ${MAX_TEXT_LENGTH} characters`,
    );
  return { members, problems };
}

const MAX_SHOWN_LENGTH = 100;

const CRONTAB =
  'Write minute, hour, day of the month, month and day of the week, such as "30 3 * * 1-5", or "@daily"';

const TIME_ZONE = 'Write a name of the IANA database, such as "Europe/Vienna" or "UTC"';

function shown(value: unknown): string {
  return typeof value === "string"
    ? JSON.stringify(clip(value, MAX_SHOWN_LENGTH))
    : `(of type ${typeof value})`;
}

function refused(problem: string): EncodedMonitorConfig {
  const message = `its check-ins are sent without a schedule, so Sentry notices no missed run: ${problem}`;
  return { members: undefined, problems: [message] };
}

const NO_SCHEDULE: JsonRecord = {};

type ReadSchedule = { readonly members: JsonRecord } | { readonly problem: string };

function readSchedule(schedule: unknown): ReadSchedule {
  const { type, value, unit } = isRecord(schedule) ? schedule : NO_SCHEDULE;
  if (type === "crontab") return readCrontab(value);
  if (type !== "interval")
    return { problem: 'the `type` of its schedule must be "crontab" or "interval"' };
  if (!isCount(value))
    return { problem: "the `value` of its interval must be a whole number above 0" };
  if (!UNITS.has(unit))
    return { problem: `the \`unit\` of its interval must be one of ${[...UNITS].join(", ")}` };
  return { members: { type: "interval", value, unit } };
}

function readCrontab(value: unknown): ReadSchedule {
  if (typeof value !== "string") return { problem: `its crontab must be a string. ${CRONTAB}` };
  if (value.length > MAX_TEXT_LENGTH)
    return { problem: `its crontab must have at most ${MAX_TEXT_LENGTH} characters` };
  const crontab = cronSchedule(value);
  if ("problem" in crontab)
    return { problem: `its crontab ${shown(value)} ${crontab.problem}. ${CRONTAB}` };
  return { members: { type: "crontab", value: crontab.value } };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

const MAX_KNOWN_ZONES = 100;
const knownZones = new Map<string, boolean>();

// To ask takes longer than all the rest, and processes have few of them.
function isTimeZone(name: unknown): boolean {
  if (typeof name !== "string" || name.length > MAX_TEXT_LENGTH) return false;
  let isKnown = knownZones.get(name);
  if (isKnown === undefined) {
    isKnown = isZone(name);
    if (knownZones.size < MAX_KNOWN_ZONES) knownZones.set(name, isKnown);
  }
  return isKnown;
}

// An offset (`+01:00`) is a zone to JavaScript, but not to Sentry.
function isZone(name: string): boolean {
  if (!/^[a-z]/i.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
