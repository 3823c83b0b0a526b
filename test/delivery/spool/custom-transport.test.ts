import { describe, expect, it, onTestFinished, vi } from "vitest";

import { DiscardLedger } from "../../../src/client-reports/ledger.js";
import type { SendResult, Transport } from "../../../src/delivery/transport.js";
import { resolveOptions } from "../../../src/options/resolve.js";
import { MemoryBound } from "../../../src/delivery/memory-bound.js";
import type { Delivery } from "../../../src/setup/create-delivery.js";
import { createDelivery } from "../../../src/setup/create-delivery.js";
import { DELIVERED, envelopeOf, recordingDiagnostics } from "../support.js";
import { readEnvelope } from "../../../src/testing/envelope-reader.js";
import type { EncodedEnvelope } from "../../../src/protocol/envelope.js";
import { spoolDirectory } from "./spool-support.js";

const UNREACHABLE = {
  outcome: "retryable",
  phase: "connect",
  error: new Error("the queue is not connected"),
} as const satisfies SendResult;

function transportOf(resultOf: () => SendResult): { transport: Transport; sent: string[] } {
  const sent: string[] = [];
  const transport: Transport = {
    async send({ eventId = "" }) {
      sent.push(eventId);
      return resultOf();
    },
    async close() {},
  };
  return { transport, sent };
}

function open(transport: Transport, directory: string): Delivery {
  const delivery = createDelivery(resolveOptions({ dsn: false, transport, spool: { directory } }), {
    dsn: undefined,
    diagnostics: recordingDiagnostics().diagnostics,
    ledger: new DiscardLedger(),
    memory: new MemoryBound(),
  });
  if (delivery === undefined) throw new Error("there is no delivery");
  onTestFinished(async () => void (await delivery.sender.close(1000)));
  return delivery;
}

it("passes plain objects with the time of transmission to a custom transport", async () => {
  const sent: EncodedEnvelope[] = [];
  const transport: Transport = {
    async send(envelope) {
      sent.push({ ...envelope });
      return DELIVERED;
    },
    async close() {},
  };
  const { sender } = open(transport, await spoolDirectory());
  const before = Date.now();
  sender.enqueue(envelopeOf("transaction"));
  await sender.flush(5000);
  const sentAt = String(readEnvelope(sent[0]?.body ?? Buffer.of()).header["sent_at"]);
  expect(Date.parse(sentAt)).toBeGreaterThanOrEqual(before);
});

describe("a spool with a custom transport", () => {
  it("keeps an envelope whose send is retryable, and a later process passes it to its transport", async () => {
    const directory = await spoolDirectory();
    const first = transportOf(() => UNREACHABLE);
    const envelope = envelopeOf("error");
    const delivery = open(first.transport, directory);
    const { sender } = delivery;
    sender.enqueue(envelope);
    expect(await sender.flush(5000)).toBe(true);
    expect(delivery.counts().spool?.spooled).toEqual({ error: 1 });
    await sender.close(1000);

    const second = transportOf(() => DELIVERED);
    open(second.transport, directory);
    await vi.waitFor(() => expect(second.sent).toEqual([envelope.eventId]), 20_000);
  });

  it("sends a spooled envelope again once the transport has delivered another one", async () => {
    let result: SendResult = UNREACHABLE;
    const { transport, sent } = transportOf(() => result);
    const delivery = open(transport, await spoolDirectory());
    const { sender } = delivery;
    const [spooled, other] = [envelopeOf("error"), envelopeOf("error")];
    sender.enqueue(spooled);
    await sender.flush(5000);
    result = DELIVERED;
    sender.enqueue(other);
    await vi.waitFor(() => expect(delivery.counts().spool?.spooled).toEqual({}), 20_000);
    expect(new Set(sent.slice(-2))).toEqual(new Set([spooled.eventId, other.eventId]));
    expect(sender.stats().delivered).toEqual({ error: 2 });
  });

  it("sends and keeps nothing twice when all sends are delivered", async () => {
    const { transport, sent } = transportOf(() => DELIVERED);
    const delivery = open(transport, await spoolDirectory());
    const { sender } = delivery;
    const envelope = envelopeOf("error");
    sender.enqueue(envelope);
    await sender.flush(5000);
    expect(sent).toEqual([envelope.eventId]);
    expect(delivery.counts().spool).toMatchObject({ spooled: {}, files: 0 });
  });
});
