import { tmpdir } from "node:os";

import { expect, it } from "vitest";

import { namesIn, spoolDirectory } from "../delivery/spool/spool-support.js";
import { accountingOf, expectAccounted } from "./accounted.js";
import { startApp } from "./app.js";
import { describeRow, startFaultServer } from "./kit.js";
import { sharedBooks, waitingIds } from "./spool-files.js";

// The replay's pause of 100 ms, among others, takes a tenth of that.
const HASTY = { timerFactor: 10 };

const CAPTURED = { error: 50, transaction: 50, span: 100 };
const LAST = { errors: 50, transactions: 50 };

describeRow(26, "a process that crashes with 100 envelopes queued", () => {
  it.each(["crash", "reject"] as const)(
    "by %s: all are in the spool; the next process delivers each once, errors first",
    async (ending) => {
      const server = await startFaultServer();
      const directory = await spoolDirectory(tmpdir());
      const options = { dsn: server.dsn, spool: { directory } };
      const crashed = await (await startApp(options)).end(ending, LAST);
      expect(crashed).toMatchObject({ exitCode: 1, signal: null });
      expect(crashed.stderr).toContain("the application has a bug");
      expect(crashed.longestTimerMillis).toBe(0);
      expect(await namesIn(directory)).toHaveLength(100);
      const ids = await waitingIds(directory);

      const next = await startApp(options, HASTY);
      await server.until(({ events }) => events.unique === 100);
      expect(Object.keys(await server.events())).toEqual(ids);
      expect((await server.report()).events.maxAttempts).toBe(1);
      expect(await next.end("runOut")).toMatchObject({ exitCode: 0, stderr: "" });
      expect(await namesIn(directory)).toEqual([]);
      const accounting = crashed.stats === undefined ? [] : [accountingOf(crashed.stats, CAPTURED)];
      await expectAccounted(await sharedBooks(accounting, { directory }), server);
    },
  );

  it("with some of them sent and none answered: all are in the spool, and a repetition has the same bytes", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: { kind: "stall", process: true } }] });
    const directory = await spoolDirectory(tmpdir());
    const options = { dsn: server.dsn, spool: { directory } };
    const app = await startApp(options);
    await app.captureTransactions(50);
    await app.captureErrors(50);
    const { events: sent } = await server.until(({ events }) => events.unique >= 20);
    const crashed = await app.end("crash");
    expect(await namesIn(directory)).toHaveLength(100);

    await server.script({});
    const next = await startApp(options, HASTY);
    await server.until(({ events }) => events.unique === 100 && events.unanswered === 0);
    await next.end("runOut");
    expect(await namesIn(directory)).toEqual([]);
    const { events } = await server.report();
    expect(events).toMatchObject({ unique: 100, differing: 0 });
    expect(events.duplicates).toBeGreaterThanOrEqual(sent.unique);
    expect(events.maxAttempts).toBe(2);
    const accounting = crashed.stats === undefined ? [] : [accountingOf(crashed.stats, CAPTURED)];
    await expectAccounted(await sharedBooks(accounting, { directory }), server);
  });

  it("that closes the client first: all are delivered within the shutdown's time, without a spool", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: { kind: "respond", delayMillis: 20 } }] });
    // Far more than it needs: what it waits for are the answers.
    const options = { dsn: server.dsn, shutdownTimeoutMillis: 60_000 };
    const end = await (await startApp(options, { closesOnCrash: true })).end("crash", LAST);
    expect(end.exitCode).toBe(1);
    expect(end.longestTimerMillis).toBe(0);
    expect((await server.report()).events).toMatchObject({ unique: 100, duplicates: 0 });
    if (end.stats !== undefined) await expectAccounted(accountingOf(end.stats, CAPTURED), server);
  });

  it("without a spool: what is queued is lost with the process, which ends as it would without a client", async () => {
    const server = await startFaultServer();
    const app = await startApp({ dsn: server.dsn });
    const end = await app.end("crash", LAST);
    expect(end).toMatchObject({ exitCode: 1, signal: null });
    expect(end.longestTimerMillis).toBe(0);
    expect((await server.report()).events.unique).toBe(0);
    if (end.stats !== undefined) await expectAccounted(accountingOf(end.stats, CAPTURED), server);
  });
});
