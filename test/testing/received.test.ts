import * as fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";

import type { ReadEnvelope } from "../../src/testing/envelope-reader.js";
import { readEnvelope } from "../../src/testing/envelope-reader.js";
import { createMemoryTransport } from "../../src/testing/memory-transport.js";
import { startIngestServer } from "../../src/testing/ingest-server.js";
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
  ["with null for contexts", { ...transaction, contexts: null }],
])("a transaction that is %s is told at once", (_fault, payload) => {
  expect(() => transactionsOf([envelope("transaction", payload)])).toThrow(
    "lacks fields of its type `transaction`, or has some of a wrong type",
  );
});

const TYPES = [
  "event",
  "transaction",
  "feedback",
  "check_in",
  "client_report",
  "log",
  "trace_metric",
  "span",
  "session",
  "user_report",
];
const NO_OBJECTS = ["null", "1", "-0", '"text"', '""', "true", "[]", "[{}]", "", "{", "\\u0000"];

// The client writes the time of each attempt into its place.
const STAMPED = `{"sent_at":"${new Date(0).toISOString()}"}`;

function raw(type: string, payload: string): string {
  return `{}\n{"type":"${type}","length":${Buffer.byteLength(payload)}}\n${payload}\n`;
}

describe("an item whose payload is not an object", () => {
  it.each(TYPES)("is refused by the server, and takes no effect: %s", async (type) => {
    const server = await startIngestServer();
    onTestFinished(() => server.close());
    for (const payload of NO_OBJECTS) {
      const response = await fetch(server.tunnel, {
        method: "POST",
        body: raw(type, payload).replace("{}", `{"dsn":"${server.dsn}"}`),
      });
      expect([payload, response.status]).toEqual([payload, 400]);
    }
    expect(server.refusals).toHaveLength(NO_OBJECTS.length);
    expect([server.errors(), server.transactions(), server.envelopes]).toEqual([[], [], []]);
  });

  it("is a fault of the memory transport, of which the items can always be read", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...TYPES), fc.json(), async (type, payload) => {
        const transport = createMemoryTransport();
        const body = Buffer.from(raw(type, payload).replace("{}", STAMPED));
        const result = await transport.send({ body } as never);
        const isRead = transport.errors().length + transport.transactions().length > 0;
        expect(transport.faults).toHaveLength(result.outcome === "rejected" ? 1 : 0);
        const isValid = /^\s*\{/.test(payload) && type !== "transaction";
        const expected = isValid ? ["delivered", type === "event"] : ["rejected", false];
        expect([result.outcome, isRead]).toEqual(expected);
      }),
    );
  });
});
