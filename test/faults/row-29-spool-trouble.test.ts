import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { expect, it } from "vitest";

import { namesIn, spoolDirectory } from "../delivery/spool/spool-support.js";
import { accountingOf, expectAccounted, outcomeOf } from "./accounted.js";
import { startApp } from "./app.js";
import { describeRow, startFaultServer } from "./kit.js";
import { waitingIds } from "./spool-files.js";
import { waitFor } from "../time/wait-for.js";

const HASTY = { timerFactor: 10, warns: true };
const WARNS = { warns: true };
const CAPTURED = { error: 20, transaction: 20, span: 40 };
const NOBODY = 65_534;

/** What makes a directory unusable for the spool. */
const UNUSABLE: [string, () => Promise<string>][] = [
  [
    "that is a file",
    async () => {
      const directory = await spoolDirectory();
      await mkdir(dirname(directory), { recursive: true });
      await writeFile(directory, "");
      return directory;
    },
  ],
  ["below a device", async () => "/dev/null/spool"],
  ["that no system call can create", async () => "/proc/none/spool"],
];

describeRow(29, "a spool that cannot be used", () => {
  it.each(UNUSABLE)(
    "a directory %s: one warning, and memory mode: all is delivered when the server is back",
    async (_kind, directoryOf) => {
      const server = await startFaultServer();
      await server.stopListening();
      const spool = { directory: await directoryOf() };
      const app = await startApp({ dsn: server.dsn, spool }, WARNS);
      await app.captureTransactions(20);
      await app.captureErrors(20);
      expect(await app.flush(500)).toBe(false);
      const down = accountingOf(await app.stats(), CAPTURED);
      expect(outcomeOf(down)).toEqual({ delivered: {}, dropped: {} });
      expect(down.queued).toEqual(CAPTURED);

      await server.listen();
      expect(await app.flush(10_000)).toBe(true);
      const end = await app.end("runOut");
      expect(end).toMatchObject({ exitCode: 0, signal: null });
      expect(end.stderr.match(/cannot be used/g)).toHaveLength(1);
      expect((await server.report()).events).toMatchObject({ unique: 40, duplicates: 0 });
      if (end.stats !== undefined) await expectAccounted(accountingOf(end.stats, CAPTURED), server);
    },
  );

  it("a directory that this user may not write: the same", async () => {
    const server = await startFaultServer();
    const directory = await spoolDirectory();
    await mkdir(directory, { recursive: true, mode: 0o500 });
    const app = await startApp({ dsn: server.dsn, spool: { directory } }, WARNS);
    // What is loaded when it is needed first may be unreadable for that user.
    await app.captureErrors(1);
    expect(await app.flush(5000)).toBe(true);
    await app.becomeUser(NOBODY);
    await server.stopListening();
    await server.resetConnections();
    await app.captureTransactions(20);
    await app.captureErrors(19);
    expect(await app.flush(500)).toBe(false);
    expect(outcomeOf(accountingOf(await app.stats(), CAPTURED)).dropped).toEqual({});

    await server.listen();
    expect(await app.flush(10_000)).toBe(true);
    const end = await app.end("runOut");
    expect(end).toMatchObject({ exitCode: 0, signal: null });
    expect(end.stderr).toMatch(/EACCES/);
    expect((await server.report()).events).toMatchObject({ unique: 40, duplicates: 0 });
    if (end.stats !== undefined) await expectAccounted(accountingOf(end.stats, CAPTURED), server);
  });

  it.each(UNUSABLE)("a directory %s harms no exit", async (_kind, directoryOf) => {
    const server = await startFaultServer();
    const spool = { directory: await directoryOf() };
    const app = await startApp({ dsn: server.dsn, spool });
    const end = await app.end("exit", { exitCode: 7, errors: 20, transactions: 20 });
    expect(end).toMatchObject({ exitCode: 7, signal: null });
    expect(end.longestTimerMillis).toBe(0);
    if (end.stats !== undefined) await expectAccounted(accountingOf(end.stats, CAPTURED), server);
  });
});

describeRow(29, "a spool whose files are changed by others", () => {
  it("a directory that is removed while it is in use is created again", async () => {
    const server = await startFaultServer();
    await server.stopListening();
    const directory = await spoolDirectory();
    const app = await startApp({ dsn: server.dsn, spool: { directory } });
    await app.captureErrors(10);
    await spooled(directory, 10);
    // In one step: the client goes on writing.
    await rename(directory, `${directory}.away`);
    await app.captureErrors(10);
    await spooled(directory, 10);

    await server.listen();
    const next = await startApp({ dsn: server.dsn, spool: { directory } }, HASTY);
    await server.until(({ events }) => events.unique === 10);
    await waitFor(() => namesIn(directory), {
      predicate: (n) => n.length === 0,
      timeoutMillis: 5000,
    });
    expect((await server.report()).events.maxAttempts).toBe(1);
    expect((await next.end("runOut")).stderr).toBe("");
    expect((await app.end("exit", { exitCode: 0 })).exitCode).toBe(0);
    // Who removes the files has taken what is in them.
    expect((await server.report()).processed).toEqual({ error: 10 });
  });

  it("damaged files are set aside and counted, and all others are delivered, each once", async () => {
    const server = await startFaultServer();
    await server.stopListening();
    const directory = await spoolDirectory();
    const options = { dsn: server.dsn, spool: { directory } };
    const first = await startApp(options);
    await first.captureErrors(20);
    await first.captureTransactions(20);
    await spooled(directory, 40);
    await first.kill("SIGKILL");
    const [cut = "", empty = "", scrambled = "", headless = "", ...whole] =
      await namesIn(directory);
    const bytes = await readFile(join(directory, cut));
    await writeFile(join(directory, cut), bytes.subarray(0, -10));
    await writeFile(join(directory, empty), "");
    await writeFile(join(directory, scrambled), Buffer.alloc(bytes.length, 0xff));
    await writeFile(join(directory, headless), bytes.subarray(bytes.indexOf("\n") + 1));
    await writeFile(join(directory, "notes.txt"), "not the spool's");
    expect(whole).toHaveLength(36);

    await server.listen();
    const next = await startApp(options, HASTY);
    await server.until(({ events }) => events.unique === 36);
    await waitFor(() => waitingIds(directory), {
      predicate: (n) => n.length === 0,
      timeoutMillis: 5000,
    });
    expect((await server.report()).events).toMatchObject({ unique: 36, maxAttempts: 1 });
    expect(await namesIn(directory)).toEqual(
      [
        ...[cut, empty, scrambled, headless].map((name) => `${name}.corrupt`),
        "notes.txt",
      ].toSorted(),
    );
    const end = await next.end("runOut");
    expect(end.stderr.match(/damaged/g)).toHaveLength(1);
  });
});

async function spooled(directory: string, count: number): Promise<void> {
  await waitFor(() => namesIn(directory), {
    predicate: (names) => names.filter((name) => !name.endsWith(".tmp")).length === count,
    timeoutMillis: 10_000,
  });
}
