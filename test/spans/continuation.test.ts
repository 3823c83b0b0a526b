import { textOf } from "./assembler-kit.js";
import { expect, it } from "vitest";

import { Chunk } from "../../src/spans/chunk.js";
import { SpanEncoder } from "../../src/spans/span-encoder.js";
import { continuation, transactionFields } from "../../src/spans/transaction.js";
import type { SpanChanges } from "./hand-made-span.js";
import { spanOf } from "./hand-made-span.js";

const encoder = new SpanEncoder({ now: () => 0, onProblem: () => {} });

function continued(
  changes: SpanChanges,
  reason: "late" | "partial" = "partial",
): Record<string, unknown> & { contexts: { trace: Record<string, unknown> } } {
  const span = spanOf({ parentSpanId: "b01b9f6349558cd1", ...changes });
  const parts = continuation(new Chunk(encoder.span(span, "b01b9f6349558cd1"), 0, false), reason);
  const text = `{"event_id":"${"e".repeat(32)}",${textOf(transactionFields(parts.head, parts))},"contexts":{"trace":{${parts.head.traceContext}}}}`;
  return JSON.parse(text) as ReturnType<typeof continued>;
}

it("a continuation says of its first span all that a child would have said", () => {
  const changes = {
    name: "cart.load",
    attributes: {
      "sentry.op": "task",
      "a.b": [1, null, { c: "d" }],
      "http.response.status_code": 503,
    },
    events: [
      {
        name: "m",
        time: [1, 0] as const,
        attributes: { "sentry.measurement_value": 2, "sentry.measurement_unit": "none" },
      },
    ],
    links: [{ context: { traceId: "c".repeat(32), spanId: "d".repeat(16), traceFlags: 1 } }],
  };
  const span = spanOf({ ...changes, spanId: "8c931f4740435fb8" });
  const child = JSON.parse(encoder.span(span, "b01b9f6349558cd1")) as Record<string, unknown> & {
    data: object;
  };
  const event = continued({ ...changes, spanId: "8c931f4740435fb8" });
  // A trace context has no description in Relay's schema: it is the transaction's name.
  const {
    description,
    start_timestamp: start,
    timestamp: end,
    measurements,
    data,
    ...rest
  } = child;
  expect(event).toMatchObject({
    transaction: description,
    start_timestamp: start,
    timestamp: end,
    measurements,
  });
  expect(event.contexts.trace).toMatchObject(rest);
  expect(event.contexts.trace).not.toHaveProperty("description");
  expect(event.contexts.trace["data"]).toMatchObject(data);
});

it("its name is no route, and says so", () => {
  const event = continued({
    name: "GET",
    kind: 1,
    attributes: { "http.request.method": "GET", "http.route": "/a/:b" },
  });
  expect(event["transaction_info"]).toEqual({ source: "custom" });
});

it("only a late one is marked as coming after its parent", () => {
  expect(continued({}, "late").contexts.trace["data"]).toMatchObject({
    "sentry.parent_span_already_sent": true,
  });
  expect(continued({}, "partial").contexts.trace["data"]).not.toHaveProperty(
    "sentry.parent_span_already_sent",
  );
});

it.each([
  ["", "<unlabeled transaction>"],
  ["   ", "<unlabeled transaction>"],
  ["x".repeat(1000), `${"x".repeat(197)}...`],
  [`${"x".repeat(199)}  `, "x".repeat(199)],
  ["\ud800lone", "\ufffdlone"],
])("the name %j becomes %j", (name, transaction) => {
  expect(continued({ name })["transaction"]).toBe(transaction);
});

it("a continuation knows the bytes of its spans, also those of other alphabets", () => {
  const chunk = new Chunk(encoder.span(spanOf({ name: "première" }), undefined), 0, false);
  expect(continuation(chunk, "partial")).toMatchObject({ spans: "", spansBytes: 0 });
  for (const name of ["zweite ü", "三番目", "🛒"])
    chunk.add(encoder.span(spanOf({ name }), undefined));
  const { spans, spansBytes } = continuation(chunk, "partial");
  expect(spans).toContain("三番目");
  expect(spansBytes).toBe(Buffer.byteLength(spans));
});
