import { expect, it } from "vitest";

import { namesIn, spoolDirectory } from "../spool/spool-support.js";
import type { ClientBooks } from "./accounted.js";
import { booksOf, expectAccounted } from "./accounted.js";
import type { App } from "./app.js";
import { startApp } from "./app.js";
import { describeRow, startFaultServer, waitFor } from "./kit.js";
import { quantitiesOnDisk, sharedBooks, waitingIds } from "./spool-files.js";

// The replay's pause of 100 ms, among others, takes a tenth of that.
const HASTY = { timerFactor: 10 };

const CAPTURED = { error: 50, transaction: 50, span: 100 };
const LAST = { errors: 50, transactions: 50, exitCode: 7 };

describeRow(27, "process.exit(), SIGKILL and no memory left", () => {
  it("process.exit() with a spool: 100 that are queued are spooled, and delivered by the next process", async () => {
    const server = await startFaultServer();
    const directory = await spoolDirectory();
    const options = { dsn: server.dsn, transport: { spoolDirectory: directory } };
    const first = await (await startApp(options)).end("exit", LAST);
    expect(first).toMatchObject({ exitCode: 7, signal: null, stderr: "" });
    expect(first.millis).toBeLessThan(2000);
    const ids = await waitingIds(directory);
    expect(ids).toHaveLength(100);

    const next = await startApp(options, HASTY);
    await server.until(({ events }) => events.unique === 100);
    expect(Object.keys(await server.events())).toEqual(ids);
    await next.end("runOut");
    expect(await namesIn(directory)).toEqual([]);
    const books = first.stats === undefined ? [] : [booksOf(first.stats, CAPTURED)];
    await expectAccounted(await sharedBooks(books, { directory }), server);
  });

  it("process.exit() without a spool: what is queued is lost, and nothing waits for it", async () => {
    const server = await startFaultServer();
    const end = await (await startApp({ dsn: server.dsn })).end("exit", LAST);
    expect(end).toMatchObject({ exitCode: 7, signal: null, stderr: "" });
    expect(end.millis).toBeLessThan(2000);
    expect((await server.report()).events.unique).toBe(0);
    if (end.stats !== undefined) await expectAccounted(booksOf(end.stats, CAPTURED), server);
  });

  it("process.exit() while the spool is being written: each is there once", async () => {
    const server = await startFaultServer();
    await server.stopListening();
    const directory = await spoolDirectory();
    const options = { dsn: server.dsn, transport: { spoolDirectory: directory } };
    const app = await startApp(options);
    await app.captureTransactions(100);
    await app.captureErrors(100);
    await waitFor(() => namesIn(directory), {
      predicate: (names) => names.length >= 10,
      timeoutMillis: 10_000,
    });
    const first = await app.end("exit", LAST);
    expect(await quantitiesOnDisk(directory)).toEqual({ error: 150, transaction: 150, span: 300 });
    expect(new Set(await waitingIds(directory)).size).toBe(300);

    await server.listen();
    const next = await startApp(options, HASTY);
    await server.until(({ events }) => events.unique === 300, 20_000);
    await next.end("runOut");
    expect((await server.report()).events.maxAttempts).toBe(1);
    const contents = { error: 150, transaction: 150, span: 300 };
    const books = first.stats === undefined ? [] : [booksOf(first.stats, contents)];
    await expectAccounted(await sharedBooks(books, { directory }), server);
  });

  it("SIGKILL with 500 spooled: the next process, which captures nothing, delivers each once, errors first", async () => {
    const server = await startFaultServer();
    await server.stopListening();
    const directory = await spoolDirectory();
    const options = { dsn: server.dsn, transport: { spoolDirectory: directory } };
    const books = await killedWithSpooled(await startApp(options), 500);
    const ids = await waitingIds(directory);
    expect(ids).toHaveLength(500);

    await server.listen();
    const next = await startApp(options, HASTY);
    await server.until(({ events }) => events.unique === 500, 60_000);
    expect(Object.keys(await server.events())).toEqual(ids);
    expect((await server.report()).events.maxAttempts).toBe(1);
    await waitFor(() => namesIn(directory), {
      predicate: (names) => names.length === 0,
      timeoutMillis: 5000,
    });
    const nothing = booksOf(await next.stats(), {});
    await expectAccounted(await sharedBooks([books, nothing], { directory }), server);
  });

  it("SIGKILL in the middle of the replay: the next process delivers the rest", async () => {
    const server = await startFaultServer();
    await server.stopListening();
    const directory = await spoolDirectory();
    const options = { dsn: server.dsn, transport: { spoolDirectory: directory } };
    const books = await killedWithSpooled(await startApp(options), 100);
    await server.listen();
    const second = await startApp(options, HASTY);
    await server.until(({ events }) => events.unique >= 20);
    await second.kill("SIGKILL");

    const third = await startApp(options, HASTY);
    await server.until(({ events }) => events.unique === 100);
    await third.end("runOut");
    const { events } = await server.report();
    // What was answered and not yet removed goes once more, with the same id and bytes.
    expect(events).toMatchObject({ unique: 100, differing: 0 });
    expect(events.duplicates).toBeLessThanOrEqual(1);
    expect(await namesIn(directory)).toEqual([]);
    await expectAccounted(await sharedBooks([books], { directory }), server);
  });

  it("out of memory: what was spooled before is delivered by the next process", async () => {
    const server = await startFaultServer();
    await server.stopListening();
    const directory = await spoolDirectory();
    const options = { dsn: server.dsn, transport: { spoolDirectory: directory } };
    const app = await startApp(options, { execArgv: ["--max-old-space-size=50"] });
    await spooled(app, 50);
    const end = await app.end("outOfMemory");
    expect(end.stderr).toContain("heap out of memory");
    expect(end.signal).toBe("SIGABRT");

    await server.listen();
    const next = await startApp(options, HASTY);
    await server.until(({ events }) => events.unique === 50);
    await next.end("runOut");
    expect((await server.report()).events.maxAttempts).toBe(1);
    expect(await namesIn(directory)).toEqual([]);
  });
});

describeRow(29, "four processes on one spool", () => {
  it("two that capture and two that do not, beside what a dead one left: each is delivered once", async () => {
    const server = await startFaultServer();
    await server.stopListening();
    const directory = await spoolDirectory();
    const options = { dsn: server.dsn, transport: { spoolDirectory: directory } };
    const left = await killedWithSpooled(await startApp(options), 200);
    const apps = await Promise.all([1, 2, 3, 4].map(() => startApp(options, HASTY)));
    const writers = apps.slice(0, 2);
    await Promise.all(writers.map((app) => spooled(app, 100)));
    expect(await quantitiesOnDisk(directory)).toEqual(halves(400));

    await server.listen();
    await server.until(({ events }) => events.unique >= 100, 20_000);
    await Promise.all(writers.map((app) => captured(app, 50)));
    await server.until(({ events }) => events.unique === 500, 30_000);
    await waitFor(() => namesIn(directory), {
      predicate: (names) => names.length === 0,
      timeoutMillis: 5000,
    });
    expect((await server.report()).events.maxAttempts).toBe(1);
    const stats = await Promise.all(apps.map((app) => app.stats()));
    // All of them had a share, or the test shows nothing.
    expect(Math.min(...stats.map(({ delivery }) => delivery.bytesSent))).toBeGreaterThan(0);
    const books = stats.map((each, index) => booksOf(each, index < 2 ? halves(150) : {}));
    await expectAccounted(await sharedBooks([left, ...books], { directory }), server);
  });
});

function halves(count: number): ClientBooks["captured"] {
  return { error: count / 2, transaction: count / 2, span: count };
}

async function captured(app: App, count: number): Promise<void> {
  await app.captureTransactions(count / 2);
  await app.captureErrors(count / 2);
}

/** Captures, and waits until all of it is in the spool. */
async function spooled(app: App, count: number): Promise<ClientBooks> {
  await captured(app, count);
  const stats = await waitFor(() => app.stats(), {
    predicate: ({ errors, transactions }) => errors.spooled + transactions.spooled === count,
    timeoutMillis: 20_000,
  });
  return booksOf(stats, halves(count));
}

async function killedWithSpooled(app: App, count: number): Promise<ClientBooks> {
  const books = await spooled(app, count);
  await app.kill("SIGKILL");
  return books;
}
