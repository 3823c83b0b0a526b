import type { ValueRule } from "../protocol/relay-values.js";
import { textField } from "../scope/scope-values.js";
import { isRecord, objectFrom } from "../support/foreign.js";

type Accepts = (value: unknown) => boolean;
type Shapes = Readonly<Record<string, Accepts>>;
type Fields = Readonly<Record<string, unknown>>;

const MAX_TYPE_LENGTH = 8392;

const isText: Accepts = (value) => typeof value === "string";
const isFlag: Accepts = (value) => typeof value === "boolean";
const isCount: Accepts = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isPairs: Accepts = (value) => isRecord(value) || Array.isArray(value);
const isQuery: Accepts = (value) => isText(value) || isPairs(value);

// Relay rejects a cookie header without a pair, such as `[Filtered]`.
const isCookies: Accepts = (value) => {
  if (typeof value === "string")
    return value.split(";").every((pair) => pair.trim() === "" || pair.includes("="));
  return isRecord(value) ? Object.values(value).every(isText) : Array.isArray(value);
};

const EXCEPTION_FIELDS: Shapes = {
  module: isText,
  raw_stacktrace: isRecord,
  stacktrace: isRecord,
};

const MECHANISM_FIELDS: Shapes = {
  data: isRecord,
  description: isText,
  exception_id: isCount,
  handled: isFlag,
  help_link: isText,
  is_exception_group: isFlag,
  meta: isRecord,
  parent_id: isCount,
  source: isText,
  synthetic: isFlag,
};

const REQUEST_FIELDS: Shapes = {
  body_size: (value) => Number.isInteger(value) && Number(value) >= 0,
  cookies: isCookies,
  env: isRecord,
  fragment: isText,
  headers: isPairs,
  method: (value) => typeof value === "string" && /^[a-z_-]{1,32}$/i.test(value),
  query_string: isQuery,
  url: isText,
};

/**
 * Returns the exception with only the fields that Relay accepts, and with a type if it has neither a type nor a value
 * (protocol: exception interface). Returns undefined if `given` is not an object.
 */
export function conformException(given: unknown, broken: Set<ValueRule>): object | undefined {
  if (!isRecord(given)) {
    broken.add("event");
    return undefined;
  }
  const { type, mechanism, ...others } = accepted(given, EXCEPTION_FIELDS, broken);
  const text = textField(type, MAX_TYPE_LENGTH);
  const isNamed = Boolean(text) || Boolean(others["value"]);
  const valid =
    isNamed && text === type ? { ...others, type } : { ...others, type: text || "Error" };
  if (valid.type !== type) broken.add("event");
  const sent = isUnset(mechanism) ? undefined : conformMechanism(mechanism, broken);
  return sent === undefined ? valid : { ...valid, mechanism: sent };
}

/** Returns the request without the fields that Relay would delete (protocol: request interface). */
export function conformRequest(value: unknown, broken: Set<ValueRule>): object | undefined {
  if (!isRecord(value)) {
    broken.add("request");
    return undefined;
  }
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  const valid = fields.filter((entry) => hasShape(entry, REQUEST_FIELDS));
  if (valid.length < fields.length) broken.add("request");
  return objectFrom(valid);
}

function conformMechanism(given: unknown, broken: Set<ValueRule>): object | undefined {
  if (!isRecord(given)) {
    broken.add("event");
    return undefined;
  }
  const { type, ...others } = accepted(given, MECHANISM_FIELDS, broken);
  const text = textField(type, MAX_TYPE_LENGTH)?.trim() || "generic";
  if (text !== type) broken.add("event");
  return { ...others, type: text };
}

function accepted(given: Fields, shapes: Shapes, broken: Set<ValueRule>): Fields {
  const entries = Object.entries(given).filter(([, value]) => !isUnset(value));
  const valid = entries.filter((entry) => hasShape(entry, shapes));
  if (valid.length < entries.length) broken.add("event");
  return objectFrom(valid);
}

// Fields without a rule are kept unchanged.
function hasShape([name, value]: [string, unknown], shapes: Shapes): boolean {
  return !Object.hasOwn(shapes, name) || shapes[name]?.(value) === true;
}

function isUnset(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}
