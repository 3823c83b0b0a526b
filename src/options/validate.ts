import { types } from "node:util";

import type { HttpOptions, SpoolOptions } from "./delivery-options.js";
import type { KeepUnsampled } from "./options.js";
import { clip } from "../support/text.js";
import { firstOf, isList, lengthOf, ownEntries, ownKeys } from "../support/foreign.js";
import { SEVERITY_LEVELS } from "../protocol/events.js";
import { check, isOptionsObject, onlyItsKind, proxy } from "./address-checks.js";
import type { Check } from "./address-checks.js";
import { OptionsError, withoutUserInfo } from "../protocol/errors.js";
import type { ScopeChange } from "../scope/scope-data.js";
import type { Transport } from "../delivery/transport.js";
import { unknownOption } from "./unknown-option.js";

/** Maximum number of entries in a list, and of properties of an object that are read. */
export const MAX_LIST = 10_000;

/** Maximum length of a name in a message. */
const MAX_NAME_LENGTH = 100;

/** Characters or bytes of certificates and keys that are searched for a PEM header. */
const MAX_PEM_LENGTH = 1_048_576;

const isShortList = (value: unknown): boolean => isList(value) && lengthOf(value) <= MAX_LIST;
const isText = (value: unknown): boolean => typeof value === "string";
const isPattern = (value: unknown): boolean => isText(value) || types.isRegExp(value);
const isListOf =
  (accepts: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    isShortList(value) && firstOf(value, MAX_LIST).every((property) => accepts(property));
// The error gives the index of the invalid element.
const listOf =
  (expected: string, checkProperty: Check): Check =>
  (option, value) => {
    if (!isList(value)) throw new OptionsError({ option, expected, received: value });
    if (!isShortList(value)) {
      const tooMany = `must have at most ${MAX_LIST} entries`;
      throw new OptionsError({ option, expected: tooMany, received: value });
    }
    for (const [index, property] of firstOf(value, MAX_LIST).entries())
      checkProperty(`${option}[${index}]`, property);
  };
const isAtLeast =
  (least: number) =>
  (value: unknown): boolean =>
    typeof value === "number" && Number.isFinite(value) && value >= least;

export const text: Check = check("must be a string", isText);
export const flag: Check = check("must be true or false", (value) => typeof value === "boolean");
export const callback: Check = check("must be a function", (value) => typeof value === "function");
export const record: Check = check("must be an object", isOptionsObject);
export const rate: Check = check(
  "must be a number from 0 to 1",
  (value) => typeof value === "number" && value >= 0 && value <= 1,
);
export const spanExceptions: Check = check(
  'must be "failed", "all" or "none"',
  (value) => value === "failed" || value === "all" || value === "none",
);
export const count: Check = check(
  "must be an integer of at least 0",
  (value) => isAtLeast(0)(value) && Number.isInteger(value),
);
export const flagOrDepth: Check = check(
  "must be true, false or a number of levels from 1 to 10",
  (value) =>
    typeof value === "boolean" ||
    (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 10),
);
const size: Check = check("must be a number of at least 1", isAtLeast(1));
export const bytes: Check = check("must be a number of bytes of at least 1", isAtLeast(1));
const positiveMillis: Check = check("must be a number of milliseconds above 0", isAtLeast(1));
const MAX_SPOOL_AGE_MILLIS = 4 * 24 * 3_600_000;
const spoolAge: Check = check(
  `must be a number of milliseconds from 1 to ${MAX_SPOOL_AGE_MILLIS} (4 days): Sentry drops transactions that started five days ago`,
  (value) => isAtLeast(1)(value) && Number(value) <= MAX_SPOOL_AGE_MILLIS,
);
const path: Check = check("must be a path", (value) => isText(value) && value !== "");
const NOT_A_PATH = " (the content of the file, such as `readFileSync(path)`, not its path)";
const pem: Check = check(
  `must be a certificate or key in PEM form${NOT_A_PATH}`,
  isPem,
  onlyItsKind,
);
const pems: Check = check(
  `must be one or more certificates in PEM form${NOT_A_PATH}`,
  (value) => isPem(value) || isListOf(isPem)(value),
  onlyItsKind,
);
const texts: Check = listOf("must be a list of strings", text);
export const millis: Check = check("must be a number of milliseconds of at least 0", isAtLeast(0));
const pattern: Check = check("must be a string or a regular expression", isPattern);
export const patterns: Check = listOf("must be a list of strings and regular expressions", pattern);
const TRANSACTION_PATTERN = { name: pattern, op: pattern };
export const transactionPatterns: Check = patternsOf("{ name, op }", TRANSACTION_PATTERN);
export const spanPatterns: Check = patternsOf("{ name, op, attributes }", {
  ...TRANSACTION_PATTERN,
  attributes: record,
});
const SCOPE_FIELDS: Readonly<Record<keyof ScopeChange, Check>> = {
  user: record,
  tags: record,
  extra: record,
  contexts: record,
  attributes: record,
  level: check("must be debug, error, fatal, info, log or warning", (value) =>
    SEVERITY_LEVELS.has(value),
  ),
  fingerprint: texts,
  attachments: listOf("must be a list of attachments", record),
};

/** Accepts scope data, or a function that writes to a scope. */
export const scope: Check = (option, value) => {
  if (typeof value === "function") return;
  if (!isOptionsObject(value)) {
    const expected = `must be an object with ${Object.keys(SCOPE_FIELDS).join(", ")}, or a function that receives the scope`;
    throw new OptionsError({ option, expected, received: value });
  }
  checkProperties(option, Object(value), SCOPE_FIELDS);
};
/** Accepts a custom transport, or options of the HTTP transport. */
export const transport: Check = (option, value) => {
  record(option, value);
  if (typeof value === "object" && value !== null && !isTransport(value)) {
    checkProperties(option, value, HTTP_OPTIONS);
    checkPair(option, value);
  }
};

const KEEP_UNSAMPLED: Readonly<Record<keyof KeepUnsampled, Check>> = {
  failed: flag,
  slowerThanMillis: millis,
};

/** Accepts the options of `keepUnsampled`. */
export const keepUnsampled: Check = (option, value) => {
  record(option, value);
  checkProperties(option, Object(value), KEEP_UNSAMPLED);
};

/** Tells whether an object is a custom transport instead of options of the HTTP transport. */
export function isTransport(value: object): value is Transport {
  return (
    "send" in value &&
    typeof value.send === "function" &&
    "close" in value &&
    typeof value.close === "function"
  );
}

const TCP_KEEP_ALIVE: Readonly<Record<string, Check>> = {
  idleMillis: positiveMillis,
  intervalMillis: positiveMillis,
  count: size,
};

const tcpKeepAlive: Check = (option, value) => {
  if (value === false) return;
  record(option, value);
  checkProperties(option, Object(value), TCP_KEEP_ALIVE);
};

const HTTP_OPTIONS: Readonly<Record<keyof HttpOptions, Check>> = {
  maxConnections: size,
  gzipThresholdBytes: count,
  idleTimeoutMillis: positiveMillis,
  maxConnectionAgeMillis: positiveMillis,
  connectTimeoutMillis: positiveMillis,
  headersTimeoutMillis: positiveMillis,
  bodyTimeoutMillis: positiveMillis,
  totalTimeoutMillis: positiveMillis,
  lingerMillis: millis,
  tcpKeepAlive,
  proxy,
  noProxy: texts,
  caCerts: pems,
  clientCert: pem,
  clientKey: pem,
  retryOn5xx: flag,
  thread: flag,
};

const SPOOL_OPTIONS: Readonly<Record<keyof SpoolOptions, Check>> = {
  directory: path,
  maxBytes: bytes,
  maxFiles: size,
  maxAgeMillis: spoolAge,
};

const spoolObject: Check = check('must be an object, such as { directory: "…" }', isOptionsObject);

/** Accepts the options of the spool; `directory` is required. */
export const spool: Check = (option, value) => {
  spoolObject(option, value);
  checkProperties(option, Object(value), SPOOL_OPTIONS);
  path(`${option}.directory`, Reflect.get(Object(value), "directory"));
};

/** Names of the options of the HTTP transport. */
export const HTTP_OPTION_NAMES: readonly string[] = Object.keys(HTTP_OPTIONS);

// A pattern without properties is refused, because it might mean everything or nothing.
function hasProperties(value: object): boolean {
  return ownEntries<unknown>(value, MAX_LIST).some(([, property]) => property !== undefined);
}

function patternsOf(shape: string, properties: Readonly<Record<string, Check>>): Check {
  return listOf(`must be a list of strings, regular expressions and ${shape}`, (option, value) => {
    if (isPattern(value)) return;
    const expected = `must be a string, a regular expression or ${shape}`;
    if (typeof value !== "object" || value === null || !hasProperties(value))
      throw new OptionsError({ option, expected, received: value });
    checkProperties(option, value, properties);
  });
}

function checkProperties(
  option: string,
  value: object,
  checks: Readonly<Record<string, Check>>,
): void {
  for (const name of ownKeys(value, MAX_LIST)) {
    const property: unknown = Reflect.get(value, name);
    const checkProperty = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (checkProperty === undefined) {
      const expected = unknownOption(name, { known: Object.keys(checks) });
      throw new OptionsError({ option: `${option}.${shownName(name)}`, expected });
    }
    if (property !== undefined) checkProperty(`${option}.${name}`, property);
  }
}

/** Returns the name of an unknown option for a message, without credentials of a URL, and cut if it is long. */
export function shownName(name: string): string {
  return clip(withoutUserInfo(name), MAX_NAME_LENGTH);
}

function checkPair(option: string, { clientCert, clientKey }: HttpOptions): void {
  if ((clientCert === undefined) === (clientKey === undefined)) return;
  const missing = clientKey === undefined ? "clientKey" : "clientCert";
  const expected = "must be given: a client certificate needs its key";
  throw new OptionsError({ option: `${option}.${missing}`, expected, received: undefined });
}

function isPem(value: unknown): boolean {
  const content = types.isUint8Array(value)
    ? Buffer.from(value.subarray(0, MAX_PEM_LENGTH)).toString("latin1")
    : value;
  return typeof content === "string" && content.slice(0, MAX_PEM_LENGTH).includes("-----BEGIN ");
}
