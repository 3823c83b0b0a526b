import { expect, it } from "vitest";

import { namesIn, spoolDirectory } from "../delivery/spool/spool-support.js";
import { accountingOf, expectAccounted } from "./accounted.js";
import { startApp } from "./app.js";
import { describeRow, startFaultServer } from "./kit.js";
import { quantitiesOnDisk, sharedBooks } from "./spool-files.js";
import { captured, halves, killedWithSpooled, spooled } from "./spooling-app.js";
import { waitFor } from "../time/wait-for.js";

// The replay's pause of 100 ms, among others, takes a tenth of that.
const HASTY = { timerFactor: 10 };

// With these the deadlines of requests are no shorter for that: that a busy machine is late is no time-out.
const DEADLINES = {
  connectTimeoutMillis: 50_000,
  headersTimeoutMillis: 150_000,
  totalTimeoutMillis: 300_000,
};

describeRow(29, "four processes on one spool", () => {
  it("two that capture and two that do not, beside what a dead one left: each is delivered once", async () => {
    const server = await startFaultServer();
    await server.stopListening();
    const directory = await spoolDirectory();
    const options = { dsn: server.dsn, spool: { directory }, transport: DEADLINES };
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
    const accounting = stats.map((each, index) => accountingOf(each, index < 2 ? halves(150) : {}));
    await expectAccounted(await sharedBooks([left, ...accounting], { directory }), server);
  });
});
