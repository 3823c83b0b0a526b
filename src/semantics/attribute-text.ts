import { firstOf } from "../support/foreign.js";

/** Characters of an attribute that are read, and entries of a list: as much as is sent of one, and more than names have. */
export const MAX_TEXT_LENGTH = 32_768;
const MAX_ENTRIES = 1000;

/** The value when it is text with something in it, its first 32,768 characters. Attribute values may be of any type. */
export function textValue(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? bounded(value) : undefined;
}

/** The part of a text that is read: a pattern takes milliseconds for each megabyte. */
export function bounded(value: string): string {
  return value.length <= MAX_TEXT_LENGTH ? value : value.slice(0, MAX_TEXT_LENGTH);
}

/** Joins up to `most` names and says how many were left out: `a, b, +3`. */
export function listed(names: readonly string[], most: number): string {
  if (names.length <= most) return names.join(", ");
  return `${names.slice(0, most).join(", ")}, +${names.length - most}`;
}

/** The texts of a value that is a text or a list; everything else in a list is left out. */
export function textValues(value: unknown): readonly string[] {
  if (typeof value === "string") return value === "" ? [] : [bounded(value)];
  const entries = firstOf(value, MAX_ENTRIES);
  return entries.flatMap((entry) => (typeof entry === "string" ? [bounded(entry)] : []));
}
