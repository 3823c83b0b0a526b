import { types } from "node:util";

import { bigintText, cut, cutBytes } from "../support/text.js";

/**
 * The name of a rule of Relay, Sentry's ingest service. Relay deletes a value that breaks a rule, and Sentry shows a
 * processing error on the event.
 */
export type ValueRule =
  | "release"
  | "environment"
  | "dist"
  | "serverName"
  | "tagKey"
  | "tagValue"
  | "breadcrumb"
  | "origin"
  | "measurement"
  | "level"
  | "user"
  | "request"
  | "span"
  | "timestamp"
  | "event";

/**
 * A description of each rule, for diagnostics. Not `as const`, because the declarations of the package would then
 * repeat the texts.
 */
export const VALUE_RULES: Readonly<Record<ValueRule, string>> = {
  release:
    'a release has 1 to 200 bytes without control characters, slashes and backslashes, and is not ".", ".." or "latest"',
  environment:
    'an environment has 1 to 64 bytes without control characters, slashes and backslashes, and is not "none", "." or ".."',
  dist: "a dist has 1 to 64 letters, digits, underscores, dots and hyphens",
  serverName: "a server name has 1 to 200 characters without newlines",
  tagKey:
    "a tag's key has 1 to 200 letters, digits, underscores, dots, colons and hyphens, and is not a field of the event (release, environment, dist, user, filename, function)",
  tagValue: "a tag's value is a string of 1 to 200 characters without newlines",
  breadcrumb:
    "a breadcrumb's type, category and message are strings, its level is a known one, its timestamp is in seconds, its data is an object, and it has no other properties",
  origin: "an origin has at most 128 letters, digits, underscores and dots",
  measurement:
    "a measurement's name has at most 167 lower-case letters, digits, underscores and dots and begins with a letter, its value is finite, and its unit has at most 15 letters; an event has at most 10 measurements",
  level: "a level is fatal, error, warning, log, info or debug",
  user: "a user's id, username, name and email are strings, ip_address is an IP address, geo and data are objects",
  request:
    "a request's method has letters only, its url and fragment are strings, its headers and env are objects, and its cookies are pairs",
  span: "a span's op and description are strings, its status is one of Sentry's, its data and tags are objects, and its ids are hexadecimal",
  timestamp: "an event's time lies in the last 30 days",
  event: "the fields of an event have the types of Sentry's event protocol",
};

/** Returns the diagnostic for values that broke a rule. */
export function ruleMessage(rule: ValueRule): string {
  return `an event had an invalid value, which Sentry would have deleted; it was repaired or left out. Rule: ${VALUE_RULES[rule]}`;
}

const MAX_RELEASE_BYTES = 200;
const MAX_ENVIRONMENT_BYTES = 64;
const MAX_DIST_LENGTH = 64;
const MAX_TAG_LENGTH = 200;

// Characters of a string that patterns are applied to: more than any rule keeps.
const MAX_READ_LENGTH = 1024;
const MAX_ORIGIN_LENGTH = 128;
const MAX_MEASUREMENT_NAME_LENGTH = 167;

/** Measurements that one event or span may have. */
export const MAX_MEASUREMENTS = 10;

// Relay rejects ASCII control characters only, so those beyond ASCII are kept.
const FORBIDDEN = /[\p{Cc}/\\]/gu;
const isAscii = (sign: string): boolean => sign < "\u0080";
const RESERVED_RELEASE = /^(?:\.{1,2}|latest)$/i;
const RESERVED_ENVIRONMENT = /^(?:\.{1,2}|none)$/i;

/** Returns a valid release: forbidden characters become hyphens. Undefined if that is not possible. */
export function validRelease(value: unknown): string | undefined {
  return identifier(value, MAX_RELEASE_BYTES, RESERVED_RELEASE);
}

/** Returns a valid environment: forbidden characters become hyphens. Undefined if that is not possible. */
export function validEnvironment(value: unknown): string | undefined {
  return identifier(value, MAX_ENVIRONMENT_BYTES, RESERVED_ENVIRONMENT);
}

/**
 * Returns a valid dist: characters other than letters, digits, `_`, `.` and `-` become hyphens. Undefined if it is
 * empty.
 */
export function validDist(value: unknown): string | undefined {
  const text = boundedText(value)
    .trim()
    .replaceAll(/[^\w.-]/g, "-");
  return cut(text, MAX_DIST_LENGTH) || undefined;
}

function identifier(value: unknown, maxBytes: number, reserved: RegExp): string | undefined {
  const text = boundedText(value)
    .trim()
    .replaceAll(FORBIDDEN, (sign) => (isAscii(sign) ? "-" : sign));
  const valid = cutBytes(text, maxBytes).trim();
  return valid === "" || reserved.test(valid) ? undefined : valid;
}

// Relay silently removes tags with these names: they are fields of the event.
const RESERVED_TAGS: ReadonlySet<string> = new Set([
  "dist",
  "environment",
  "filename",
  "function",
  "release",
  "user",
]);

/** Tells whether a tag must not have a name, because a field of the event has it. */
export function isReservedTag(key: string): boolean {
  return RESERVED_TAGS.has(key);
}

/**
 * Returns a valid key for a tag: spaces become hyphens, other invalid characters underscores. Undefined if that is not
 * possible.
 */
export function validTagKey(key: string): string | undefined {
  const valid = key
    .slice(0, MAX_TAG_LENGTH)
    .replaceAll(" ", "-")
    .replaceAll(/[^\w.:-]/g, "_");
  return valid === "" || isReservedTag(valid) ? undefined : valid;
}

/** Returns a valid value for a tag; undefined if it is empty. Never throws. */
export function validTagValue(value: unknown): string | undefined {
  return tagText(value)?.replaceAll("\n", " ");
}

/** Returns a valid value for a tag, except that it may have line breaks; undefined if it is empty. Never throws. */
export function tagText(value: unknown): string | undefined {
  const isText = typeof value === "string";
  const isPlain = isText || ["bigint", "boolean", "number"].includes(typeof value);
  const text = isPlain ? textOfPlain(value) : `[${typeof value}]`;
  return cut(text.slice(0, MAX_READ_LENGTH).trim(), MAX_TAG_LENGTH).trim() || undefined;
}

function textOfPlain(value: unknown): string {
  return typeof value === "bigint" ? bigintText(value) : String(value);
}

/** Returns a valid origin for a span: invalid characters become underscores. */
export function validOrigin(origin: string): string {
  return cut(origin.slice(0, MAX_READ_LENGTH).replaceAll(/[^\w.]/g, "_"), MAX_ORIGIN_LENGTH);
}

/** Returns a valid name for a measurement; undefined if that is not possible. */
export function validMeasurementName(name: string): string | undefined {
  const valid = name
    .slice(0, MAX_READ_LENGTH)
    .trim()
    .toLowerCase()
    .replaceAll(/[^a-z0-9_.]/g, "_");
  return /^[a-z]/.test(valid) ? cut(valid, MAX_MEASUREMENT_NAME_LENGTH) : undefined;
}

// Units of OpenTelemetry's conventions (UCUM), and Sentry's names for them.
const UNITS: ReadonlyMap<string, string> = new Map([
  ["1", "none"],
  ["%", "percent"],
  ["By", "byte"],
  ["KiBy", "kibibyte"],
  ["MiBy", "mebibyte"],
  ["GiBy", "gibibyte"],
  ["ns", "nanosecond"],
  ["us", "microsecond"],
  ["ms", "millisecond"],
  ["s", "second"],
  ["min", "minute"],
  ["h", "hour"],
  ["d", "day"],
]);

/** Returns a valid unit for a measurement; undefined if that is not possible. */
export function validUnit(unit: unknown): string | undefined {
  if (typeof unit !== "string" || unit.length > MAX_READ_LENGTH) return undefined;
  const known = UNITS.get(unit);
  if (known !== undefined) return known;
  const valid = unit.toLowerCase();
  return /^[a-z]{1,15}$/.test(valid) ? valid : undefined;
}

const LEVELS: ReadonlyMap<string, string> = new Map([
  ...["debug", "error", "fatal", "info", "log", "warning"].map((level) => [level, level] as const),
  ["critical", "fatal"],
  ["err", "error"],
  ["warn", "warning"],
  ["notice", "info"],
  ["trace", "debug"],
]);

/** Returns the valid level for a level in any case or a common synonym (`warn`); undefined for other values. */
export function validLevel(level: unknown): string | undefined {
  if (typeof level !== "string" || level.length > MAX_READ_LENGTH) return undefined;
  return LEVELS.get(level.trim().toLowerCase());
}

// Read as seconds, this is a date in the year 5138. Larger numbers must be in a finer unit.
const LARGEST_SECONDS = 1e11;
const FINER_UNITS = [1, 1e3, 1e6, 1e9];

/** Converts a number of seconds or a finer unit, a `Date` or a date text to seconds since 1970; undefined if invalid. */
export function validSeconds(time: unknown): number | undefined {
  const seconds = secondsOf(time);
  const unit = FINER_UNITS.find((divisor) => seconds / divisor < LARGEST_SECONDS);
  return seconds >= 0 && unit !== undefined ? seconds / unit : undefined;
}

const SECONDS_PER_DAY = 86_400;

// Relay accepts error events that are at most 30 days old and at most a minute ahead of its clock. The margins allow
// for delays until delivery and for differing clocks.
const MAX_EVENT_AGE_SECONDS = 25 * SECONDS_PER_DAY;
const MAX_AHEAD_SECONDS = 30;

/**
 * Returns a valid time for an error event, in seconds: a time that is too old is moved to the limit, one in the future
 * to now.
 */
export function validEventTime(time: unknown, nowSeconds: number): number {
  const seconds = validSeconds(time) ?? nowSeconds;
  if (seconds > nowSeconds + MAX_AHEAD_SECONDS) return nowSeconds;
  return Math.max(seconds, nowSeconds - MAX_EVENT_AGE_SECONDS);
}

function secondsOf(time: unknown): number {
  if (typeof time === "number") return time;
  if (types.isDate(time)) return Date.prototype.getTime.call(time) / 1000;
  const isText = typeof time === "string" && time.length <= MAX_READ_LENGTH;
  return isText ? Date.parse(time) / 1000 : Number.NaN;
}

function boundedText(value: unknown): string {
  if (typeof value === "string") return value.slice(0, MAX_READ_LENGTH).toWellFormed();
  return typeof value === "number" && Number.isFinite(value) ? String(value) : "";
}
