import { expect, it } from "vitest";

import type { ReadEnvelope } from "../../src/testing/envelope-reader.js";
import { readEnvelope } from "../../src/testing/envelope-reader.js";
import { errorsOf, transactionsOf } from "../../src/testing/received.js";

function envelope(type: string, payload: unknown): ReadEnvelope {
  return readEnvelope(Buffer.from(`{}\n{"type":"${type}"}\n${JSON.stringify(payload)}\n`));
}

const transaction = {
  type: "transaction",
  transaction: "GET /",
  start_timestamp: 1.5,
  timestamp: 2,
  contexts: { trace: { trace_id: "t", span_id: "s" } },
  spans: [{ span_id: "c", trace_id: "t", start_timestamp: 1.5, timestamp: 2 }],
};

it("transactions and errors are told apart by their item, in order", () => {
  const envelopes = [
    envelope("event", { message: "first" }),
    envelope("transaction", transaction),
    envelope("event", { message: "second" }),
  ];
  expect(transactionsOf(envelopes)).toEqual([transaction]);
  expect(errorsOf(envelopes).map(({ message }) => message)).toEqual(["first", "second"]);
});

it.each([
  ["no object", 1],
  ["of another type", { ...transaction, type: "event" }],
  ["without spans", { ...transaction, spans: undefined }],
  ["without a start", { ...transaction, start_timestamp: "1" }],
  ["without contexts", { ...transaction, contexts: undefined }],
])("a transaction that is %s is told at once", (_fault, payload) => {
  expect(() => transactionsOf([envelope("transaction", payload)])).toThrow(
    "not of the shape of its type `transaction`",
  );
});
