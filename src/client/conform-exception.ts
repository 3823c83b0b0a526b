import { isRecord } from "../support/foreign.js";
import type { ValueRule } from "../protocol/relay-values.js";
import { textMember } from "../scope/valid-values.js";

type Members = Readonly<Record<string, unknown>>;
type Accepts = (value: unknown) => boolean;

const MAX_TYPE_LENGTH = 8392;

const isText: Accepts = (value) => typeof value === "string";
const isFlag: Accepts = (value) => typeof value === "boolean";
const isCount: Accepts = (value) => Number.isSafeInteger(value) && Number(value) >= 0;

const MEMBERS: Readonly<Record<string, Accepts>> = {
  module: isText,
  raw_stacktrace: isRecord,
  stacktrace: isRecord,
};

const MECHANISM_MEMBERS: Readonly<Record<string, Accepts>> = {
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

/** An exception that Relay takes as it is: it has a type or a value; undefined where it is none. */
export function conformException(given: unknown, broken: Set<ValueRule>): object | undefined {
  if (!isRecord(given)) {
    broken.add("event");
    return undefined;
  }
  const { type, mechanism, ...others } = accepted(given, MEMBERS, broken);
  const text = textMember(type, MAX_TYPE_LENGTH);
  const isNamed = Boolean(text) || Boolean(others["value"]);
  const valid =
    isNamed && text === type ? { ...others, type } : { ...others, type: text || "Error" };
  if (valid.type !== type) broken.add("event");
  const sent = isUnset(mechanism) ? undefined : conformMechanism(mechanism, broken);
  return sent === undefined ? valid : { ...valid, mechanism: sent };
}

function conformMechanism(given: unknown, broken: Set<ValueRule>): object | undefined {
  if (!isRecord(given)) {
    broken.add("event");
    return undefined;
  }
  const { type, ...others } = accepted(given, MECHANISM_MEMBERS, broken);
  const text = textMember(type, MAX_TYPE_LENGTH)?.trim() || "generic";
  if (text !== type) broken.add("event");
  return { ...others, type: text };
}

/** The members without those that have the wrong type. Members that are not named stay. */
function accepted(
  given: Members,
  shapes: Readonly<Record<string, Accepts>>,
  broken: Set<ValueRule>,
): Members {
  const entries = Object.entries(given).filter(([, value]) => !isUnset(value));
  const valid = entries.filter(
    ([name, value]) => !Object.hasOwn(shapes, name) || shapes[name]?.(value) === true,
  );
  if (valid.length < entries.length) broken.add("event");
  return Object.fromEntries(valid);
}

function isUnset(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}
