import { describe, expect, it } from "vitest";

import { IS_DEEP, SEED } from "../property/runs.js";
import { namesIn, spoolDirectory } from "../delivery/spool/spool-support.js";
import { startApp } from "./app.js";
import { startFaultServer } from "./kit.js";
import { unreachableDsn } from "./unreachable.js";

const TIMEOUT_MILLIS = 800;
const LAST = { errors: 1, transactions: 2 };

async function silentDsn(): Promise<string> {
  const server = await startFaultServer();
  await server.script({ requests: [{ do: { kind: "stall" } }] });
  return server.dsn;
}

const SERVERS = [
  {
    server: "a server that takes the connection and never answers",
    dsnOf: silentDsn,
    cause:
      /the server accepted the connection but did not answer within \d(\.\d)? s\. Check the DSN/,
  },
  {
    server: "a server that refuses connections",
    dsnOf: () => Promise.resolve("http://key@127.0.0.1:1/1"),
    cause: /nothing is listening on the DSN's host and port \(ECONNREFUSED\)\. Check the DSN/,
  },
  {
    server: "a server to which no connection is made",
    dsnOf: unreachableDsn,
    cause: /the connection to the server was not established within \d(\.\d)? s\. Check the DSN/,
  },
];

const ENDINGS = [
  { name: "when it runs out of work", ending: "runOut", setup: {} },
  { name: "at SIGTERM, which the client handles", ending: "sigterm", setup: {} },
  {
    name: "at SIGTERM, after which it runs out of work",
    ending: "sigterm",
    setup: { onSigterm: "runOut" },
  },
  {
    name: "at SIGTERM, at which it closes the client",
    ending: "sigterm",
    setup: { onSigterm: "close" },
  },
  {
    name: "at SIGTERM, after which it captures more",
    ending: "sigterm",
    setup: { onSigterm: "runOut", capturesBeforeExit: true },
  },
] as const;

// Each server with each ending, by turns with a spool and without: of any two of these, all combinations. The seed decides which
// half of them a run has; `npm run test:deep` has all.
describe.each(SERVERS.map((server, index) => ({ ...server, index })))(
  "with $server, a process that ends",
  ({ dsnOf, cause, index }) => {
    const [bare, spooling] = [0, 1].map((turn) =>
      ENDINGS.filter((_ending, at) => IS_DEEP || (SEED + index + at) % 2 === turn),
    );

    it.each(bare ?? [])(
      "$name waits for one timeout in total, and reports what it has lost and why",
      async ({ ending, setup }) => {
        const app = await startApp(
          { dsn: await dsnOf(), flushOnSignals: true, shutdownTimeoutMillis: TIMEOUT_MILLIS },
          setup,
        );

        const { stderr, timersMillis = 0 } = await app.end(ending, LAST);

        expect(stderr).toMatch(cause);
        expect(stderr).toMatch(
          /^otel-sentry-bridge: Lost: \d+ errors? and 2 transactions could not /,
        );
        expect(stderr.match(/Lost/g)).toHaveLength(1);
        // What is captured at the very end has another quarter of it.
        expect(timersMillis).toBeLessThanOrEqual(TIMEOUT_MILLIS * 1.3);
      },
    );

    it.each(spooling ?? [])(
      "$name spools everything if it has a spool, in the same time",
      async ({ ending, setup }) => {
        const directory = await spoolDirectory();
        const app = await startApp(
          {
            dsn: await dsnOf(),
            flushOnSignals: true,
            shutdownTimeoutMillis: TIMEOUT_MILLIS,
            spool: { directory },
          },
          setup,
        );

        const { stderr, timersMillis = 0 } = await app.end(ending, LAST);

        expect(stderr).not.toContain("Lost");
        expect((await namesIn(directory)).length).toBeGreaterThanOrEqual(3);
        expect(timersMillis).toBeLessThanOrEqual(TIMEOUT_MILLIS * 1.3);
      },
    );
  },
);

describe("a server that answers", () => {
  it("gets the full timeout again after a signal, also for what was captured since", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: { kind: "respond", delayMillis: 50 } }] });
    const app = await startApp(
      { dsn: server.dsn, flushOnSignals: true, shutdownTimeoutMillis: 60_000 },
      { onSigterm: "runOut", capturesBeforeExit: true },
    );

    const { stderr } = await app.end("sigterm", LAST);

    // What is captured each time that the process has run out of work is waited for ten times.
    const { unique } = (await server.report()).events;
    expect(unique).toBeGreaterThanOrEqual(LAST.errors + LAST.transactions + 10);
    expect(stderr).not.toContain("transactions");
  });

  it("gets nothing from a process that exits at once, which reports that", async () => {
    const server = await startFaultServer();
    const app = await startApp({ dsn: server.dsn });

    const { stderr } = await app.end("exit", LAST);

    expect(stderr).toMatch(
      /^otel-sentry-bridge: Lost: 1 error and 2 transactions could not be delivered to http:\/\/127\.0\.0\.1:\d+: the process ended before they were sent\. Await `close\(\)` before `process\.exit\(\)`; .*\n$/,
    );
  });

  it("is too slow for the timeout of `close`, which is reported", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: { kind: "respond", delayMillis: 1200 } }] });
    const app = await startApp({ dsn: server.dsn, shutdownTimeoutMillis: 4000 });
    await app.captureErrors(750);

    expect(await app.close()).toBe(false);
    const { stderr } = await app.end("exit");

    // To a busy machine, the server looks like one that does not answer.
    expect(stderr).toMatch(
      /Lost: \d+ errors could not .* (?:time-out of `close` .*shutdownTimeoutMillis|did not answer)/,
    );
  });
});
