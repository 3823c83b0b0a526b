import { expect, it } from "vitest";

import { expectAccounted } from "./accounted.js";
import { openClient } from "./client-bench.js";
import { openDelivery } from "./delivery.js";
import { fastClock } from "../time/fast-clock.js";
import { heldMemory } from "./held-memory.js";
import type { FaultServer } from "./kit.js";
import { describeRow, startFaultServer } from "./kit.js";
import { paced } from "./paced.js";
import { THREAD } from "./sender-thread.js";

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

const FLUSH_MILLIS = 40_000;

// Statistics count all that is queued, which takes longer than to capture a transaction.
const LOOK_EVERY = 100;

interface Urgent {
  readonly id: string;
  /** Envelopes that had been sent when it was captured. */
  readonly sentBefore: number;
}

// What was under way when it was captured, over three connections, and what of it had been answered unnoticed.
// A sender thread goes on with what it has while this test keeps its own thread busy.
const MOST_AHEAD = THREAD ? 256 : 10;

/** How many transactions the server saw between the capture of each and its arrival. */
async function transactionsAhead(
  server: FaultServer,
  urgent: readonly Urgent[],
): Promise<number[]> {
  const order = Object.keys(await server.events());
  const urgentIds = new Set(urgent.map(({ id }) => id));
  return urgent.map(({ id, sentBefore }) => {
    expect(order).toContain(id);
    const between = order.slice(sentBefore, order.indexOf(id));
    return between.filter((other) => !urgentIds.has(other)).length;
  });
}

describeRow(31, "ten times more than the server accepts for 60 s, fifteen times as fast", () => {
  it("check-ins and errors all arrive; of the rest the oldest are dropped, counted and reported", async () => {
    const server = await startFaultServer();
    await server.script(SLOW);
    fastClock(FACTOR);
    const delivery = openDelivery(server, { ...TRANSPORT, maxBufferedBytes: MIB });
    let mostBytes = 0;
    const urgent: Urgent[] = [];
    const captureUrgent = (category: "error" | "monitor"): void => {
      const { envelopesSent } = delivery.sender.stats();
      const [envelope] = delivery.capture(1, category);
      urgent.push({ id: envelope?.eventId ?? "", sentBefore: envelopesSent });
    };
    await paced({ perSecond: PER_SECOND, seconds: SECONDS }, (index) => {
      delivery.capture(1, "transaction", { payloadBytes: 1000 });
      if (index % 100 === 0) captureUrgent("monitor");
      if (index % 100 === 50) captureUrgent("error");
      if (index % LOOK_EVERY === 0)
        mostBytes = Math.max(mostBytes, delivery.sender.stats().queuedBytes);
    });
    const { delivered } = delivery.accounting();
    expect(mostBytes).toBeLessThanOrEqual(MIB);
    expect(delivered.transaction).toBeLessThan(ALL / 10);

    await server.script({});
    expect(await delivery.flush(FACTOR * FLUSH_MILLIS)).toBe(true);
    expect(Math.max(...(await transactionsAhead(server, urgent)))).toBeLessThanOrEqual(MOST_AHEAD);
    const accounting = delivery.accounting();
    expect(accounting.delivered).toMatchObject({ monitor: 120, error: 120 });
    const lost = ALL - (accounting.delivered.transaction ?? 0);
    expect(accounting.dropped).toEqual({
      transaction: { queue_overflow: lost },
      span: { queue_overflow: 3 * lost },
    });
    await expectAccounted(accounting, server, { areReportsComplete: true });
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
        if (index % LOOK_EVERY === 0)
          mostBytes = Math.max(mostBytes, app.client.stats().queuedBytes);
      });
    // The queue has a bound of its own, and is as full as the machine is slow.
    const heldBeside = async (): Promise<number> =>
      (await heldMemory()) - app.client.stats().queuedBytes;
    const before = await heldBeside();
    await overload(20);
    const early = await heldBeside();
    await overload(40);
    const late = await heldBeside();
    expect(mostBytes).toBeLessThanOrEqual(2 * MIB);
    expect(late - early).toBeLessThan(2 * MIB);
    expect(late - before).toBeLessThan(6 * MIB);

    await server.script({});
    expect(await app.client.flush(FACTOR * FLUSH_MILLIS)).toBe(true);
    const { spans } = app.client.stats();
    const reasons = Object.keys(spans.dropped).toSorted();
    expect(reasons).toEqual(isEased ? ["backpressure", "queue_overflow"] : ["queue_overflow"]);
    expect(spans.started).toBe(3 * ALL);
    expect(spans.sent + Object.values(spans.dropped).reduce((sum, count) => sum + count)).toBe(
      3 * ALL,
    );
    expect(app.client.stats().errors).toMatchObject({ sent: 120, dropped: {} });
    await expectAccounted(app.accounting(), server, { areReportsComplete: true });
  });
});
