import { describe, expect, it } from "vitest";

import { DiscardLedger } from "../../src/client-reports/ledger.js";
import { combineCounts } from "../../src/client/stats.js";
import type { ClientCounts, ClientStats } from "../../src/client/stats.js";
import { captureException } from "../../src/index.js";
import { assertAccounted, assertSettled } from "../../src/testing/testing.js";
import { startBridge } from "./bridge.js";

const NOTHING_SENT = {
  delivered: {},
  abandoned: {},
  queued: {},
  queuedItems: 0,
  queuedBytes: 0,
  inFlight: 0,
  oldestQueuedMillis: 0,
  envelopesSent: 0,
};

const NOTHING_DELIVERED = {
  envelopesSent: 0,
  retries: 0,
  held: 0,
  connectionsOpened: 0,
  connectionsOpen: 0,
  requestsOverKeptConnections: 0,
  bytesSent: 0,
  queuedItems: 0,
  queuedBytes: 0,
  inFlight: 0,
  oldestQueuedMillis: 0,
  spoolFiles: 0,
  spoolBytes: 0,
  reports: { sent: 0, restored: 0, pending: {} },
  isReachable: true,
};

function statsOf(counts: Partial<ClientCounts> = {}): ClientStats {
  return combineCounts([], { given: {}, ledger: new DiscardLedger(), bufferedBytes: 0, ...counts });
}

describe("the counts of a delivery", () => {
  it("are zero where no part counts, and the server is taken for reachable", () => {
    expect(statsOf().delivery).toEqual(NOTHING_DELIVERED);
  });

  it("are those of its parts", () => {
    const { delivery, envelopesSent, queuedBytes } = statsOf({
      sender: {
        ...NOTHING_SENT,
        queuedItems: 1,
        queuedBytes: 2,
        inFlight: 3,
        oldestQueuedMillis: 4,
        envelopesSent: 5,
      },
      attempts: { retries: 6, held: 7, isReachable: false },
      connections: {
        connectionsOpened: 8,
        connectionsOpen: 9,
        requestsOverKeptConnections: 10,
        bytesSent: 11,
      },
      spool: { spooled: {}, files: 12, bytes: 13 },
      reports: { sent: 14, restored: 15, pending: { error: 16 } },
    });
    expect(delivery).toEqual({
      queuedItems: 1,
      queuedBytes: 2,
      inFlight: 3,
      oldestQueuedMillis: 4,
      envelopesSent: 5,
      retries: 6,
      held: 7,
      isReachable: false,
      connectionsOpened: 8,
      connectionsOpen: 9,
      requestsOverKeptConnections: 10,
      bytesSent: 11,
      spoolFiles: 12,
      spoolBytes: 13,
      reports: { sent: 14, restored: 15, pending: { error: 16 } },
    });
    expect([envelopesSent, queuedBytes]).toEqual([5, 2]);
  });

  it("are complete for a client whose transport counts nothing", async () => {
    const bridge = startBridge();
    bridge.tracer.startSpan("root").end();
    expect(bridge.client.stats().delivery).toMatchObject({ queuedItems: 1, inFlight: 0 });
    expect(bridge.client.stats().delivery.queuedBytes).toBeGreaterThan(0);
    await bridge.client.flush();
    expect(bridge.client.stats().delivery).toEqual({ ...NOTHING_DELIVERED, envelopesSent: 1 });
  });
});

describe("the counts of a category", () => {
  it("add up: what was captured is sent, dropped, queued or spooled", () => {
    const ledger = new DiscardLedger();
    ledger.record("network_error", [{ category: "monitor", quantity: 3 }]);
    ledger.early.record("backpressure", [{ category: "monitor", quantity: 2 }]);
    const stats = statsOf({
      given: { monitor: 15 },
      ledger,
      sender: { ...NOTHING_SENT, delivered: { monitor: 5 }, queued: { monitor: 4 } },
      spool: { spooled: { monitor: 3 }, files: 0, bytes: 0 },
    });
    expect(stats.byCategory).toEqual({
      monitor: {
        captured: 17,
        sent: 5,
        queued: 4,
        spooled: 3,
        dropped: { network_error: 3, backpressure: 2 },
        droppedEarly: { backpressure: 2 },
      },
    });
    expect(() => assertAccounted({ stats: () => stats })).not.toThrow();
  });

  it("name the categories in which something was captured", async () => {
    const bridge = startBridge();
    expect(bridge.client.stats().byCategory).toEqual({});
    bridge.tracer.startSpan("root").end();
    captureException(new Error("one"));
    await bridge.client.flush();
    const { byCategory, transactions, errors } = bridge.client.stats();
    expect(byCategory).toMatchObject({
      transaction: { captured: 1, sent: 1 },
      span: { captured: 1, sent: 1 },
      error: { captured: 1, sent: 1 },
    });
    expect([byCategory.transaction, byCategory.error]).toEqual([transactions, errors]);
  });

  it("say what was dropped before the client was given it", async () => {
    const bridge = startBridge({
      tracesSampler: ({ name }) => name !== "refused",
      ignoreSpans: ["ignored"],
      beforeSendTransaction: () => null,
    });
    bridge.tracer.startSpan("refused").end();
    const root = bridge.tracer.startSpan("kept");
    bridge.child(root, "ignored").end();
    root.end();
    await bridge.client.flush();
    const { transactions, spans } = bridge.client.stats();
    expect(transactions).toMatchObject({
      captured: 2,
      dropped: { sample_rate: 1, before_send: 1 },
      droppedEarly: { sample_rate: 1 },
    });
    expect(spans).toMatchObject({
      captured: 3,
      dropped: { sample_rate: 1, ignored: 1, before_send: 1 },
      droppedEarly: { sample_rate: 1, ignored: 1 },
    });
  });

  it("count items that are captured after `close` as dropped", async () => {
    const bridge = startBridge();
    await bridge.client.close();
    captureException(new Error("late"));
    bridge.tracer.startSpan("late").end();
    assertSettled(bridge.client);
    const { errors, transactions } = bridge.client.stats();
    expect(errors).toMatchObject({ captured: 1, dropped: { closed: 1 } });
    expect(transactions).toMatchObject({ captured: 1, dropped: { closed: 1 } });
  });
});

describe("the check of an account", () => {
  const BALANCED = { given: { error: 2 }, ledger: new DiscardLedger() };

  it.each([
    ["was sent twice", { delivered: { error: 3 } }],
    ["has got lost", { delivered: { error: 1 } }],
  ])("fails where an item %s", (_, sender) => {
    const stats = statsOf({ ...BALANCED, sender: { ...NOTHING_SENT, ...sender } });
    expect(() => assertAccounted({ stats: () => stats })).toThrow(/2 `error` items were captured/);
  });

  it("fails where something was sent that nobody captured", () => {
    const stats = statsOf({ sender: { ...NOTHING_SENT, delivered: { session: 1 } } });
    expect(() => assertAccounted({ stats: () => stats })).toThrow(/0 `session` items/);
  });

  it("fails where a span was started and is nowhere", () => {
    const sources = [{ started: 3, open: 1, buffered: 1 }];
    const stats = combineCounts(sources, {
      given: {},
      ledger: new DiscardLedger(),
      bufferedBytes: 0,
    });
    expect(() => assertAccounted({ stats: () => stats })).toThrow(
      /3 spans were started, but captured \+ buffered \+ open = 2/,
    );
  });

  it("holds what waits for unsettled, and what is spooled for settled", () => {
    const queued = statsOf({
      ...BALANCED,
      sender: { ...NOTHING_SENT, queued: { error: 2 } },
    });
    const spooled = statsOf({
      ...BALANCED,
      spool: { spooled: { error: 2 }, files: 2, bytes: 200 },
    });
    expect(() => assertAccounted({ stats: () => queued })).not.toThrow();
    expect(() => assertSettled({ stats: () => queued })).toThrow(/2 items are left/);
    expect(() => assertSettled({ stats: () => spooled })).not.toThrow();
  });
});
