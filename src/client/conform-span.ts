import { isRecord, setProperty } from "../support/foreign.js";
import { cut } from "../support/text.js";
import {
  MAX_MEASUREMENTS,
  validMeasurementName,
  validOrigin,
  validUnit,
} from "../protocol/relay-values.js";
import type { ValueRule } from "../protocol/relay-values.js";
import { SPAN_STATUSES } from "../semantics/infer-status.js";
import { hasValidIds, isSpanId, jsonFormOf } from "./valid-event.js";

const MAX_OP_LENGTH = 128;
const MAX_DESCRIPTION_LENGTH = 8192;

type Fields = Record<string, unknown>;

const isText = (value: unknown): value is string => typeof value === "string";

// Rules for fields of both child spans and trace contexts. A rule returns undefined to leave the field out.
const FIELDS: Readonly<Record<string, (value: unknown) => unknown>> = {
  data: (value) => (isRecord(value) ? value : undefined),
  description: (value) => (isText(value) ? cut(value, MAX_DESCRIPTION_LENGTH) : undefined),
  op: (value) => (isText(value) ? cut(value, MAX_OP_LENGTH) : undefined),
  is_segment: (value) => (typeof value === "boolean" ? value : undefined),
  parent_span_id: (value) => (isSpanId(value) ? value : undefined),
  status: (value) => (SPAN_STATUSES.has(value) ? value : undefined),
  tags: (value) => (isRecord(value) ? value : undefined),
  exclusive_time: (value) => (Number.isFinite(value) && Number(value) >= 0 ? value : undefined),
  links: (value) => (Array.isArray(value) ? value.filter(isLink) : undefined),
};

/** Returns a child span that Relay accepts unchanged; undefined if `span` is not an object. */
export function conformSpan(span: unknown, broken: Set<ValueRule>): object | undefined {
  if (!isRecord(span)) {
    broken.add("span");
    return undefined;
  }
  const valid = withFields(span, broken);
  const { measurements } = valid;
  return measurements === undefined
    ? valid
    : { ...valid, measurements: conformMeasurements(measurements, broken) };
}

/** Returns a trace context that Relay accepts unchanged, without a description; undefined if it has no valid ids. */
export function conformTrace(trace: unknown, broken: Set<ValueRule>): object | undefined {
  if (!isRecord(trace) || !hasValidIds(trace)) {
    broken.add("span");
    return undefined;
  }
  const { description, ...fields } = trace;
  if (description !== undefined) broken.add("span");
  return withFields(fields, broken);
}

function withFields(fields: Readonly<Fields>, broken: Set<ValueRule>): Fields {
  const valid: Fields = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = jsonFormOf(field);
    if (value === undefined || value === null) continue;
    const sent = name === "origin" ? originOf(value) : propertyOf(name, value);
    if (sent !== undefined) setProperty<unknown>(valid, name, sent);
    if (!isSame(sent, value)) broken.add(name === "origin" ? "origin" : "span");
  }
  return valid;
}

function propertyOf(name: string, value: unknown): unknown {
  const conform = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
  return conform === undefined ? value : conform(value);
}

function originOf(origin: unknown): string | undefined {
  return isText(origin) ? validOrigin(origin) : undefined;
}

// Arrays are filtered copies, so their lengths differ if an element was left out.
function isSame(sent: unknown, given: unknown): boolean {
  if (Array.isArray(sent) && Array.isArray(given)) return sent.length === given.length;
  return sent === given;
}

function isLink(link: unknown): boolean {
  return (
    isRecord(link) && hasValidIds(link) && ["boolean", "undefined"].includes(typeof link["sampled"])
  );
}

/** Returns the first ten measurements with valid names and values, which is what Relay accepts. */
export function conformMeasurements(given: unknown, broken: Set<ValueRule>): object | undefined {
  if (!isRecord(given)) {
    broken.add("measurement");
    return undefined;
  }
  const valid = new Map<string, object>();
  for (const [name, measure] of Object.entries(given)) {
    const sentName = validMeasurementName(name);
    const sent = measureOf(measure);
    if (sentName !== name || sent?.isValid !== true) broken.add("measurement");
    if (sentName !== undefined && sent !== undefined) valid.set(sentName, sent.measure);
  }
  if (valid.size > MAX_MEASUREMENTS) broken.add("measurement");
  return Object.fromEntries([...valid].slice(0, MAX_MEASUREMENTS));
}

function measureOf(measure: unknown): { measure: object; isValid: boolean } | undefined {
  if (!isRecord(measure)) return undefined;
  const { value, unit } = measure;
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  const sent = validUnit(unit);
  const isValid = sent === unit || unit === undefined || unit === "";
  return { measure: { value, unit: sent ?? "none" }, isValid };
}
