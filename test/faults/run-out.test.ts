import { describe, expect, it } from "vitest";

import { spoolDirectory } from "../delivery/spool/spool-support.js";
import { accountingOf, expectAccounted } from "./accounted.js";
import type { AppEnd } from "./app.js";
import { startApp } from "./app.js";
import type { FaultServer } from "./kit.js";
import { startFaultServer } from "./kit.js";
import { quantitiesOnDisk } from "./spool-files.js";
import { unreachableDsn } from "./unreachable.js";

const CAPTURED = { error: 50, transaction: 50, span: 100 };
const LAST = { errors: 50, transactions: 50 };
const UNKNOWN = { hasUnknownOutcomes: true };

// All times of the product are far longer than a process takes to end.
const LONG = { idleTimeoutMillis: 60_000, bodyTimeoutMillis: 60_000, headersTimeoutMillis: 60_000 };
const PATIENT = { transport: LONG, shutdownTimeoutMillis: 60_000 };

const SHUTDOWN_MILLIS = 500;

async function expectBooks(end: AppEnd, server: FaultServer, accounting = {}): Promise<void> {
  expect(end.stats).toBeDefined();
  if (end.stats !== undefined)
    await expectAccounted(accountingOf(end.stats, CAPTURED), server, accounting);
}

describe("a program that runs out of work", () => {
  it("delivers what it has, and ends with 0 as soon as that is done", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: { kind: "respond", delayMillis: 20 } }] });
    const app = await startApp({ dsn: server.dsn, ...PATIENT });
    const end = await app.end("runOut", LAST);
    expect(end).toMatchObject({ exitCode: 0, signal: null, stderr: "" });
    expect(end.longestTimerMillis).toBeLessThanOrEqual(SHUTDOWN_MILLIS);
    expect((await server.report()).events).toMatchObject({ unique: 100, maxAttempts: 1 });
    await expectBooks(end, server);
  });

  it("ends at once when everything was delivered, while its connections are idle", async () => {
    const server = await startFaultServer();
    const app = await startApp({ dsn: server.dsn, ...PATIENT });
    await app.captureTransactions(50);
    await app.captureErrors(50);
    expect(await app.flush()).toBe(true);
    expect((await server.report()).connections.open).toBeGreaterThan(0);
    const end = await app.end("runOut");
    expect(end).toMatchObject({ exitCode: 0, signal: null, stderr: "" });
    expect(end.longestTimerMillis).toBeLessThanOrEqual(SHUTDOWN_MILLIS);
    await expectBooks(end, server);
  });

  it("ends at once when it has closed the client", async () => {
    const server = await startFaultServer();
    const app = await startApp({ dsn: server.dsn, ...PATIENT });
    await app.captureTransactions(50);
    await app.captureErrors(50);
    expect(await app.close()).toBe(true);
    const end = await app.end("runOut");
    expect(end).toMatchObject({ exitCode: 0, signal: null, stderr: "" });
    expect(end.longestTimerMillis).toBeLessThanOrEqual(SHUTDOWN_MILLIS);
    await expectBooks(end, server);
  });

  it("ends, although it captures something each time that it has run out", async () => {
    const server = await startFaultServer();
    const app = await startApp({ dsn: server.dsn, ...PATIENT }, { capturesBeforeExit: true });
    const end = await app.end("runOut");
    expect(end).toMatchObject({ exitCode: 0, signal: null });
    expect(end.longestTimerMillis).toBeLessThanOrEqual(SHUTDOWN_MILLIS);
    expect((await server.report()).events.unique).toBeGreaterThan(0);
  });
});

const DEAD: [string, (server: FaultServer) => Promise<void>, object][] = [
  ["refuses connections", (server) => server.stopListening(), {}],
  [
    "accepts and never answers",
    (server) => server.script({ requests: [{ do: { kind: "black-hole" } }] }),
    UNKNOWN,
  ],
  [
    "does not read at all",
    (server) => server.script({ connections: [{ do: { kind: "never-read" } }] }),
    UNKNOWN,
  ],
  [
    "resets each connection",
    (server) => server.script({ connections: [{ do: { kind: "rst" } }] }),
    UNKNOWN,
  ],
];

it("a program that runs out of work, while nothing answers its connections, ends within shutdownTimeoutMillis", async () => {
  const app = await startApp({
    dsn: await unreachableDsn(),
    shutdownTimeoutMillis: SHUTDOWN_MILLIS,
  });
  const end = await app.end("runOut", LAST);
  expect(end).toMatchObject({ exitCode: 0, signal: null });
  expect(end.longestTimerMillis).toBeLessThanOrEqual(SHUTDOWN_MILLIS);
  const { errors, transactions } = end.stats ?? {};
  expect([errors?.queued, transactions?.queued]).toEqual([50, 50]);
});

it("a program that has other things to do keeps its attempts, while nothing answers its connections", async () => {
  const app = await startApp({ dsn: await unreachableDsn() });
  await app.captureErrors(50);
  expect(await app.flush(1500)).toBe(false);
  expect((await app.stats()).delivery).toMatchObject({ retries: 0, held: 0 });
});

describe("a program that runs out of work, while its server", () => {
  it.each(DEAD)("%s: ends with 0 within shutdownTimeoutMillis", async (_kind, kill, accounting) => {
    const server = await startFaultServer();
    await kill(server);
    const app = await startApp({
      dsn: server.dsn,
      shutdownTimeoutMillis: SHUTDOWN_MILLIS,
      transport: LONG,
    });
    const end = await app.end("runOut", LAST);
    expect(end).toMatchObject({ exitCode: 0, signal: null });
    expect(end.longestTimerMillis).toBeLessThanOrEqual(SHUTDOWN_MILLIS);
    await expectBooks(end, server, accounting);
  });

  it("answers, but stalls in the body: ends with 0 as soon as it has all answers", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: { kind: "headers-then", ending: "stall" } }] });
    const app = await startApp({ dsn: server.dsn, ...PATIENT });
    const end = await app.end("runOut", LAST);
    expect(end).toMatchObject({ exitCode: 0, signal: null });
    expect(end.longestTimerMillis).toBeLessThanOrEqual(SHUTDOWN_MILLIS);
    expect((await server.report()).events).toMatchObject({ unique: 100, maxAttempts: 1 });
    await expectBooks(end, server);
  });

  it.each(DEAD.slice(0, 3))(
    "%s: leaves all in the spool, where there is one",
    async (_kind, kill, accounting) => {
      const server = await startFaultServer();
      await kill(server);
      const directory = await spoolDirectory();
      const app = await startApp({
        dsn: server.dsn,
        shutdownTimeoutMillis: SHUTDOWN_MILLIS,
        transport: LONG,
        spool: { directory },
      });
      const end = await app.end("runOut", LAST);
      expect(end).toMatchObject({ exitCode: 0, signal: null });
      expect(end.longestTimerMillis).toBeLessThanOrEqual(SHUTDOWN_MILLIS);
      expect(await quantitiesOnDisk(directory)).toEqual(CAPTURED);
      await expectBooks(end, server, accounting);
    },
  );

  it("stops reading in the middle of a long envelope: ends with 0 within shutdownTimeoutMillis", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: { kind: "black-hole" } }] });
    const transport = { ...LONG, gzipThresholdBytes: 100_000_000 };
    const app = await startApp({
      dsn: server.dsn,
      shutdownTimeoutMillis: SHUTDOWN_MILLIS,
      transport,
    });
    await app.captureLongErrors(20);
    const end = await app.end("runOut");
    expect(end).toMatchObject({ exitCode: 0, signal: null });
    expect(end.longestTimerMillis).toBeLessThanOrEqual(SHUTDOWN_MILLIS);
  });

  it("accepts and never answers: ends at once when a flush has timed out before", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: { kind: "black-hole" } }] });
    const app = await startApp({
      dsn: server.dsn,
      shutdownTimeoutMillis: SHUTDOWN_MILLIS,
      transport: LONG,
    });
    await app.captureErrors(10);
    expect(await app.flush(100)).toBe(false);
    const end = await app.end("runOut");
    expect(end).toMatchObject({ exitCode: 0, signal: null });
    expect(end.longestTimerMillis).toBeLessThanOrEqual(SHUTDOWN_MILLIS);
  });
});
