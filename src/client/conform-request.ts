import { isRecord } from "../support/foreign.js";
import type { ValueRule } from "../protocol/relay-values.js";

type Accepts = (value: unknown) => boolean;

const isText: Accepts = (value) => typeof value === "string";
const isPairs: Accepts = (value) => isRecord(value) || Array.isArray(value);
const isQuery: Accepts = (value) => isText(value) || isPairs(value);

// A text without a pair, such as `[Filtered]`, is no cookie header to Relay.
const isCookies: Accepts = (value) => {
  if (typeof value === "string")
    return value.split(";").every((pair) => pair.trim() === "" || pair.includes("="));
  return isRecord(value) ? Object.values(value).every(isText) : Array.isArray(value);
};

const MEMBERS: Readonly<Record<string, Accepts>> = {
  body_size: (value) => Number.isInteger(value) && Number(value) >= 0,
  cookies: isCookies,
  env: isRecord,
  fragment: isText,
  headers: isPairs,
  method: (value) => typeof value === "string" && /^[a-z_-]{1,32}$/i.test(value),
  query_string: isQuery,
  url: isText,
};

/** A request without the members that Relay would delete (protocol: request interface). */
export function conformRequest(value: unknown, broken: Set<ValueRule>): object | undefined {
  if (!isRecord(value)) {
    broken.add("request");
    return undefined;
  }
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  const valid = members.filter(
    ([name, member]) => !Object.hasOwn(MEMBERS, name) || MEMBERS[name]?.(member) === true,
  );
  if (valid.length < members.length) broken.add("request");
  return Object.fromEntries(valid);
}
