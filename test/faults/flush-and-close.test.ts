import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";

import { SentrySpanProcessor } from "../../src/index.js";
import { spoolDirectory } from "../spool/spool-support.js";
import { expectAccounted, outcomeOf } from "./accounted.js";
import type { ClientBench } from "./client-bench.js";
import { openClient } from "./client-bench.js";
import type { FaultServer } from "./kit.js";
import { startFaultServer } from "./kit.js";
import { quantitiesOnDisk } from "./spool-files.js";

const CAPTURED = { error: 50, transaction: 50, span: 150 };
const UNKNOWN = { hasUnknownOutcomes: true };
const TIMEOUT = 300;

// What a loaded machine may add.
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

async function timed<T>(run: () => Promise<T>): Promise<{ result: T; millis: number }> {
  const start = performance.now();
  const result = await run();
  return { result, millis: performance.now() - start };
}

describe("against a server that never answers", () => {
  it("20 flushes at a time, and after each other, are false at their time-out, and lose nothing", async () => {
    const server = await blackHole();
    const app = openClient(server);
    capture(app);
    const { client } = app;
    for (const round of [1, 2, 3]) {
      const flushes = await timed(() =>
        Promise.all(Array.from({ length: 20 }, () => client.flush(TIMEOUT))),
      );
      expect([round, new Set(flushes.result)]).toEqual([round, new Set([false])]);
      expect(flushes.millis).toBeGreaterThan(TIMEOUT - 20);
      expect(flushes.millis).toBeLessThan(TIMEOUT + MARGIN);
    }
    expect(outcomeOf(app.books())).toEqual({ delivered: {}, dropped: {} });
    await expectAccounted(app.books(), server, UNKNOWN);
  });

  it("flushes of different time-outs each keep their own", async () => {
    const server = await blackHole();
    const { client, ...app } = openClient(server);
    app.captureErrors(10);
    const [none, short, long] = await Promise.all(
      [0, 200, 600].map((millis) => timed(() => client.flush(millis))),
    );
    expect([none?.result, short?.result, long?.result]).toEqual([false, false, false]);
    expect(none?.millis).toBeLessThan(150);
    expect(short?.millis).toBeLessThan(550);
    expect(long?.millis).toBeGreaterThan(580);
  });

  it("close is false at its time-out, the same promise for all, and counts what is left as closed", async () => {
    const server = await blackHole();
    const app = openClient(server);
    capture(app);
    const { client } = app;
    const closes = await timed(async () => {
      const first = client.close(TIMEOUT);
      expect(client.close(60_000)).toBe(first);
      const results = await Promise.all([first, client.close(), client.flush(60_000)]);
      return results;
    });
    expect(closes.result).toEqual([false, false, true]);
    expect(closes.millis).toBeGreaterThan(TIMEOUT - 20);
    expect(closes.millis).toBeLessThan(TIMEOUT + MARGIN);
    expect(await client.close(60_000)).toBe(false);
    await expectAccounted(app.books(), server, UNKNOWN);
    expect(outcomeOf(app.books())).toEqual({
      delivered: {},
      dropped: { error: { closed: 50 }, transaction: { closed: 50 }, span: { closed: 150 } },
    });
    await server.until(({ connections }) => connections.open === 0);
    app.captureErrors(3);
    expect((await timed(() => client.flush(60_000))).millis).toBeLessThan(MARGIN);
    expect(app.books().dropped.error).toEqual({ closed: 53 });
    await expectAccounted(app.books(), server, UNKNOWN);
  });

  it("close with a spool leaves all of it there", async () => {
    const server = await blackHole();
    const directory = await spoolDirectory();
    const app = openClient(server, { transport: { spoolDirectory: directory } });
    capture(app);
    const { result, millis } = await timed(() => app.client.close(TIMEOUT));
    expect(result).toBe(false);
    expect(millis).toBeLessThan(TIMEOUT + MARGIN);
    expect(await quantitiesOnDisk(directory)).toEqual(CAPTURED);
    expect(app.books().spooled).toEqual(CAPTURED);
    await expectAccounted(app.books(), server, UNKNOWN);
  });

  it("a provider's forceFlush and shutdown end at shutdownTimeoutMillis, and never reject", async () => {
    const server = await blackHole();
    const app = openClient(server, { shutdownTimeoutMillis: TIMEOUT });
    capture(app);
    const processor = new SentrySpanProcessor(app.client);
    const provider = new BasicTracerProvider({ spanProcessors: [processor] });
    const flushes = await timed(() =>
      Promise.all(Array.from({ length: 20 }, () => provider.forceFlush())),
    );
    expect(flushes.millis).toBeGreaterThan(TIMEOUT - 20);
    expect(flushes.millis).toBeLessThan(TIMEOUT + MARGIN);
    const shutdowns = await timed(() =>
      Promise.all(Array.from({ length: 20 }, () => processor.shutdown())),
    );
    expect(shutdowns.millis).toBeLessThan(2 * TIMEOUT + MARGIN);
    const again = await timed(() => Promise.all([processor.shutdown(), processor.forceFlush()]));
    expect(again.millis).toBeLessThan(MARGIN);
    await expectAccounted(app.books(), server, UNKNOWN);
  });
});

describe("against a server that answers after 100 ms", () => {
  it("flush is true as soon as all that was captured before has its answer", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: { kind: "respond", delayMillis: 100 } }] });
    const app = openClient(server);
    capture(app);
    const flushes = await timed(() =>
      Promise.all(Array.from({ length: 20 }, () => app.client.flush(60_000))),
    );
    expect(new Set(flushes.result)).toEqual(new Set([true]));
    expect(flushes.millis).toBeLessThan(5000);
    expect(outcomeOf(app.books())).toEqual({ delivered: CAPTURED, dropped: {} });
    await expectAccounted(app.books(), server);
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
    expect(outcomeOf(app.books())).toEqual({ delivered: CAPTURED, dropped: {} });
    expect((await server.report()).events.maxAttempts).toBe(1);
    await expectAccounted(app.books(), server);
  });
});

it("a flush with nothing to send is true at once", async () => {
  const server = await blackHole();
  const { client } = openClient(server);
  expect(await timed(() => client.flush(60_000))).toMatchObject({ result: true });
  expect((await timed(() => client.close(60_000))).millis).toBeLessThan(MARGIN);
  expect((await server.report()).connections.opened).toBe(0);
});
