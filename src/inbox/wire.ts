import { isJsonObject } from "../testing/envelope-reader.js";
import type { Pair } from "./views.js";

/** An object as it came over the wire: its members may be anything. */
export type WireRecord = Readonly<Record<string, unknown>>;

// Control characters and those that change the direction of a line. Tabs and line ends are part of source lines and
// of queries.
const UNSAFE = /[\p{Cc}\p{Cs}\u{200E}\u{200F}\u{202A}-\u{202E}\u{2066}-\u{2069}\u{61C}]/gu;

/** Characters of a text that are kept. */
export const MAX_SHOWN_LENGTH = 8192;

/** Entries of one item, and members of an object, that are read. */
export const MAX_ENTRIES = 1000;

/** The value as an object; an empty one where it is something else. */
export function recordOf(value: unknown): WireRecord {
  return isJsonObject(value) ? value : {};
}

/** The value as a list; an empty one where it is something else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/**
 * The first entries of an item of many, such as logs: its size is not bounded as that of an event is. Entries that are not
 * objects are left out.
 */
export function entriesOf(payload: unknown): readonly WireRecord[] {
  return firstEntries(payload).filter(isJsonObject);
}

/** How many entries `entriesOf` leaves out. */
export function strangeEntries(payload: unknown): number {
  return firstEntries(payload).filter((entry) => !isJsonObject(entry)).length;
}

function firstEntries(payload: unknown): readonly unknown[] {
  return listOf(recordOf(payload)["items"]).slice(0, MAX_ENTRIES);
}

/**
 * A text or number as text without control characters but for tabs and line ends, and as long as is kept; otherwise an
 * empty text.
 */
export function shownText(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" ? withoutControls(value) : "";
}

/** The value as a finite number. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** Milliseconds since the epoch of a time as Sentry writes it: seconds, or a date in ISO 8601. */
export function timeOf(value: unknown): number | undefined {
  const millis =
    typeof value === "string" ? Date.parse(value) : (numberOf(value) ?? Number.NaN) * 1000;
  return Number.isFinite(millis) ? millis : undefined;
}

/** The members of an object as texts; what is nested as JSON. Empty members are left out. */
export function pairsOf(value: unknown): Pair[] {
  return membersOf(value).flatMap(([key, member]): Pair[] =>
    member === null || member === undefined ? [] : [[withoutControls(key), displayOf(member)]],
  );
}

/** The attributes of a log, metric or span: `{ "key": { "type": "string", "value": "text" } }`. */
export function attributesOf(value: unknown): Pair[] {
  const entries = membersOf(value).map(([key, typed]) => [key, recordOf(typed)["value"]]);
  return pairsOf(Object.fromEntries(entries));
}

function membersOf(value: unknown): [string, unknown][] {
  return Object.entries(recordOf(value)).slice(0, MAX_ENTRIES);
}

function displayOf(value: unknown): string {
  return typeof value === "object" ? withoutControls(JSON.stringify(value)) : shownText(value);
}

function withoutControls(text: string): string {
  const kept = text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH - 1)}…` : text;
  return kept.replace(UNSAFE, (found) => (found === "\n" || found === "\t" ? found : "\u{FFFD}"));
}
