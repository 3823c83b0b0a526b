import { FILTERED } from "../privacy/secret-words.js";
import { memberOf } from "../support/foreign.js";
import { normalize } from "../support/normalize.js";
import type { ItemAttributes } from "./item-attributes.js";

/** Attributes of a log that hold the parameters of its message begin with this. */
export const PARAMETER_PREFIX = "sentry.message.parameter.";

const TEMPLATE = "sentry.message.template";

/** Texts of one log's parameters that are looked for. */
const MAX_TEXTS = 100;

// As deep and as long as attributes are read.
const READING = { depth: 5, totalLength: 32_768, omitUndefined: true };

/** Characters of a message that are read: more than are sent, since a replacement may be shorter. */
const MAX_READ = 65_536;

/** Shorter texts are part of too many others: they are only replaced where they stand alone. */
const SHORTEST_UNIQUE = 6;

/** A text of a parameter, and what is sent in its place. */
type Replacement = readonly [string, string];

/**
 * Returns a log's message with its parameters as their attributes are sent: the name of one may say that it is a secret
 * (`parameters: { password }`). `given` are the attributes before they were filtered. Never throws.
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
    const value = normalize(memberOf(given, name), READING);
    addReplacements(value, normalize(shown, READING), replacements);
  }
  return replacements.reduce(replaced, message.slice(0, MAX_READ));
}

/**
 * Withholds the attributes of those parameters that are withheld in the body, since the text around them says that they are
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

// The whole value first: its parts are parts of its text.
function addReplacements(value: unknown, shown: unknown, replacements: Replacement[]): void {
  if (replacements.length >= MAX_TEXTS || value === shown) return;
  const text = textOf(value);
  if (text.length > 1 && text !== textOf(shown)) replacements.push([text, textOf(shown)]);
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value) as [string, unknown][])
    addReplacements(member, shown === FILTERED ? FILTERED : memberOf(shown, key), replacements);
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
