import { expect, it } from "vitest";

import { expectAccounted } from "./accounted.js";
import { openClient } from "./client-bench.js";
import { openDelivery } from "./delivery.js";
import { fastClock } from "./fast-clock.js";
import { heldMemory } from "./held-memory.js";
import { describeRow, startFaultServer } from "./kit.js";
import { paced } from "./paced.js";

// The clocks of this process, not the server's: of its 10 ms become 150.
const FACTOR = 15;
const SLOW = { requests: [{ do: { kind: "respond", delayMillis: 10 } }] } as const;
const MIB = 1024 * 1024;

// Two connections, and one for when others stall: 13 envelopes a second, or a third more.
const TRANSPORT = {
  maxConnections: 3,
  // That a busy machine is late is no time-out.
  headersTimeoutMillis: 300_000,
  totalTimeoutMillis: 600_000,
} as const;

const PER_SECOND = 200;
const SECONDS = 60;
const ALL = PER_SECOND * SECONDS;

describeRow(31, "ten times more than the server takes for 60 s, fifteen times as fast", () => {
  it("check-ins and errors all arrive; of the rest the oldest are dropped, counted and told", async () => {
    const server = await startFaultServer();
    await server.script(SLOW);
    fastClock(FACTOR);
    const delivery = openDelivery(server, { ...TRANSPORT, maxBufferedBytes: MIB });
    let mostBytes = 0;
    await paced({ perSecond: PER_SECOND, seconds: SECONDS }, (index) => {
      delivery.capture(1, "transaction", { payloadBytes: 1000 });
      if (index % 100 === 0) delivery.capture(1, "monitor");
      if (index % 100 === 50) delivery.capture(1, "error");
      mostBytes = Math.max(mostBytes, delivery.sender.stats().queuedBytes);
    });
    const { delivered } = delivery.books();
    expect(mostBytes).toBeLessThanOrEqual(MIB);
    expect(delivered.transaction).toBeLessThan(ALL / 10);
    // While the overload lasts: at most the last five seconds' are still to come.
    expect(delivered.monitor).toBeGreaterThan(110);
    expect(delivered.error).toBeGreaterThan(110);

    await server.script({});
    expect(await delivery.flush(FACTOR * 10_000)).toBe(true);
    const books = delivery.books();
    expect(books.delivered).toMatchObject({ monitor: 120, error: 120 });
    const lost = ALL - (books.delivered.transaction ?? 0);
    expect(books.dropped).toEqual({
      transaction: { queue_overflow: lost },
      span: { queue_overflow: 3 * lost },
    });
    await expectAccounted(books, server, { areReportsComplete: true });
  });

  it.each([
    ["and eases it by sampling less", true],
    ["without easing it", false],
  ])("a client's memory stays flat, %s, and all is accounted for", async (_, isEased) => {
    const server = await startFaultServer();
    await server.script(SLOW);
    fastClock(FACTOR);
    const app = openClient(server, {
      transport: TRANSPORT,
      maxBufferedBytes: 2 * MIB,
      enableBackpressureHandling: isEased,
    });
    let mostBytes = 0;
    const overload = (seconds: number): Promise<void> =>
      paced({ perSecond: PER_SECOND, seconds }, (index) => {
        app.captureTransactions(1);
        if (index % 100 === 0) app.captureErrors(1);
        if (index % 10 === 0) mostBytes = Math.max(mostBytes, app.client.stats().queuedBytes);
      });
    const before = await heldMemory();
    await overload(20);
    const early = await heldMemory();
    await overload(40);
    const late = await heldMemory();
    expect(mostBytes).toBeLessThanOrEqual(2 * MIB);
    expect(late - early).toBeLessThan(2 * MIB);
    expect(late - before).toBeLessThan(6 * MIB);

    await server.script({});
    expect(await app.client.flush(FACTOR * 10_000)).toBe(true);
    const { spans } = app.client.stats();
    const reasons = Object.keys(spans.dropped).toSorted();
    expect(reasons).toEqual(isEased ? ["backpressure", "queue_overflow"] : ["queue_overflow"]);
    expect(spans.started).toBe(3 * ALL);
    expect(spans.sent + Object.values(spans.dropped).reduce((sum, count) => sum + count)).toBe(
      3 * ALL,
    );
    expect(app.client.stats().errors).toMatchObject({ sent: 120, dropped: {} });
    await expectAccounted(app.books(), server, { areReportsComplete: true });
  });
});
