import { expect, it } from "vitest";

import { namesIn, spoolDirectory } from "../delivery/spool/spool-support.js";
import { accountingOf, expectAccounted } from "./accounted.js";
import { startApp } from "./app.js";
import { describeRow, startFaultServer } from "./kit.js";
import { sharedBooks, waitingIds } from "./spool-files.js";
import { killedWithSpooled } from "./spooling-app.js";
import { waitFor } from "../time/wait-for.js";

// The replay's pause of 100 ms, among others, takes a tenth of that.
const HASTY = { timerFactor: 10 };

describeRow(27, "SIGKILL", () => {
  it("SIGKILL with 500 spooled: the next process, which captures nothing, delivers each once, errors first", async () => {
    const server = await startFaultServer();
    await server.stopListening();
    const directory = await spoolDirectory();
    const options = { dsn: server.dsn, spool: { directory } };
    const accounting = await killedWithSpooled(await startApp(options), 500);
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
    const nothing = accountingOf(await next.stats(), {});
    await expectAccounted(await sharedBooks([accounting, nothing], { directory }), server);
  });

  it("SIGKILL in the middle of the replay: the next process delivers the rest", async () => {
    const server = await startFaultServer();
    await server.stopListening();
    const directory = await spoolDirectory();
    const options = { dsn: server.dsn, spool: { directory } };
    const accounting = await killedWithSpooled(await startApp(options), 100);
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
    await expectAccounted(await sharedBooks([accounting], { directory }), server);
  });
});
