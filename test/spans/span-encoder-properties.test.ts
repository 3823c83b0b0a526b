import { textOf } from "./assembler-kit.js";
import { createTraceState } from "@opentelemetry/api";
import fc from "fast-check";
import { expect, it } from "vitest";

import { encodeEnvelope, stampedBytes } from "../../src/protocol/envelope.js";
import { readEnvelope } from "../../src/testing/envelope-reader.js";
import type { FinishedSpan, SpanEvent, SpanLink } from "../../src/trace/span.js";
import { SpanEncoder } from "../../src/spans/span-encoder.js";
import { transactionFields } from "../../src/spans/transaction.js";
import { transactionFaults } from "../protocol/transaction-rules.js";
import { NOW } from "./assembler-kit.js";
import { TRACE_ID, newSpanId, spanOf } from "./hand-made-span.js";
import { runs } from "../property/runs.js";
import { CHARACTER } from "../property/characters.js";

const anyText = fc.oneof(
  fc.string({ unit: CHARACTER }),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("", " ", "\ud800", '"', "\\", "\u2028", "__proto__"),
);
const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(0, -1, Number.NaN, 1e9, 200, 404, 503),
);
const time = fc.oneof(
  fc.tuple(
    fc.integer({ min: 1_600_000_000, max: 1_900_000_000 }),
    fc.integer({ min: 0, max: 999_999_999 }),
  ),
  fc.tuple(number, number),
);
const value = fc.oneof(
  anyText,
  number,
  fc.boolean(),
  fc.constantFrom(null, undefined, 10n, new Uint8Array([1, 2])),
  fc.array(fc.oneof(anyText, number, fc.constant(null)), { maxLength: 4 }),
  fc.dictionary(anyText, fc.oneof(anyText, number), { maxKeys: 3 }),
);
const key = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 30 }),
  fc.constantFrom(
    "http.request.method",
    "http.method",
    "http.route",
    "url.full",
    "http.url",
    "http.target",
    "url.path",
    "http.status_code",
    "http.response.status_code",
    "db.system",
    "db.system.name",
    "db.statement",
    "db.query.text",
    "messaging.system",
    "messaging.destination.name",
    "rpc.service",
    "rpc.method",
    "rpc.grpc.status_code",
    "faas.trigger",
    "gen_ai.operation.name",
    "graphql.operation.name",
    "sentry.op",
    "sentry.origin",
    "sentry.source",
    "sentry.custom_span_name",
    "sentry.sample_rate",
    "otel.kind",
    "code.function.name",
    "cache.key",
  ),
);
const attributes = fc.dictionary(key, value, { maxKeys: 8 });
const id = fc.oneof(
  fc.constantFrom(TRACE_ID, "b01b9f6349558cd1", "0".repeat(16), "0".repeat(32), "ABCDEF0123456789"),
  anyText,
);
const link: fc.Arbitrary<SpanLink> = fc.record({
  context: fc.record({
    traceId: id,
    spanId: id,
    traceFlags: fc.integer({ min: 0, max: 255 }),
    traceState: fc.constant(createTraceState("secret=1")),
  }),
  attributes: fc.option(attributes, { nil: undefined }),
});
const event: fc.Arbitrary<SpanEvent> = fc.record({
  name: anyText,
  time,
  attributes: fc.option(
    fc.oneof(
      attributes,
      fc.record({ "sentry.measurement_value": number, "sentry.measurement_unit": anyText }),
    ),
    { nil: undefined },
  ),
});
const status = fc.record({
  code: fc.integer({ min: 0, max: 3 }),
  message: fc.option(fc.oneof(anyText, fc.constant("not_found")), { nil: undefined }),
});
const span: fc.Arbitrary<Partial<FinishedSpan>> = fc.record({
  name: anyText,
  kind: fc.integer({ min: 0, max: 5 }),
  startTime: time,
  endTime: time,
  status,
  attributes,
  links: fc.array(link, { maxLength: 3 }),
  events: fc.array(event, { maxLength: 3 }),
  instrumentationScope: fc.record({
    name: anyText,
    version: fc.option(anyText, { nil: undefined }),
  }),
  droppedAttributesCount: fc.nat(5),
  droppedEventsCount: fc.nat(5),
  droppedLinksCount: fc.nat(5),
});

const EVENT_ID = "e".repeat(32);

function faultsOf(
  root: Partial<FinishedSpan>,
  children: readonly Partial<FinishedSpan>[],
): string[] {
  const encoder = new SpanEncoder({ now: () => NOW, onProblem: () => {} });
  const head = encoder.head(spanOf(root), 0.5);
  const spans = children.map((changes) =>
    encoder.span(spanOf({ ...changes, spanId: newSpanId() }), head.spanId),
  );
  const fields = textOf(transactionFields(head, { spans: spans.join(","), spansBytes: 0 }));
  const envelope = encodeEnvelope({
    eventId: EVENT_ID,
    category: "transaction",
    itemType: "transaction",
    payload: `{"event_id":"${EVENT_ID}",${fields},"contexts":{"trace":{${head.traceContext}}}}`,
    headerJson: ',"sdk":{"name":"test","version":"1"}',
    contents: [],
  });
  stampedBytes(envelope, NOW);
  return transactionFaults([readEnvelope(envelope.body)]);
}

it("spans with random times, names, attributes, statuses, links and events are valid by Relay's rules", () => {
  fc.assert(
    fc.property(span, fc.array(span, { maxLength: 5 }), (root, children) => {
      expect(faultsOf(root, children)).toEqual([]);
    }),
    { numRuns: runs(1000) },
  );
});

it("spans whose fields have random values of any type never throw more than the span itself", () => {
  const garbage = fc.dictionary(
    fc.constantFrom(
      "name",
      "kind",
      "startTime",
      "endTime",
      "status",
      "attributes",
      "links",
      "events",
      "instrumentationScope",
      "droppedLinksCount",
    ),
    fc.anything({ withBigInt: true, withNullPrototype: true, stringUnit: CHARACTER }),
    { minKeys: 1, maxKeys: 3 },
  );
  const encoder = new SpanEncoder({ now: () => NOW, onProblem: () => {} });
  fc.assert(
    fc.property(garbage, (fields) => {
      let text: string;
      try {
        text = encoder.span(spanOf(fields), undefined);
      } catch {
        return;
      }
      expect(() => JSON.parse(text) as unknown).not.toThrow();
    }),
    { numRuns: runs(1000) },
  );
});
