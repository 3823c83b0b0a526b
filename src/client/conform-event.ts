import { isRecord, setProperty } from "../support/foreign.js";
import { cut } from "../support/text.js";
import {
  validDist,
  validEnvironment,
  validEventTime,
  validLevel,
  validRelease,
  validTagValue,
} from "../protocol/relay-values.js";
import type { ValueRule } from "../protocol/relay-values.js";
import type { Breadcrumb } from "../scope/scope-data.js";
import { checkedBreadcrumb, checkedTag, checkedUser, textField } from "../scope/scope-values.js";
import { conformException, conformRequest } from "./conform-interfaces.js";
import { conformMeasurements, conformSpan, conformTrace } from "./conform-span.js";
import { SDK_INFO } from "./process-data.js";
import { jsonFormOf } from "./valid-event.js";

/** An event that Relay accepts unchanged, and the rules that the original event broke. */
export interface ConformedEvent<Event> {
  readonly event: Event;
  readonly broken: ReadonlySet<ValueRule>;
}

/** Returns a valid form of a value, or undefined to leave it out; adds the rule that the value broke to `broken`. */
type Conform = (value: unknown, broken: Set<ValueRule>) => unknown;

const MAX_NAME_LENGTH = 200;
const MAX_LOGGER_LENGTH = 64;
const MAX_MESSAGE_LENGTH = 8192;

// White space at the ends may be removed without counting as a broken rule.
function byRule(rule: ValueRule, valid: (value: unknown) => string | undefined): Conform {
  return (value, broken) => {
    const sent = valid(value);
    if (sent !== (typeof value === "string" ? value.trim() : value)) broken.add(rule);
    return sent;
  };
}

const text = (max: number): Conform =>
  byRule("event", (value) => textField(value, max)?.trim() || undefined);

// Leaves out a value that `accepts` rejects.
function shaped(rule: ValueRule, accepts: (value: unknown) => boolean): Conform {
  return (value, broken) => {
    if (accepts(value)) return value;
    broken.add(rule);
    return undefined;
  };
}

const record = shaped("event", isRecord);
const asItIs: Conform = (value) => value;

// Applies `part` to each element of an array.
function each(rule: ValueRule, part: Conform): Conform {
  return (value, broken) => {
    if (!Array.isArray(value)) return shaped(rule, () => false)(value, broken);
    return (value as unknown[])
      .map((field) => part(field, broken))
      .filter((field) => field !== undefined);
  };
}

function values(rule: ValueRule, part: Conform): Conform {
  return (value, broken) => {
    const fields = isRecord(value) ? value["values"] : value;
    return { values: each(rule, part)(fields, broken) ?? [] };
  };
}

// Keyed by the copies that events share (`copyOfEvent`), so that each is checked once.
const validBreadcrumbs = new WeakMap<object, Breadcrumb>();

const breadcrumb: Conform = (value, broken) => {
  // A `WeakMap` has no value for what is no object.
  const known = validBreadcrumbs.get(value as object);
  if (known !== undefined) return known;
  if (!isRecord(value)) return shaped("breadcrumb", () => false)(value, broken);
  const { value: crumb, isBroken } = checkedBreadcrumb({ ...value });
  if (isBroken) broken.add("breadcrumb");
  // Without a time of its own it gets that of each event.
  else if (value["timestamp"] !== undefined) validBreadcrumbs.set(value, crumb);
  return crumb;
};

const user: Conform = (given, broken) => {
  if (!isRecord(given)) return shaped("user", () => false)(given, broken);
  const { value, isBroken } = checkedUser({ ...given });
  if (isBroken) broken.add("user");
  return value;
};

const tags: Conform = (given, broken) => {
  if (!isRecord(given)) return shaped("tagValue", () => false)(given, broken);
  const sent: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    const tag = checkedTag(name, value);
    if (tag.broken !== undefined) broken.add(tag.broken);
    if (tag.key !== undefined && tag.value !== undefined) setProperty(sent, tag.key, tag.value);
  }
  return sent;
};

const contexts: Conform = (given, broken) => {
  if (!isRecord(given)) return shaped("event", () => false)(given, broken);
  const entries = Object.entries(given).map(([name, context]) => [
    name,
    name === "trace" ? conformTrace(context, broken) : record(jsonFormOf(context), broken),
  ]);
  return Object.fromEntries(entries.filter(([, context]) => context !== undefined)) as object;
};

// Relay adds an error to an event whose SDK has no name or no version.
const sdk: Conform = (given, broken) => {
  if (isRecord(given) && ["name", "version"].every((name) => typeof given[name] === "string"))
    return given;
  broken.add("event");
  return isRecord(given) ? { ...given, ...SDK_INFO } : SDK_INFO;
};

const modules: Conform = (given, broken) => {
  if (!isRecord(given)) return record(given, broken);
  const texts = Object.entries(given).filter(([, version]) => typeof version === "string");
  if (texts.length < Object.keys(given).length) broken.add("event");
  return Object.fromEntries(texts);
};

const eventTime: Conform = (value, broken) => {
  const sent = validEventTime(value, Date.now() / 1000);
  if (sent !== value) broken.add("timestamp");
  return sent;
};

const FIELDS: Readonly<Record<string, Conform>> = {
  breadcrumbs: values("breadcrumb", breadcrumb),
  checksum: text(64),
  contexts,
  culprit: text(MAX_NAME_LENGTH),
  debug_meta: record,
  dist: byRule("dist", validDist),
  environment: byRule("environment", validEnvironment),
  event_id: asItIs,
  exception: values("event", conformException),
  extra: record,
  fingerprint: each("event", (part) => textField(part, MAX_MESSAGE_LENGTH)),
  level: byRule("level", validLevel),
  logentry: record,
  logger: byRule("event", (value) =>
    typeof value === "string"
      ? cut(value.replaceAll(/\p{Cc}/gu, " "), MAX_LOGGER_LENGTH)
      : undefined,
  ),
  measurements: conformMeasurements,
  message: text(MAX_MESSAGE_LENGTH),
  modules,
  platform: shaped("event", (value) => typeof value === "string"),
  release: byRule("release", validRelease),
  request: conformRequest,
  sdk,
  server_name: byRule("serverName", validTagValue),
  spans: each("span", conformSpan),
  start_timestamp: asItIs,
  tags,
  threads: record,
  timestamp: eventTime,
  transaction: text(MAX_NAME_LENGTH),
  transaction_info: record,
  type: asItIs,
  user,
};

function fieldRule(name: string): Conform | undefined {
  return Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
}

/**
 * Makes an event valid that the application may have changed or created. Relay would answer 200 and delete the values
 * that break its rules, and Sentry would show an error on the event. Throws what a getter of the event throws.
 */
export function conformEvent<Event extends object>(given: Event): ConformedEvent<Event> {
  const broken = new Set<ValueRule>();
  const event: Record<string, unknown> = {};
  const isTransaction = "type" in given && given.type === "transaction";
  for (const [name, field] of Object.entries(given)) {
    const value = jsonFormOf(field);
    if (value === undefined || value === null) continue;
    const isItsPeriod = isTransaction && name === "timestamp";
    const conform = isItsPeriod ? asItIs : fieldRule(name);
    if (conform === undefined) broken.add("event");
    const sent = conform?.(value, broken);
    if (sent !== undefined) setProperty(event, name, sent);
  }
  return { event: event as Event, broken };
}
