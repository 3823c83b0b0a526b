import { setImmediate as nextTurn } from "node:timers/promises";

import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";

import { SentrySpanProcessor } from "../../src/index.js";
import { spoolDirectory } from "../delivery/spool/spool-support.js";
import { ownTime, wallTime } from "../time/measure.js";
import { block } from "../delivery/http/http-servers.js";
import { expectAccounted, outcomeOf } from "./accounted.js";
import type { ClientBench } from "./client-bench.js";
import { openClient } from "./client-bench.js";
import type { FaultServer } from "./kit.js";
import { startFaultServer } from "./kit.js";
import { quantitiesOnDisk } from "./spool-files.js";

const CAPTURED = { error: 50, transaction: 50, span: 150 };
const UNKNOWN = { hasUnknownOutcomes: true };
const TIMEOUT = 300;

// Of the process's own time. The request's deadline, which would end a flush that has no time-out, is 15 s.
const MARGIN = 700;

async function blackHole(): Promise<FaultServer> {
  const server = await startFaultServer();
  await server.script({ requests: [{ do: { kind: "black-hole" } }] });
  return server;
}

function capture(app: ClientBench): void {
  app.captureTransactions(50);
  app.captureErrors(50);
}

/** Asserts that it takes this time at least, and of the process's own time little more. */
async function expectToTake<T>(millis: number, run: () => Promise<T>): Promise<T> {
  const { result, millis: wall } = await wallTime(() => ownTime(run));
  // Timers count whole milliseconds.
  expect(wall).toBeGreaterThan(millis - 20);
  expect(result.millis).toBeLessThan(millis + MARGIN);
  return result.result;
}

describe("against a server that never answers", () => {
  it("20 flushes at a time, and after each other, are false at their time-out, and lose nothing", async () => {
    const server = await blackHole();
    const app = openClient(server);
    capture(app);
    const { client } = app;
    for (const round of [1, 2, 3]) {
      const flushes = await expectToTake(TIMEOUT, () =>
        Promise.all(Array.from({ length: 20 }, () => client.flush(TIMEOUT))),
      );
      expect([round, new Set(flushes)]).toEqual([round, new Set([false])]);
    }
    expect(outcomeOf(app.accounting())).toEqual({ delivered: {}, dropped: {} });
    await expectAccounted(app.accounting(), server, UNKNOWN);
  });

  it("flushes of different time-outs each keep their own", async () => {
    const server = await blackHole();
    const { client, ...app } = openClient(server);
    app.captureErrors(10);
    const ended: number[] = [];
    const flushes = [600, 0, 200].map(async (millis) => {
      const isDone = await expectToTake(millis, () => client.flush(millis));
      ended.push(millis);
      return isDone;
    });
    expect(await Promise.all(flushes)).toEqual([false, false, false]);
    expect(ended).toEqual([0, 200, 600]);
  });

  it("close is false at its time-out, the same promise for all, and counts what is left as closed", async () => {
    const server = await blackHole();
    const app = openClient(server);
    capture(app);
    const { client } = app;
    const closes = await expectToTake(TIMEOUT, async () => {
      const first = client.close(TIMEOUT);
      expect(client.close(60_000)).toBe(first);
      const results = await Promise.all([first, client.close(), client.flush(60_000)]);
      return results;
    });
    expect(closes).toEqual([false, false, true]);
    expect(await client.close(60_000)).toBe(false);
    await expectAccounted(app.accounting(), server, UNKNOWN);
    expect(outcomeOf(app.accounting())).toEqual({
      delivered: {},
      dropped: { error: { closed: 50 }, transaction: { closed: 50 }, span: { closed: 150 } },
    });
    await server.until(({ connections }) => connections.open === 0);
    app.captureErrors(3);
    await expectToTake(0, () => client.flush(60_000));
    expect(app.accounting().dropped.error).toEqual({ closed: 53 });
    await expectAccounted(app.accounting(), server, UNKNOWN);
  });

  it("close with a spool leaves everything in it", async () => {
    const server = await blackHole();
    const directory = await spoolDirectory();
    const app = openClient(server, { spool: { directory } });
    capture(app);
    expect(await expectToTake(TIMEOUT, () => app.client.close(TIMEOUT))).toBe(false);
    expect(await quantitiesOnDisk(directory)).toEqual(CAPTURED);
    expect(app.accounting().spooled).toEqual(CAPTURED);
    await expectAccounted(app.accounting(), server, UNKNOWN);
  });

  it("a provider's forceFlush and shutdown end at shutdownTimeoutMillis, and never reject", async () => {
    const server = await blackHole();
    const app = openClient(server, { shutdownTimeoutMillis: TIMEOUT });
    capture(app);
    const processor = new SentrySpanProcessor(app.client);
    const provider = new BasicTracerProvider({ spanProcessors: [processor] });
    await expectToTake(TIMEOUT, () =>
      Promise.all(Array.from({ length: 20 }, () => provider.forceFlush())),
    );
    const shutdowns = await ownTime(() =>
      Promise.all(Array.from({ length: 20 }, () => processor.shutdown())),
    );
    expect(shutdowns.millis).toBeLessThan(2 * TIMEOUT + MARGIN);
    await expectToTake(0, () => Promise.all([processor.shutdown(), processor.forceFlush()]));
    await expectAccounted(app.accounting(), server, UNKNOWN);
  });
});

describe("against a server that answers after 100 ms", () => {
  it("flush is true as soon as everything captured before has a response", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: { kind: "respond", delayMillis: 100 } }] });
    const app = openClient(server);
    capture(app);
    const flushes = Array.from({ length: 20 }, () => app.client.flush(60_000));
    await server.until(({ events }) => events.unique === 100);
    expect(new Set(await Promise.all(flushes))).toEqual(new Set([true]));
    expect(outcomeOf(app.accounting())).toEqual({ delivered: CAPTURED, dropped: {} });
    await expectAccounted(app.accounting(), server);
  });

  it("flush is true when the answers have come, although the event loop was blocked beyond its time-out", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: { kind: "respond", delayMillis: 500 } }] });
    const app = openClient(server);
    app.captureErrors(10);
    await server.until(({ requests }) => requests.whole === 10);
    const flush = app.client.flush(TIMEOUT);
    // Its timer runs once the client has looked for what else is captured.
    await nextTurn();
    block(3000);
    expect(await flush).toBe(true);
    expect(outcomeOf(app.accounting())).toEqual({ delivered: { error: 10 }, dropped: {} });
    await expectAccounted(app.accounting(), server);
  });

  it("a flush and a close at a time deliver all of it once", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: { kind: "respond", delayMillis: 100 } }] });
    const app = openClient(server);
    capture(app);
    const results = await Promise.all([
      app.client.flush(60_000),
      app.client.close(60_000),
      app.client.flush(60_000),
    ]);
    expect(results).toEqual([true, true, true]);
    expect(outcomeOf(app.accounting())).toEqual({ delivered: CAPTURED, dropped: {} });
    expect((await server.report()).events.maxAttempts).toBe(1);
    await expectAccounted(app.accounting(), server);
  });
});

it("a flush with nothing to send is true at once", async () => {
  const server = await blackHole();
  const { client } = openClient(server);
  expect(await expectToTake(0, () => client.flush(60_000))).toBe(true);
  await expectToTake(0, () => client.close(60_000));
  expect((await server.report()).connections.opened).toBe(0);
});
