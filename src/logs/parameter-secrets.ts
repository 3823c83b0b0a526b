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

/** Shorter texts are part of too many others: they are only replaced where they stand alone. */
const SHORTEST_UNIQUE = 6;

/** A log's message, as it was given and as it is filtered. */
export interface FilteredBody {
  readonly given: unknown;
  readonly shown: unknown;
}

/**
 * Withholds each parameter of a message in both places that it has, the body and an attribute, if it is withheld in one:
 * the name may say that it is a secret (`parameters: { password }`), or the text around it (`password=${value}`).
 * Returns the body and changes the attributes. `given` are the attributes before they were filtered. Never throws.
 */
export function withholdParameters(
  body: FilteredBody,
  given: object,
  attributes: ItemAttributes,
): unknown {
  if (!attributes.has(TEMPLATE) || typeof body.shown !== "string") return body.shown;
  const secrets: string[] = [];
  const plain: [string, string][] = [];
  for (const [name, shown] of attributes) {
    if (!name.startsWith(PARAMETER_PREFIX)) continue;
    const value = normalize(memberOf(given, name), READING);
    addWithheld(value, shown, secrets);
    if (isLeaf(value) && String(shown) === String(value)) plain.push([name, String(value)]);
  }
  for (const [name, text] of plain) {
    if (isWithheldIn(body, text)) attributes.set(name, FILTERED);
  }
  return secrets.reduce(withoutText, body.shown);
}

function isWithheldIn({ given, shown }: FilteredBody, text: string): boolean {
  return (
    typeof given === "string" &&
    typeof shown === "string" &&
    text !== "" &&
    given.slice(0, READING.totalLength).includes(text) &&
    shown.includes(FILTERED) &&
    !shown.includes(text)
  );
}

function isLeaf(value: unknown): value is number | string {
  return typeof value === "string" || typeof value === "number";
}

// The texts within a value that a filter has withheld as a whole.
function addWithheld(value: unknown, shown: unknown, texts: string[]): void {
  if (texts.length >= MAX_TEXTS || value === shown) return;
  if (isLeaf(value)) {
    if (shown === FILTERED && String(value).length > 1) texts.push(String(value));
    return;
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value) as [string, unknown][])
    addWithheld(member, shown === FILTERED ? FILTERED : memberOf(shown, key), texts);
}

function withoutText(body: string, text: string): string {
  if (!body.includes(text)) return body;
  if (text.length >= SHORTEST_UNIQUE) return body.replaceAll(text, FILTERED);
  const escaped = text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
  return body.replaceAll(new RegExp(`(?<!\\w)${escaped}(?!\\w)`, "g"), FILTERED);
}
