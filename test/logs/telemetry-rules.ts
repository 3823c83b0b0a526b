import { parseEnvelope } from "@sentry/core";

import type { ReadEnvelope, ReadItem } from "../../src/testing/envelope-reader.js";
import { illFormedTexts, repeatedKeys } from "../protocol/strict-json.js";

/** An attribute as the server gets it. */
export interface SentAttribute {
  readonly type: string;
  readonly value: unknown;
  readonly unit?: string;
}

/** A log or a value of a metric as the server gets it. */
export interface SentItem {
  readonly timestamp: number;
  readonly trace_id: string;
  readonly span_id?: string;
  readonly attributes: Readonly<Record<string, SentAttribute>>;
}

export interface SentLog extends SentItem {
  readonly level: string;
  readonly body: string;
  readonly severity_number: number;
}

export interface SentMetric extends SentItem {
  readonly name: string;
  readonly type: string;
  readonly value: number;
  readonly unit?: string;
}

interface Rules {
  readonly itemType: string;
  readonly contentType: string;
  readonly maxItems: number;
  readonly required: readonly string[];
  readonly optional: readonly string[];
  readonly check: (item: Record<string, unknown>) => void;
}

const SEVERITY = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 };

const LOG_RULES: Rules = {
  itemType: "log",
  contentType: "application/vnd.sentry.items.log+json",
  maxItems: 100,
  required: ["timestamp", "trace_id", "level", "body", "attributes", "severity_number"],
  optional: ["span_id"],
  check({ level, body, severity_number: severity }) {
    must(Object.hasOwn(SEVERITY, String(level)), `level ${String(level)}`);
    must(severity === SEVERITY[level as keyof typeof SEVERITY], `severity ${String(severity)}`);
    must(typeof body === "string", "body");
  },
};

const METRIC_RULES: Rules = {
  itemType: "trace_metric",
  contentType: "application/vnd.sentry.items.trace-metric+json",
  maxItems: 100,
  required: ["timestamp", "trace_id", "name", "type", "value", "attributes"],
  optional: ["span_id", "unit"],
  check({ name, type, value, unit }) {
    must(typeof name === "string" && name !== "" && name.length <= 200, "name");
    must(["counter", "gauge", "distribution"].includes(String(type)), `type ${String(type)}`);
    must(Number.isFinite(value), `value ${String(value)}`);
    must(unit === undefined || (typeof unit === "string" && unit !== ""), "unit");
  },
};

/** The logs in these envelopes, in order; throws where one of them breaks the protocol. */
export function logsOf(envelopes: Iterable<ReadEnvelope>): SentLog[] {
  return itemsOf(envelopes, LOG_RULES) as SentLog[];
}

/** The same for metrics. */
export function metricsOf(envelopes: Iterable<ReadEnvelope>): SentMetric[] {
  return itemsOf(envelopes, METRIC_RULES) as SentMetric[];
}

/** The attributes by key, as plain values. */
export function valuesOf(item: SentItem | undefined): Record<string, unknown> {
  const attributes = item?.attributes ?? {};
  return Object.fromEntries(Object.entries(attributes).map(([key, { value }]) => [key, value]));
}

function itemsOf(envelopes: Iterable<ReadEnvelope>, rules: Rules): unknown[] {
  return [...envelopes].flatMap((envelope) => {
    const containers = envelope.items.filter(({ header }) => header.type === rules.itemType);
    if (containers.length === 0) return [];
    // Only client reports may come along.
    must(containers.length === 1, "one container per envelope");
    for (const { header } of envelope.items)
      must([rules.itemType, "client_report"].includes(header.type), `item ${header.type}`);
    must(!("trace" in envelope.header), "no `trace` header");
    must(!("event_id" in envelope.header), "no event id");
    return containers.flatMap((container) => containerItems(container, rules));
  });
}

function containerItems(container: ReadItem, rules: Rules): unknown[] {
  const text = new TextDecoder().decode(container.payload);
  must(repeatedKeys(text).length === 0, `repeated keys ${repeatedKeys(text).join()}`);
  must(container.payload.length <= 12 * 2 ** 20, "container size");
  must(isReadByPeer(container), "@sentry/core reads the same");
  const payload = container.json() as { version: unknown; items: Record<string, unknown>[] };
  must(payload.version === 2 && Object.keys(payload).length === 2, "version");
  const { items } = payload;
  must(container.header["item_count"] === items.length, "item_count");
  must(items.length > 0 && items.length <= rules.maxItems, `${items.length} items`);
  must(container.header["content_type"] === rules.contentType, "content_type");
  must(illFormedTexts(payload).length === 0, "lone surrogates");
  for (const item of items) checkItem(item, rules);
  return items;
}

function isReadByPeer(container: ReadItem): boolean {
  const head = Buffer.from(`{}\n${JSON.stringify(container.header)}\n`);
  const [, items] = parseEnvelope(Buffer.concat([head, container.payload, Buffer.from("\n")]));
  const payload = items[0]?.[1];
  return payload instanceof Uint8Array && Buffer.compare(payload, container.payload) === 0;
}

function checkItem(item: Record<string, unknown>, rules: Rules): void {
  for (const key of rules.required) must(key in item, `${key} is missing`);
  for (const key of Object.keys(item))
    must([...rules.required, ...rules.optional].includes(key), `unknown ${key}`);
  const { timestamp, trace_id: traceId, span_id: spanId } = item;
  must(Number.isFinite(timestamp) && Number(timestamp) > 0, `timestamp ${String(timestamp)}`);
  must(/^(?!0+$)[0-9a-f]{32}$/.test(String(traceId)), `trace_id ${String(traceId)}`);
  must(isSpanId(spanId), "span_id");
  const attributes = Object.entries(item["attributes"] as Record<string, unknown>);
  for (const [key, attribute] of attributes) checkAttribute(key, attribute);
  for (const key of ["sentry.environment", "sentry.sdk.name", "sentry.sdk.version"])
    must(
      attributes.some(([name]) => name === key),
      `${key} is missing`,
    );
  rules.check(item);
}

function isSpanId(id: unknown): boolean {
  return id === undefined || (typeof id === "string" && /^(?!0+$)[0-9a-f]{16}$/.test(id));
}

/** Throws unless the attribute is typed as the protocol has it. */
export function checkAttribute(key: string, attribute: unknown): true {
  const { type, value, unit, ...rest } = attribute as Record<string, unknown>;
  must(Object.keys(rest).length === 0, `members of ${key}`);
  must(unit === undefined || typeof unit === "string", `unit of ${key}`);
  must(isOfType(value, type), `${key}: ${String(type)} ${JSON.stringify(value)}`);
  return true;
}

function isOfType(value: unknown, type: unknown): boolean {
  switch (type) {
    case "string":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "integer":
      return Number.isInteger(value) && Math.abs(Number(value)) <= 2 ** 63;
    case "double":
      return Number.isFinite(value);
    case "array":
      return Array.isArray(value) && isPrimitiveList(value);
    default:
      return false;
  }
}

function isPrimitiveList(list: readonly unknown[]): boolean {
  const types = new Set(list.map((item) => typeof item));
  return types.size <= 1 && [...types].every((type) => /^(?:boolean|number|string)$/.test(type));
}

function must(holds: boolean, rule: string): void {
  if (!holds) throw new Error(`against the protocol: ${rule}`);
}
