import { FILTERED } from "../privacy/secret-words.js";
import { propertyOf } from "../support/foreign.js";
import { normalize } from "../support/normalize.js";
import type { ItemAttributes } from "./item-attributes.js";

/** The prefix of attributes that hold the parameters of a log's message. */
export const PARAMETER_PREFIX = "sentry.message.parameter.";

const TEMPLATE = "sentry.message.template";

/** Strings in the parameters of one log that are searched for in its message. */
const MAX_TEXTS = 100;

// The depth and length to which attributes are read.
const READING = { depth: 5, totalLength: 32_768, omitUndefined: true };

/** Characters of a message that are read: more than are sent, because a replacement may be shorter. */
const MAX_READ = 65_536;

/** Shorter strings are part of many other words, so they are replaced only as whole words. */
const SHORTEST_UNIQUE = 6;

/** A string from a parameter, and its replacement. */
type Replacement = readonly [string, string];

/**
 * Returns a log's message in which parameters are shown in the same way as their attributes: the name of a parameter
 * may say that it is a secret (`parameters: { password }`). `given` are the attributes before they were filtered. Never
 * throws.
 */
export function withShownParameters(
  message: unknown,
  given: object,
  attributes: ItemAttributes,
): unknown {
  if (!attributes.has(TEMPLATE) || typeof message !== "string") return message;
  const replacements: Replacement[] = [];
  for (const [name, shown] of attributes) {
    if (!name.startsWith(PARAMETER_PREFIX)) continue;
    const value = normalize(propertyOf(given, name), READING);
    addReplacements(value, normalize(shown, READING), replacements);
  }
  return replacements.reduce(replaced, message.slice(0, MAX_READ));
}

/**
 * Filters the attributes of parameters that were filtered in the message, where the text around them says that they are
 * secrets: `password=${value}`.
 */
export function withholdAssigned(
  message: unknown,
  shownBody: unknown,
  attributes: ItemAttributes,
): void {
  if (!attributes.has(TEMPLATE) || typeof message !== "string" || typeof shownBody !== "string")
    return;
  if (!shownBody.includes(FILTERED)) return;
  for (const [name, shown] of attributes) {
    if (!name.startsWith(PARAMETER_PREFIX) || !isLeaf(shown)) continue;
    if (isWithheldIn(message, shownBody, String(shown))) attributes.set(name, FILTERED);
  }
}

function isWithheldIn(message: string, shownBody: string, text: string): boolean {
  if (text === "" || shownBody.includes(text)) return false;
  return message.slice(0, READING.totalLength).includes(text);
}

function isLeaf(value: unknown): value is number | string {
  return typeof value === "string" || typeof value === "number";
}

// The whole value comes first, because its parts are contained in its text.
function addReplacements(value: unknown, shown: unknown, replacements: Replacement[]): void {
  if (replacements.length >= MAX_TEXTS || value === shown) return;
  const text = textOf(value);
  if (text.length > 1 && text !== textOf(shown)) replacements.push([text, textOf(shown)]);
  if (typeof value !== "object" || value === null) return;
  for (const [key, field] of Object.entries(value) as [string, unknown][])
    addReplacements(field, shown === FILTERED ? FILTERED : propertyOf(shown, key), replacements);
}

function textOf(value: unknown): string {
  return isLeaf(value) ? String(value) : (JSON.stringify(value) ?? "");
}

function replaced(message: string, [text, shown]: Replacement): string {
  if (!message.includes(text)) return message;
  if (text.length >= SHORTEST_UNIQUE) return message.replaceAll(text, () => shown);
  const escaped = text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
  return message.replaceAll(new RegExp(`(?<!\\w)${escaped}(?!\\w)`, "g"), () => shown);
}
