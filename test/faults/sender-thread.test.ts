import { describe, expect, it } from "vitest";

import type { ClientOptions } from "../../src/index.js";
import { spoolDirectory } from "../delivery/spool/spool-support.js";
import { accountingOf, expectAccounted } from "./accounted.js";
import { startApp } from "./app.js";
import type { App, AppSetup } from "./app.js";
import type { FaultServer } from "./kit.js";
import { startFaultServer } from "./kit.js";
import { waitingIds } from "./spool-files.js";
import { captured, halves } from "./spooling-app.js";
import { waitFor } from "../time/wait-for.js";

const MAX_BYTES = 512 * 1024;
const SLOW = { requests: [{ do: { kind: "respond", delayMillis: 20 } }] } as const;

/** Starts an application whose client has a sender thread. Its warnings are on standard error. */
function startThreaded(
  { dsn }: FaultServer,
  { setup, ...options }: ClientOptions & { readonly setup?: AppSetup } = {},
): Promise<App> {
  return startApp({ dsn, transport: { thread: true }, ...options }, { warns: true, ...setup });
}

async function allSent(app: App, count: number): Promise<void> {
  await waitFor(() => app.stats(), {
    predicate: ({ envelopesSent }) => envelopesSent === count,
    timeoutMillis: 60_000,
  });
}

function linesOf(stderr: string): string[] {
  return stderr.split("\n").filter((line) => line.includes("sender thread"));
}

describe("a client with a sender thread", () => {
  it("sends from that thread: while the application's own is busy, everything is delivered", async () => {
    const server = await startFaultServer();
    await server.script(SLOW);
    const app = await startThreaded(server);
    await captured(app, 100);
    await server.until(({ events }) => events.unique > 0);
    let isBlocked = true;
    const blocked = app.block(5000).then(() => (isBlocked = false));
    await server.until(({ events }) => events.unique === 100, 60_000);
    expect(isBlocked).toBe(true);
    await blocked;
    await allSent(app, 100);
    await expectAccounted(accountingOf(await app.stats(), halves(100)), server);
  });

  it("lets the process end when it runs out of work, after everything is delivered", async () => {
    const server = await startFaultServer();
    const app = await startThreaded(server);
    const end = await app.end("runOut", { errors: 5, transactions: 5 });
    expect(end).toMatchObject({ exitCode: 0, signal: null, stderr: "" });
    expect(end.stats).toMatchObject({ errors: { sent: 5 }, transactions: { sent: 5 } });
    expect((await server.report()).events).toMatchObject({ unique: 10, maxAttempts: 1 });
  });

  it("does not let the thread's connections and timers keep an idle process alive", async () => {
    const server = await startFaultServer();
    const app = await startThreaded(server);
    await captured(app, 2);
    expect(await app.flush(10_000)).toBe(true);
    const end = await app.end("runOut");
    expect(end).toMatchObject({ exitCode: 0, stderr: "", longestTimerMillis: 0 });
  });

  it("runs nothing in it that is preloaded into the process, and passes none of its variables on", async () => {
    const server = await startFaultServer();
    const app = await startThreaded(server, { setup: { breaksThread: "no way" } });
    await app.captureErrors(1);
    expect(await app.flush(10_000)).toBe(true);
    expect(await app.threadOptions()).toEqual({ execArgv: [], env: {} });
  });

  it("has at `process.exit()` everything in the spool that has no result, and nothing else", async () => {
    const server = await startFaultServer();
    await server.script(SLOW);
    const directory = await spoolDirectory();
    const app = await startThreaded(server, { spool: { directory } });
    await captured(app, 100);
    await server.until(({ events }) => events.unique >= 20);
    const end = await app.end("exit", { exitCode: 7, errors: 10 });
    expect(end).toMatchObject({ exitCode: 7, stderr: "", longestTimerMillis: 0 });
    const spooled = await waitingIds(directory);
    const seen = Object.keys(await server.events());
    expect(new Set([...spooled, ...seen]).size).toBe(110);
    expect(end.stats).toMatchObject({ errors: { queued: 0, dropped: {} } });
  });
});

describe("`process.exit()` of an application that was busy before", () => {
  it("spools nothing that the thread has delivered meanwhile", async () => {
    const server = await startFaultServer();
    await server.script(SLOW);
    const directory = await spoolDirectory();
    const app = await startThreaded(server, { spool: { directory } });
    await captured(app, 100);
    await server.until(({ events }) => events.unique > 0);
    const { stats } = await app.end("exit", { errors: 10, blockMillis: 4000 });
    expect((await server.report()).events.unique).toBe(100);
    expect(await waitingIds(directory)).toHaveLength(10);
    expect(stats).toMatchObject({ errors: { sent: 50, spooled: 10 }, transactions: { sent: 50 } });
  });

  it("counts as lost only what the thread has not delivered", async () => {
    const server = await startFaultServer();
    await server.script(SLOW);
    const app = await startThreaded(server);
    await captured(app, 100);
    await server.until(({ events }) => events.unique > 0);
    const { stderr, stats } = await app.end("exit", { errors: 10, blockMillis: 4000 });
    expect(stderr).toMatch(/^[^\n]*Lost: 10 errors could not be delivered[^\n]*\n$/);
    expect(stats).toMatchObject({ errors: { sent: 50 }, transactions: { sent: 50 } });
  });
});

describe("the memory of a client with a sender thread", () => {
  it("is limited for both threads together; what is dropped is counted and reported once", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: { kind: "respond", delayMillis: 50 } }] });
    const app = await startThreaded(server, {
      transport: { thread: true, maxConnections: 3 },
      maxBufferedBytes: MAX_BYTES,
      enableBackpressureHandling: false,
    });
    let mostBytes = 0;
    for (let round = 0; round < 20; round++) {
      await app.captureTransactions(100);
      mostBytes = Math.max(mostBytes, (await app.stats()).bufferedBytes);
    }
    await app.captureErrors(20);
    await server.script({});
    expect(await app.flush(60_000)).toBe(true);

    const stats = await app.stats();
    expect(mostBytes).toBeLessThanOrEqual(MAX_BYTES);
    expect(mostBytes).toBeGreaterThan(MAX_BYTES / 2);
    expect(Object.keys(stats.transactions.dropped)).toEqual(["queue_overflow"]);
    expect(stats.errors).toMatchObject({ sent: 20, dropped: {} });
    const all = { transaction: 2000, span: 4000, error: 20 };
    await expectAccounted(accountingOf(stats, all), server, { areReportsComplete: true });
  });
});

const WAYS = [
  { how: "ended", reason: /ended unexpectedly.*sent again/ },
  { how: "out of memory", reason: /ERR_WORKER_OUT_OF_MEMORY|memory limit/ },
  { how: "short of memory for a copy", reason: /Data cannot be cloned, out of memory/ },
  { how: "blocked", reason: /did not respond for 15 s/ },
] as const;

describe.each(WAYS)("a sender thread that is $how", ({ how, reason }) => {
  it("is reported once, and the application's thread delivers what it had, and goes on", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: { kind: "respond", delayMillis: 100 } }] });
    const app = await startThreaded(server, { setup: { breaksThread: how } });
    await captured(app, 400);
    if (how === "ended") {
      await server.until(({ events }) => events.unique > 20);
      await app.endThread();
    }
    await allSent(app, 400);
    await captured(app, 50);
    expect(await app.flush(20_000)).toBe(true);
    const { stderr, stats } = await app.end("runOut");
    expect(linesOf(stderr)).toEqual([expect.stringMatching(reason)]);
    if (stats === undefined) throw new Error("no statistics");
    const report = await server.report();
    expect(report.events.unique).toBe(450);
    await expectAccounted(accountingOf(stats, halves(450)), report, { hasUnknownOutcomes: true });
  });
});

const NODE_MAJOR = Number(process.versions.node.split(".")[0]);
const PERMISSION = NODE_MAJOR >= 24 ? "--permission" : "--experimental-permission";

describe("a sender thread that cannot be started", () => {
  it.each([
    {
      why: "for want of its file",
      setup: { breaksThread: "missing" },
      reason: /its file was not found.*--external:otel-sentry-bridge/,
    },
    {
      why: "under Node's permission model",
      setup: { execArgv: [PERMISSION, "--allow-fs-read=*"] },
      reason: /permission model forbids it.*`--allow-worker`/,
    },
  ])("$why is reported once, and nothing is lost", async ({ setup, reason }) => {
    const server = await startFaultServer();
    const app = await startThreaded(server, { setup });
    await captured(app, 20);
    expect(await app.flush(10_000)).toBe(true);
    await captured(app, 20);
    const { stderr, stats } = await app.end("runOut");
    expect(linesOf(stderr)).toEqual([expect.stringMatching(reason)]);
    if (stats === undefined) throw new Error("no statistics");
    const report = await server.report();
    expect(report.events).toMatchObject({ unique: 40, maxAttempts: 1 });
    await expectAccounted(accountingOf(stats, halves(40)), report);
  });
});
