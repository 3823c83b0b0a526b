import { expect, it } from "vitest";

import { namesIn, spoolDirectory } from "../delivery/spool/spool-support.js";
import { accountingOf, expectAccounted } from "./accounted.js";
import { startApp } from "./app.js";
import { describeRow, startFaultServer } from "./kit.js";
import { quantitiesOnDisk, sharedBooks, waitingIds } from "./spool-files.js";
import { spooled } from "./spooling-app.js";
import { waitFor } from "../time/wait-for.js";

// The replay's pause of 100 ms, among others, takes a tenth of that.
const HASTY = { timerFactor: 10 };

const CAPTURED = { error: 50, transaction: 50, span: 100 };
const LAST = { errors: 50, transactions: 50, exitCode: 7 };

describeRow(27, "process.exit() and no memory left", () => {
  it("process.exit() with a spool: 100 that are queued are spooled, and delivered by the next process", async () => {
    const server = await startFaultServer();
    const directory = await spoolDirectory();
    const options = { dsn: server.dsn, spool: { directory } };
    const first = await (await startApp(options)).end("exit", LAST);
    expect(first).toMatchObject({ exitCode: 7, signal: null, stderr: "" });
    expect(first.longestTimerMillis).toBe(0);
    const ids = await waitingIds(directory);
    expect(ids).toHaveLength(100);

    const next = await startApp(options, HASTY);
    await server.until(({ events }) => events.unique === 100);
    expect(Object.keys(await server.events())).toEqual(ids);
    await next.end("runOut");
    expect(await namesIn(directory)).toEqual([]);
    const accounting = first.stats === undefined ? [] : [accountingOf(first.stats, CAPTURED)];
    await expectAccounted(await sharedBooks(accounting, { directory }), server);
  });

  it("short processes, which end by running out of work: each sends spooled envelopes, and none twice", async () => {
    const server = await startFaultServer();
    const directory = await spoolDirectory();
    const options = { dsn: server.dsn, spool: { directory } };
    const last = { errors: 3, transactions: 0, exitCode: 7 };
    await (await startApp(options)).end("exit", last);
    const left = [(await waitingIds(directory)).length];
    while (left.length <= 4 && left.at(-1) !== 0) {
      await (await startApp(options)).end("runOut");
      left.push((await namesIn(directory)).length);
    }
    expect(left.at(-1)).toBe(0);
    expect((await server.report()).events).toMatchObject({ unique: 3, maxAttempts: 1 });
  });

  it("process.exit() without a spool: queued envelopes are lost and reported, and the exit is not delayed", async () => {
    const server = await startFaultServer();
    const end = await (await startApp({ dsn: server.dsn })).end("exit", LAST);
    expect(end).toMatchObject({ exitCode: 7, signal: null });
    expect(end.stderr).toMatch(
      /^[^\n]*Lost: 50 errors and 50 transactions .* process ended before/,
    );
    expect(end.longestTimerMillis).toBe(0);
    expect((await server.report()).events.unique).toBe(0);
    if (end.stats !== undefined) await expectAccounted(accountingOf(end.stats, CAPTURED), server);
  });

  it("process.exit() while the spool is being written: each is there once", async () => {
    const server = await startFaultServer();
    await server.stopListening();
    const directory = await spoolDirectory();
    const options = { dsn: server.dsn, spool: { directory } };
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
    const accounting = first.stats === undefined ? [] : [accountingOf(first.stats, contents)];
    await expectAccounted(await sharedBooks(accounting, { directory }), server);
  });

  it("out of memory: what was spooled before is delivered by the next process", async () => {
    const server = await startFaultServer();
    await server.stopListening();
    const directory = await spoolDirectory();
    const options = { dsn: server.dsn, spool: { directory } };
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
