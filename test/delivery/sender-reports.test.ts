import { expect, it } from "vitest";

import { createClientReports } from "../../src/client-reports/client-reports.js";
import { DiscardLedger } from "../../src/client-reports/ledger.js";
import type { EncodedEnvelope } from "../../src/protocol/envelope.js";
import { readEnvelope } from "../../src/testing/envelope-reader.js";
import { heldTransport } from "./held-transport.js";
import type { Bench } from "./sender-bench.js";
import { answer, bench, failure } from "./sender-bench.js";
import { envelopeOf } from "./support.js";

const LOST = [{ category: "transaction", quantity: 3 }] as const;

function reportingBench({ isReachable = true } = {}): Bench & { ledger: DiscardLedger } {
  const ledger = new DiscardLedger();
  const reports = createClientReports({ ledger });
  const held = heldTransport();
  const transport = Object.assign(held, { isReachable });
  return { ...bench({ reports, recorder: ledger, transport }, held), ledger };
}

function itemTypes(envelopes: readonly EncodedEnvelope[]): string[][] {
  return envelopes.map(({ body }) => readEnvelope(body).items.map(({ header }) => header.type));
}

it("losses are reported with the next envelope, at most every 30 seconds", async () => {
  const { sender, transport, timers, ledger, clock } = reportingBench();
  for (const wait of [0, 29_000, 1000]) {
    clock.now += wait;
    ledger.record("sample_rate", LOST);
    sender.enqueue(envelopeOf());
    await timers.turn();
  }
  expect(itemTypes(transport.sent)).toEqual([
    ["transaction", "client_report"],
    ["transaction"],
    ["transaction", "client_report"],
  ]);
});

it.each([
  ["no answer", failure("ECONNRESET")],
  ["a refusal", answer(413)],
  ["a limit", answer(429, "60:transaction:key")],
])("a report that met with %s is told again, and no report tells of it", async (_which, result) => {
  const { sender, transport, timers, ledger } = reportingBench();
  ledger.record("sample_rate", LOST);
  sender.enqueue(envelopeOf("error"));
  await timers.turn();
  transport.release(result);
  await timers.turn();
  expect(ledger.pending().transaction).toBe(3);
  const flushed = sender.flush(1000);
  await timers.turn();
  transport.release(result);
  expect(await flushed).toBe(true);
  expect(ledger.pending().transaction).toBe(3);
  expect(ledger.snapshot().internal).toBeUndefined();
});

it("flush sends remaining losses in an envelope of their own", async () => {
  const { sender, transport, timers, ledger } = reportingBench();
  ledger.record("sample_rate", LOST);
  const flushed = sender.flush(1000);
  await timers.turn();
  transport.release();
  expect(await flushed).toBe(true);
  expect(itemTypes(transport.sent)).toEqual([["client_report"]]);
  expect(ledger.hasPending).toBe(false);
});

it("after a minute without an envelope a report goes by itself", async () => {
  const { transport, timers, ledger } = reportingBench();
  ledger.record("sample_rate", LOST);
  await timers.advance(59_999);
  expect(transport.sent).toHaveLength(0);
  await timers.advance(1);
  expect(itemTypes(transport.sent)).toEqual([["client_report"]]);
  transport.release();
  await timers.turn();
  expect(timers.pending).toBe(0);
});

it("no report goes by itself to a server that does not answer", async () => {
  const { transport, timers, ledger } = reportingBench({ isReachable: false });
  ledger.record("sample_rate", LOST);
  await timers.advance(60_000);
  expect(transport.sent).toHaveLength(0);
  expect(ledger.hasPending).toBe(true);
});

it("no flush sends a report to a server that did not answer last", async () => {
  const { sender, transport, timers, ledger } = reportingBench({ isReachable: false });
  ledger.record("sample_rate", LOST);
  const flushed = sender.flush(1000);
  await timers.turn();
  expect(await flushed).toBe(true);
  expect(transport.sent).toHaveLength(0);
  expect(ledger.hasPending).toBe(true);
});

it("`close` tries one all the same: the server may be back; and waits for at most a second", async () => {
  const { sender, transport, timers, ledger } = reportingBench({ isReachable: false });
  ledger.record("sample_rate", LOST);
  const closed = sender.close(60_000);
  await timers.turn();
  expect(itemTypes(transport.sent)).toEqual([["client_report"]]);
  await timers.advance(1000);
  await timers.advance(500);
  expect(await closed).toBe(true);
});

it.each([
  ["one category", "60:transaction:key"],
  ["everything", "60::organization"],
])("a report is sent in spite of a rate limit on %s", async (_what, limits) => {
  const { sender, transport, timers, ledger } = reportingBench();
  sender.enqueue(envelopeOf());
  await timers.turn();
  transport.release(answer(429, limits));
  await timers.turn();
  sender.enqueue(envelopeOf());
  await timers.turn();
  const closed = sender.close(1000);
  await timers.turn();
  expect(itemTypes(transport.sent)).toEqual([["transaction"], ["client_report"]]);
  transport.release(answer(200));
  expect(await closed).toBe(true);
  expect(ledger.snapshot().transaction).toEqual({ rate_limited: 1, ratelimit_backoff: 1 });
  expect(ledger.hasPending).toBe(false);
});

it("an envelope is spooled without the report", async () => {
  const { sender, transport, timers, ledger } = reportingBench();
  ledger.record("sample_rate", LOST);
  const envelope = envelopeOf();
  sender.enqueue(envelope);
  await timers.turn();
  expect(transport.sent[0]).not.toBe(envelope);
  expect(transport.sent[0]?.contents).toEqual(envelope.contents);
  transport.release(failure("ECONNRESET"));
  await timers.turn();
  expect(ledger.snapshot()).toEqual({ transaction: { sample_rate: 3, network_error: 1 } });
});
