import { expect } from "vitest";

import type { ReadEnvelope, ReadItem } from "../../src/testing/envelope-reader.js";
import {
  SPAN_ID,
  TRACE_ID,
  faultsOf,
  isRecord,
  isText,
  lengthFaults,
  linkFaults,
  measurementFaults,
  recordOf,
  tagFaults,
} from "./field-rules.js";
import type { Json } from "./field-rules.js";
import { illFormedTexts, repeatedKeys } from "./strict-json.js";

/** Settings of the check. */
export interface TransactionRules {
  /** Ids of spans that are in no transaction but may be parents: remote spans, and spans that are still open. */
  readonly knownParents?: ReadonlySet<string>;
  /** Default true: no span is sent twice. */
  readonly areIdsUnique?: boolean;
}

const MAX_ITEM_BYTES = 1_048_576;
const MAX_SPANS = 1000;
const EVENT_ID = /^[0-9a-f]{32}$/;
const SENT_AT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const SOURCES = new Set(["custom", "url", "route", "view", "component", "task"]);
const STATUSES = new Set([
  "ok",
  "cancelled",
  "unknown_error",
  "invalid_argument",
  "deadline_exceeded",
  "not_found",
  "already_exists",
  "permission_denied",
  "resource_exhausted",
  "failed_precondition",
  "aborted",
  "out_of_range",
  "unimplemented",
  "internal_error",
  "unavailable",
  "data_loss",
  "unauthenticated",
]);
const SERVER_OWNED = [
  "received",
  "project",
  "culprit",
  "metadata",
  "title",
  "key_id",
  "_metrics_summary",
];
const LENGTHS: Readonly<Record<string, number>> = {
  release: 200,
  environment: 64,
  dist: 64,
  server_name: 256,
};

/** Asserts that Relay would accept every transaction unchanged. */
export function expectValidTransactions(
  envelopes: readonly ReadEnvelope[],
  rules: TransactionRules = {},
): void {
  expect(transactionFaults(envelopes, rules)).toEqual([]);
}

/** Returns the violations for which Relay would reject or repair transactions in these envelopes; other items are ignored. */
export function transactionFaults(
  envelopes: readonly ReadEnvelope[],
  { knownParents = new Set(), areIdsUnique = true }: TransactionRules = {},
): string[] {
  const events: Json[] = [];
  const faults = envelopes.flatMap((envelope) =>
    envelope.items
      .filter((item) => item.header.type === "transaction")
      .flatMap((item) => {
        const event = recordOf(item.json());
        events.push(event);
        const frame = { envelope, item, event };
        return [...frameFaults(frame), ...textFaults(frame), ...eventFaults(event)];
      }),
  );
  return [...faults, ...familyFaults(events, { knownParents, areIdsUnique })];
}

interface Frame {
  readonly envelope: ReadEnvelope;
  readonly item: ReadItem;
  readonly event: Json;
}

function frameFaults({ envelope: { header, items }, item, event }: Frame): string[] {
  const trace = recordOf(header["trace"] ?? {});
  const traceTexts = Object.values(trace).every((value) => typeof value === "string");
  return faultsOf([
    // Any envelope may contain a client report.
    [
      "an envelope holds one transaction and nothing else",
      items.filter(({ header: { type } }) => type !== "client_report").length === 1,
    ],
    ["the item says how long it is", item.header.length === item.payload.length],
    [`the item has ${item.payload.length} bytes`, item.payload.length <= MAX_ITEM_BYTES],
    ["the envelope's event id is the event's", header["event_id"] === event["event_id"]],
    ["sent_at is a time", SENT_AT.test(String(header["sent_at"]))],
    [
      "the sdk has a name and a version",
      isText(recordOf(header["sdk"])["name"]) && isText(recordOf(header["sdk"])["version"]),
    ],
    [`the trace header is made of strings: ${JSON.stringify(trace)}`, traceTexts],
    [
      "the trace header names trace and key",
      header["trace"] === undefined ||
        (TRACE_ID.test(String(trace["trace_id"])) && isText(trace["public_key"])),
    ],
  ]);
}

function textFaults({ item, event }: Frame): string[] {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(item.payload);
  return [
    ...repeatedKeys(text).map(
      (key) => `the key ${JSON.stringify(key.slice(0, 50))} stands twice in one object`,
    ),
    ...illFormedTexts(event).map(
      (value) => `lone surrogate in ${JSON.stringify(value.slice(0, 50))}`,
    ),
  ];
}

function eventFaults(event: Json): string[] {
  const spans = Array.isArray(event["spans"]) ? event["spans"] : [];
  const trace = recordOf(recordOf(event["contexts"])["trace"]);
  const name = event["transaction"];
  return [
    ...faultsOf([
      ["the type is transaction", event["type"] === "transaction"],
      ["the event id is 32 hex digits", EVENT_ID.test(String(event["event_id"]))],
      ["the platform is node", event["platform"] === "node"],
      [
        `the name ${JSON.stringify(name)} is a trimmed text of 1 to 200 characters`,
        isText(name) && name.trim() === name && name.length <= 200,
      ],
      [
        "the source is of the vocabulary",
        SOURCES.has(String(recordOf(event["transaction_info"])["source"])),
      ],
      ["spans is a list", Array.isArray(event["spans"])],
      [`there are ${spans.length} spans`, spans.length <= MAX_SPANS],
    ]),
    ...SERVER_OWNED.filter((key) => key in event).map((key) => `${key} is the server's`),
    ...timeFaults(event, "transaction"),
    ...traceFaults(trace),
    ...spans.flatMap((span) => [
      ...traceFaults(recordOf(span)),
      ...timeFaults(recordOf(span), "span"),
    ]),
    ...measurementFaults(event["measurements"]),
    ...tagFaults(event["tags"]),
    ...Object.entries(LENGTHS).flatMap(([key, max]) => lengthFaults(event, key, max)),
    ...spans
      .filter((span) => recordOf(span)["trace_id"] !== trace["trace_id"])
      .map(
        (span) =>
          `span ${String(recordOf(span)["span_id"])} is of another trace than its transaction`,
      ),
  ];
}

function timeFaults(value: Json, what: string): string[] {
  const start = value["start_timestamp"];
  const end = value["timestamp"];
  const areTimes = isTime(start) && isTime(end);
  return faultsOf([
    [`${what}: ${String(start)} and ${String(end)} are times`, areTimes],
    [
      `${what}: the end ${String(end)} is not before the start ${String(start)}`,
      !areTimes || end >= start,
    ],
  ]);
}

// The fields that the trace context and an entry of `spans` have in common.
function traceFaults(span: Json): string[] {
  const parent = span["parent_span_id"];
  const who = `span ${String(span["span_id"])}`;
  return [
    ...faultsOf([
      [
        `${who}: the trace id ${String(span["trace_id"])} is valid`,
        TRACE_ID.test(String(span["trace_id"])),
      ],
      [`${who}: the span id is valid`, SPAN_ID.test(String(span["span_id"]))],
      [
        `${who}: the parent id ${String(parent)} is valid`,
        parent === undefined || isSpanId(parent),
      ],
      [
        `${who}: the status ${String(span["status"])} is of the vocabulary`,
        STATUSES.has(String(span["status"])),
      ],
      [
        `${who}: the op is a short text`,
        span["op"] === undefined || (isText(span["op"]) && span["op"].length <= 128),
      ],
      [
        `${who}: the origin is a short text`,
        isText(span["origin"]) && span["origin"].length <= 128,
      ],
      [`${who}: data is an object`, isRecord(span["data"])],
    ]),
    ...linkFaults(span["links"]),
    ...measurementFaults(span["measurements"]),
  ];
}

// Across all transactions, each span is sent once and each parent is known.
function familyFaults(
  events: readonly Json[],
  { knownParents, areIdsUnique }: Required<TransactionRules>,
): string[] {
  const spans = events.flatMap((event) => spansOf(event));
  const ids = spans.map((span) => String(span["span_id"]));
  const known = new Set([...ids, ...knownParents]);
  const twice = areIdsUnique ? ids.length - new Set(ids).size : 0;
  const unknown = spans.filter(
    ({ parent_span_id: id }) => typeof id === "string" && !known.has(id),
  );
  const ownParents = spans.filter((span) => span["parent_span_id"] === span["span_id"]);
  return [
    ...(areIdsUnique
      ? ownParents.map((span) => `span ${String(span["span_id"])} is its own parent`)
      : []),
    ...(twice === 0 ? [] : [`${twice} spans were sent more than once`]),
    ...unknown.map(
      (span) =>
        `span ${String(span["span_id"])} has the unknown parent ${String(span["parent_span_id"])}`,
    ),
  ];
}

/** Returns all spans of a transaction event, the root first. */
export function spansOf(event: Json): Json[] {
  const spans = Array.isArray(event["spans"]) ? event["spans"] : [];
  return [recordOf(recordOf(event["contexts"])["trace"]), ...spans.map((span) => recordOf(span))];
}

function isSpanId(value: unknown): boolean {
  return typeof value === "string" && SPAN_ID.test(value);
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
