import { isJsonObject } from "../testing/envelope-reader.js";
import type { Pair } from "./views.js";

/** A received object with properties of any type. */
export type WireRecord = Readonly<Record<string, unknown>>;

// Control characters, and characters that change the text direction. Tabs and line feeds are kept, because source lines
// and queries contain them.
const UNSAFE = /[\p{Cc}\p{Cs}\u{200E}\u{200F}\u{202A}-\u{202E}\u{2066}-\u{2069}\u{61C}]/gu;

/** Characters of one string that are kept. */
export const MAX_SHOWN_LENGTH = 8192;

/** Entries of one item, and properties of one object, that are read. */
export const MAX_ENTRIES = 1000;

/** Returns an object unchanged, and an empty object for any other value. */
export function recordOf(value: unknown): WireRecord {
  return isJsonObject(value) ? value : {};
}

/** Returns an array unchanged, and an empty array for any other value. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/**
 * Returns the first 1000 entries of an item container, such as logs. Entries that are not objects are left out.
 */
export function entriesOf(payload: unknown): readonly WireRecord[] {
  return firstEntries(payload).filter(isJsonObject);
}

/** Returns the number of entries that `entriesOf` leaves out because they are not objects. */
export function strangeEntries(payload: unknown): number {
  return firstEntries(payload).filter((entry) => !isJsonObject(entry)).length;
}

function firstEntries(payload: unknown): readonly unknown[] {
  return listOf(recordOf(payload)["items"]).slice(0, MAX_ENTRIES);
}

/**
 * Returns a string, number or boolean as a string, cut after 8192 characters and without control characters (tabs and
 * line feeds are kept). Any other value becomes an empty string.
 */
export function shownText(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" ? withoutControls(value) : "";
}

/** Returns a finite number unchanged, and undefined for any other value. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** Converts a time of the Sentry protocol (seconds, or an ISO 8601 date) to milliseconds since 1970. */
export function timeOf(value: unknown): number | undefined {
  const millis =
    typeof value === "string" ? Date.parse(value) : (numberOf(value) ?? Number.NaN) * 1000;
  return Number.isFinite(millis) ? millis : undefined;
}

/** Returns the properties of an object as strings, nested values as JSON. Properties without a value are left out. */
export function pairsOf(value: unknown): Pair[] {
  return fieldsOf(value).flatMap(([key, field]): Pair[] =>
    field === null || field === undefined ? [] : [[withoutControls(key), displayOf(field)]],
  );
}

/** Reads typed attributes of a log, metric or span: `{ "key": { "type": "string", "value": "text" } }`. */
export function attributesOf(value: unknown): Pair[] {
  const entries = fieldsOf(value).map(([key, typed]) => [key, recordOf(typed)["value"]]);
  return pairsOf(Object.fromEntries(entries));
}

function fieldsOf(value: unknown): [string, unknown][] {
  return Object.entries(recordOf(value)).slice(0, MAX_ENTRIES);
}

function displayOf(value: unknown): string {
  return typeof value === "object" ? withoutControls(JSON.stringify(value)) : shownText(value);
}

function withoutControls(text: string): string {
  const kept = text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH - 1)}…` : text;
  return kept.replace(UNSAFE, (found) => (found === "\n" || found === "\t" ? found : "\u{FFFD}"));
}
