import { FILTERED } from "../privacy/secret-words.js";
import { propertyOf } from "../support/foreign.js";
import { textOf } from "../support/text.js";
import type { ItemAttributes } from "./item-attributes.js";

/** The prefix of attributes that hold the parameters of a log's message. */
export const PARAMETER_PREFIX = "sentry.message.parameter.";

const TEMPLATE = "sentry.message.template";

/** Strings in the parameters of one log that are searched for in its message. */
const MAX_TEXTS = 100;

/** Characters of a message that are read: more than are sent, because a replacement may be shorter. */
const MAX_READ = 65_536;

/** Shorter strings are part of many other words, so they are replaced only as whole words. */
const SHORTEST_UNIQUE = 6;

/** A string from a parameter, and its replacement. */
type Replacement = readonly [string, string];

/** Copies of a log's parameters from before they were filtered, by the names of their attributes. */
export interface ParameterCopies {
  readonly byName: ReadonlyMap<string, unknown>;
  /** Adds an attribute if it holds a parameter. */
  readonly add: (name: string, copy: unknown) => void;
  /** False if not all parameters were read. */
  isComplete: boolean;
}

/** Returns copies to be filled while attributes are read; undefined if there is no message with parameters. Never throws. */
export function parameterCopies(attributes: object): ParameterCopies | undefined {
  if (propertyOf(attributes, TEMPLATE) === undefined) return undefined;
  const byName = new Map<string, unknown>();
  const add = (name: string, copy: unknown): void => {
    if (name.startsWith(PARAMETER_PREFIX)) byName.set(name, copy);
  };
  return { byName, add, isComplete: true };
}

/**
 * Returns a log's message in which parameters are shown in the same way as their attributes: the name of a parameter
 * may say that it is a secret (`parameters: { password }`). If not all parameters were read, returns the template, which
 * contains none of them. Never throws.
 */
export function withShownParameters(
  message: unknown,
  copies: ParameterCopies | undefined,
  attributes: ItemAttributes,
): unknown {
  if (copies === undefined || typeof message !== "string") return message;
  if (!copies.isComplete) return attributes.get(TEMPLATE) ?? FILTERED;
  const replacements: Replacement[] = [];
  for (const [name, copy] of copies.byName)
    addReplacements(copy, attributes.get(name), replacements);
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
  return message.slice(0, MAX_READ).includes(text);
}

function isLeaf(value: unknown): value is number | string {
  return typeof value === "string" || typeof value === "number";
}

// The whole value comes first, because its parts are contained in its text.
function addReplacements(value: unknown, shown: unknown, replacements: Replacement[]): void {
  if (replacements.length >= MAX_TEXTS || value === shown) return;
  const text = shownText(value);
  if (text.length > 1 && text !== shownText(shown)) replacements.push([text, shownText(shown)]);
  if (typeof value !== "object" || value === null) return;
  for (const [key, field] of Object.entries(value) as [string, unknown][])
    addReplacements(field, shown === FILTERED ? FILTERED : propertyOf(shown, key), replacements);
}

// Objects are bounded copies.
function shownText(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : textOf(value);
}

function replaced(message: string, [text, shown]: Replacement): string {
  if (!message.includes(text)) return message;
  if (text.length >= SHORTEST_UNIQUE) return message.replaceAll(text, () => shown);
  const escaped = text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
  return message.replaceAll(new RegExp(`(?<!\\w)${escaped}(?!\\w)`, "g"), () => shown);
}
