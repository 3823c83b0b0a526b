import { expect, it } from "vitest";

import { encodeEnvelope, stampedBytes } from "../../src/protocol/envelope.js";
import { readEnvelope } from "../../src/testing/envelope-reader.js";
import type { ReadEnvelope } from "../../src/testing/envelope-reader.js";
import { transactionFaults } from "./transaction-rules.js";

const EVENT_ID = "a3d9f1c05e7b4c2e8d6f0b1a2c3d4e5f";
const TRACE_ID = "4c79f60c11214eb38604f4ae0781bfb2";
const ROOT = {
  trace_id: TRACE_ID,
  span_id: "b01b9f6349558cd1",
  op: "http.server",
  origin: "auto.http.otel.http",
  status: "ok",
  data: {},
};
const CHILD = {
  ...ROOT,
  span_id: "8c931f4740435fb8",
  parent_span_id: ROOT.span_id,
  start_timestamp: 1_795_341_600.2,
  timestamp: 1_795_341_600.31,
};
const EVENT = {
  event_id: EVENT_ID,
  type: "transaction",
  platform: "node",
  transaction: "GET /orders/:id",
  transaction_info: { source: "route" },
  start_timestamp: 1_795_341_600.123,
  timestamp: 1_795_341_600.456,
  contexts: { trace: ROOT },
  spans: [CHILD],
  tags: { region: "eu" },
  measurements: { "queue.depth": { value: 3, unit: "none" } },
};

function envelopeOf(payload: string, eventId: string = EVENT_ID): ReadEnvelope {
  const envelope = encodeEnvelope({
    eventId,
    category: "transaction",
    itemType: "transaction",
    payload,
    headerJson: `,"sdk":{"name":"acme.otel.node","version":"1.0.0"},"trace":{"trace_id":"${TRACE_ID}","public_key":"k"}`,
    contents: [],
  });
  stampedBytes(envelope, 1_795_341_600_000);
  return readEnvelope(envelope.body);
}

function faultsOf(change: object): string[] {
  return transactionFaults([envelopeOf(JSON.stringify({ ...EVENT, ...change }))]);
}

it("has nothing against the example of the protocol", () => {
  expect(faultsOf({})).toEqual([]);
});

it.each<[string, object]>([
  ["a child that ends before it starts", { spans: [{ ...CHILD, timestamp: 1 }] }],
  ["a child without a start", { spans: [{ ...CHILD, start_timestamp: undefined }] }],
  ["a transaction without a start", { start_timestamp: null }],
  ["a transaction that ends before it starts", { timestamp: 1_795_341_600 }],
  ["a trace id in upper case", { spans: [{ ...CHILD, trace_id: TRACE_ID.toUpperCase() }] }],
  ["a span id of zeros", { spans: [{ ...CHILD, span_id: "0000000000000000" }] }],
  ["a child of another trace", { spans: [{ ...CHILD, trace_id: "a".repeat(32) }] }],
  ["an unknown parent", { spans: [{ ...CHILD, parent_span_id: "1111111111111111" }] }],
  ["the same span twice", { spans: [CHILD, CHILD] }],
  ["a status that is none", { spans: [{ ...CHILD, status: "failed" }] }],
  ["a source that is none", { transaction_info: { source: "unknown" } }],
  ["a name of 201 characters", { transaction: "n".repeat(201) }],
  [
    "more than 1000 spans",
    {
      spans: Array.from({ length: 1001 }, (_, index) => ({
        ...CHILD,
        span_id: index.toString(16).padStart(16, "1"),
      })),
    },
  ],
  ["an empty list of links", { contexts: { trace: { ...ROOT, links: [] } } }],
  [
    "a link with a trace state",
    {
      contexts: {
        trace: {
          ...ROOT,
          links: [{ trace_id: TRACE_ID, span_id: CHILD.span_id, sampled: true, traceState: {} }],
        },
      },
    },
  ],
  ["empty measurements", { measurements: {} }],
  ["a tag with a newline", { tags: { region: "eu\nus" } }],
  ["a lone surrogate in a value", { extra: { text: "\ud800" } }],
  ["a lone surrogate in a key", { extra: { "\ud800": 1 } }],
  ["a null among the spans", { spans: [null] }],
  ["a release of 201 characters", { release: "r".repeat(201) }],
  ["a member that the server owns", { received: 1 }],
])("finds %s", (_, change) => {
  expect(faultsOf(change)).not.toEqual([]);
});

it("refuses an item of more than 1 MiB before it is looked at", () => {
  expect(() => faultsOf({ extra: { text: "ä".repeat(524_288) } })).toThrow(
    "has more than 1048576 bytes",
  );
});

it("finds a key that stands twice, in whatever spelling and depth", () => {
  const payload = JSON.stringify({ ...EVENT, extra: { deep: {} } });
  const doubled = payload.replace('"deep":{}', String.raw`"deep":{"a":1,"b":{"a":2},"\u0061":3}`);
  expect(transactionFaults([envelopeOf(doubled)])).toEqual([
    'the key "a" stands twice in one object',
  ]);
});

it("finds an event id that is not its envelope's", () => {
  expect(transactionFaults([envelopeOf(JSON.stringify(EVENT), "b".repeat(32))])).toEqual([
    "not so: the envelope's event id is the event's",
  ]);
});
