import { types } from "node:util";

import { OptionsError } from "../protocol/errors.js";
import { inherits, isList } from "../support/foreign.js";

const MAX_URL_LENGTH = 8192;

/** Checks one option: throws an `OptionsError` that names it if the value is not accepted. */
export type Check = (option: string, value: unknown) => void;

/** Creates the check of a rule; `shown` returns what an error shows of the value. */
export const check =
  (
    expected: string,
    accepts: (value: unknown) => boolean,
    shown: (value: unknown) => unknown = (value) => value,
  ): Check =>
  (option, value) => {
    if (!accepts(value)) throw new OptionsError({ option, expected, received: shown(value) });
  };

// Everything before the last @ may be a password, even if the rest is not a URL.
const withoutCredentials = (value: unknown): unknown =>
  typeof value === "string"
    ? value
        .slice(0, MAX_URL_LENGTH)
        .replace(/^(?<scheme>\s*[a-z][a-z\d+.-]{0,9}:\/\/)?.*@/is, "$<scheme>[Filtered]@")
    : value;

const isUrlObject = (value: unknown): boolean => inherits(value, URL.prototype);

// A `URL` object is a frequent mistake for an address.
function address(
  expected: string,
  accepts: (value: unknown) => boolean,
  shown: (value: unknown) => unknown,
): Check {
  const asString = `${expected}, as a string: pass \`url.href\``;
  return (option, value) =>
    check(isUrlObject(value) ? asString : expected, accepts, shown)(option, value);
}

/** Returns the kind of a value that may be a key in any form. */
export const onlyItsKind = (value: unknown): unknown =>
  typeof value === "string" || types.isUint8Array(value)
    ? `${value.length} ${typeof value === "string" ? "characters" : "bytes"} in another format`
    : value;

/** Tells whether a value is an object that can hold options. */
export const isOptionsObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !isList(value) && !ArrayBuffer.isView(value);

/** Accepts a DSN or `false`; its form is checked where it is parsed. */
export const dsn: Check = address(
  "must be a DSN, or false",
  (value) => value === false || (typeof value === "string" && value.length <= MAX_URL_LENGTH),
  onlyItsKind,
);
/** Accepts the URL of a proxy, or `false`. */
export const proxy: Check = address(
  "must be an http(s) URL, or false",
  (value) => value === false || isUrl(value),
  withoutCredentials,
);
/** Accepts a flag or a URL. */
export const flagOrUrl: Check = address(
  "must be true, false or a URL",
  (value) => typeof value === "boolean" || isUrl(value),
  withoutCredentials,
);
/** Accepts a URL. */
export const url: Check = address("must be an http(s) URL", isUrl, withoutCredentials);

/** Accepts the options as a whole. */
export const optionsObject: Check = (option, value) => {
  const isUrlGiven = isUrlObject(value);
  if (isOptionsObject(value) && !isUrlGiven) return;
  const text = typeof value === "string" ? value.slice(0, MAX_URL_LENGTH) : "";
  const isDsn = /^\s*https?:\/\/.*@/i.test(text);
  const form = isUrlGiven ? ": pass `{ dsn: url.href }`" : isDsn ? ': pass `{ dsn: "…" }`' : "";
  throw new OptionsError({ option, expected: `must be an object${form}`, received: value });
};

function isUrl(value: unknown): boolean {
  if (typeof value !== "string" || value.length > MAX_URL_LENGTH) return false;
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return false;
  // A host that consists of a dot only is invalid.
  return new URL(value).hostname !== ".";
}
