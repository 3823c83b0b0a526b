import { clip } from "../support/text.js";
import { typedAttribute } from "./typed-attribute.js";

/** How much of the attributes of one item is sent. */
export interface AttributeLimits {
  /** Characters per value. */
  readonly valueLength: number;
  /** Characters of JSON of all of them; those that come after it are left out. */
  readonly totalLength: number;
}

/** Attributes as JSON, and whether some had to be left out. */
export interface AttributeText {
  /** `"key":{…}` pairs with commas between them. */
  readonly text: string;
  readonly isClipped: boolean;
}

/** The key of an item's number within its millisecond; the bridge alone writes it. */
export const SEQUENCE_KEY = "sentry.timestamp.sequence";

const MAX_KEY_LENGTH = 200;

/** Writes attributes as JSON members. What comes first is kept when not all fit. Never throws. */
export function attributeText(
  attributes: Iterable<readonly [string, unknown]>,
  limits: AttributeLimits,
): AttributeText {
  const keys = new Set<string>();
  let text = "";
  let isClipped = false;
  // What is left out was read as well: twice of what is sent is read at most.
  let toRead = 2 * limits.totalLength;
  for (const [key, value] of attributes) {
    const name = clip(key, MAX_KEY_LENGTH);
    // Two keys may have become one: a member must not stand twice.
    if (keys.has(name) || name === SEQUENCE_KEY) continue;
    if (toRead === 0) return { text, isClipped: true };
    const member = typedAttribute(value, Math.min(limits.valueLength, toRead));
    if (member === undefined) continue;
    toRead = Math.max(0, toRead - member.length);
    const pair = `${text === "" ? "" : ","}${JSON.stringify(name)}:${member}`;
    if (text.length + pair.length > limits.totalLength) {
      isClipped = true;
      continue;
    }
    keys.add(name);
    text += pair;
  }
  return { text, isClipped };
}
