import { describe, expect, it } from "vitest";

import { namesIn, spoolDirectory } from "../delivery/spool/spool-support.js";
import { accountingOf, expectAccounted } from "./accounted.js";
import { startApp } from "./app.js";
import { describeRow, startFaultServer } from "./kit.js";
import { quantitiesOnDisk } from "./spool-files.js";

const CAPTURED = { error: 50, transaction: 50, span: 100 };
const LAST = { errors: 50, transactions: 50 };
const SLOW = { requests: [{ do: { kind: "respond", delayMillis: 20 } }] } as const;
const BLACK_HOLE = { requests: [{ do: { kind: "black-hole" } }] } as const;

// Far more than a process needs for its end, on any machine; and a bound far below it.
const LONG_MILLIS = 120_000;
const NOT_HELD_UP_MILLIS = 40_000;

const SIGNALS = [
  ["SIGTERM", "sigterm"],
  ["SIGINT", "sigint"],
] as const;

describeRow(28, "a signal with 100 envelopes queued, and a server that takes 20 ms", () => {
  it.each(SIGNALS)(
    "%s: 100 are delivered before the shutdown's time-out, and the process has died of the signal",
    async (signal, ending) => {
      const server = await startFaultServer();
      await server.script(SLOW);
      const app = await startApp({
        dsn: server.dsn,
        flushOnSignals: true,
        shutdownTimeoutMillis: LONG_MILLIS,
      });
      const end = await app.end(ending, LAST);
      expect(end).toMatchObject({ exitCode: null, signal, stderr: "" });
      expect(end.millis).toBeLessThan(NOT_HELD_UP_MILLIS);
      const delivered = { captured: CAPTURED, delivered: CAPTURED };
      const accounting = { ...delivered, queued: {}, spooled: {}, dropped: {} };
      expect((await server.report()).events).toMatchObject({ unique: 100, maxAttempts: 1 });
      await expectAccounted(accounting, server);
    },
  );

  it.each(["runOut", "runOutOnce", "close"] as const)(
    "with a handler of the application's own (%s): its exit code 3 stays, and 100 are delivered",
    async (onSigterm) => {
      const server = await startFaultServer();
      await server.script(SLOW);
      const app = await startApp(
        { dsn: server.dsn, flushOnSignals: true, shutdownTimeoutMillis: LONG_MILLIS },
        { onSigterm },
      );
      const end = await app.end("sigterm", LAST);
      expect(end).toMatchObject({ exitCode: 3, signal: null, stderr: "" });
      expect(end.longestTimerMillis).toBeLessThan(1000);
      expect((await server.report()).events).toMatchObject({ unique: 100, maxAttempts: 1 });
      if (end.stats !== undefined) await expectAccounted(accountingOf(end.stats, CAPTURED), server);
    },
  );

  it("with a handler that exits at once: its exit code 3 stays, and 100 are spooled", async () => {
    const server = await startFaultServer();
    await server.script(SLOW);
    const directory = await spoolDirectory();
    const app = await startApp(
      { dsn: server.dsn, flushOnSignals: true, spool: { directory } },
      { onSigterm: "exit" },
    );
    const end = await app.end("sigterm", LAST);
    expect(end).toMatchObject({ exitCode: 3, signal: null, stderr: "" });
    expect(await quantitiesOnDisk(directory)).toEqual(CAPTURED);
    if (end.stats !== undefined) await expectAccounted(accountingOf(end.stats, CAPTURED), server);
  });

  it("without the option: the signal ends the process at once", async () => {
    const server = await startFaultServer();
    await server.script(SLOW);
    const app = await startApp({ dsn: server.dsn });
    const end = await app.end("sigterm", LAST);
    expect(end).toMatchObject({ exitCode: null, signal: "SIGTERM" });
  });
});

describe("a signal while the server does not answer", () => {
  it.each(SIGNALS)(
    "%s: the process dies of it at the shutdown's time-out, and all is in the spool",
    async (signal, ending) => {
      const server = await startFaultServer();
      await server.script(BLACK_HOLE);
      const directory = await spoolDirectory();
      const app = await startApp({
        dsn: server.dsn,
        flushOnSignals: true,
        shutdownTimeoutMillis: 500,
        spool: { directory },
      });
      const end = await app.end(ending, LAST);
      expect(end).toMatchObject({ exitCode: null, signal });
      expect(end.millis).toBeGreaterThan(450);
      // The request's own deadline.
      expect(end.millis).toBeLessThan(15_000);
      expect(await namesIn(directory)).toHaveLength(100);
      expect(await quantitiesOnDisk(directory)).toEqual(CAPTURED);
    },
  );

  it.each(SIGNALS)(
    "a second %s ends the process at once, and all is in the spool",
    async (signal) => {
      const server = await startFaultServer();
      await server.script(BLACK_HOLE);
      const directory = await spoolDirectory();
      const app = await startApp({
        dsn: server.dsn,
        flushOnSignals: true,
        shutdownTimeoutMillis: LONG_MILLIS,
        spool: { directory },
      });
      await app.captureTransactions(50);
      await app.captureErrors(50);
      const first = app.kill(signal);
      // It lives on, and flushes.
      await app.stats();
      const end = await app.kill(signal);
      await first;
      expect(end).toMatchObject({ exitCode: null, signal });
      expect(end.millis).toBeLessThan(NOT_HELD_UP_MILLIS);
      expect(await quantitiesOnDisk(directory)).toEqual(CAPTURED);
    },
  );
});
