import { OptionsError } from "../protocol/errors.js";
import type { Transport } from "../transport/transport.js";

/** A check of one option: throws an `OptionsError` that names it when the value is not what it says. */
export type Check = (option: string, value: unknown) => void;

const check =
  (expected: string, accepts: (value: unknown) => boolean): Check =>
  (option, value) => {
    if (!accepts(value)) throw new OptionsError({ option, expected, received: value });
  };

const isText = (value: unknown): boolean => typeof value === "string";
const isPattern = (value: unknown): boolean => isText(value) || value instanceof RegExp;
const isRecord = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isListOf =
  (accepts: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.every((member) => accepts(member));
const SPAN_PATTERN: Readonly<Record<string, (value: unknown) => boolean>> = {
  name: isPattern,
  op: isPattern,
  attributes: isRecord,
};
const isSpanPattern = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  Object.keys(value).length > 0 &&
  Object.entries(value).every(([key, member]) => SPAN_PATTERN[key]?.(member) === true);
const isAtLeast =
  (least: number) =>
  (value: unknown): boolean =>
    typeof value === "number" && Number.isFinite(value) && value >= least;

export const text: Check = check("must be a string", isText);
export const flag: Check = check("must be true or false", (value) => typeof value === "boolean");
export const callback: Check = check("must be a function", (value) => typeof value === "function");
export const record: Check = check("must be an object", isRecord);
export const rate: Check = check(
  "must be a number from 0 to 1",
  (value) => typeof value === "number" && value >= 0 && value <= 1,
);
export const count: Check = check(
  "must be a whole number of 0 or more",
  (value) => isAtLeast(0)(value) && Number.isInteger(value),
);
export const size: Check = check("must be a number of 1 or more", isAtLeast(1));
export const millis: Check = check("must be a number of milliseconds, 0 or more", isAtLeast(0));
export const patterns: Check = check(
  "must be a list of strings and regular expressions",
  isListOf(isPattern),
);
export const spanPatterns: Check = check(
  "must be a list of strings, regular expressions and { name, op, attributes }",
  isListOf((value) => isPattern(value) || isSpanPattern(value)),
);
export const flagOrUrl: Check = check(
  "must be true, false or a URL",
  (value) => typeof value === "boolean" || isUrl(value),
);
export const url: Check = check("must be an http(s) URL", (value) => isUrl(value));

const HTTP_OPTIONS: Readonly<Record<string, Check>> = {
  maxConnections: size,
  gzipThresholdBytes: count,
};

/** A transport of the application's own, or options of the HTTP transport. */
export const transport: Check = (option, value) => {
  record(option, value);
  if (typeof value !== "object" || value === null || isTransport(value)) return;
  for (const [name, member] of Object.entries(value)) {
    const checkMember = HTTP_OPTIONS[name];
    if (checkMember === undefined) {
      const expected = `is not an option; there are ${Object.keys(HTTP_OPTIONS).join(", ")}`;
      throw new OptionsError({ option: `${option}.${name}`, expected, received: member });
    }
    if (member !== undefined) checkMember(`${option}.${name}`, member);
  }
};

/** Whether an object is a transport, and not the HTTP transport's options. */
export function isTransport(value: object): value is Transport {
  return (
    "send" in value &&
    typeof value.send === "function" &&
    "close" in value &&
    typeof value.close === "function"
  );
}

function isUrl(value: unknown): boolean {
  return typeof value === "string" && /^https?:\/\//.test(value) && URL.canParse(value);
}
