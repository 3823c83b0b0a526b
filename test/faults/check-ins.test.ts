import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { ROOT_CONTEXT } from "@opentelemetry/api";
import type { Tracer } from "@opentelemetry/api";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it, onTestFinished } from "vitest";

import { SentrySpanProcessor, captureMessage, createClient, setClient } from "../../src/index.js";
import type { ClientOptions, SentryClient } from "../../src/index.js";
import { withMonitor } from "../../src/crons/monitor.js";
import type { IngestAnswerer } from "../../src/testing/ingest-answer.js";
import type { ReadEnvelope } from "../../src/testing/envelope-reader.js";
import type { IngestServer } from "../../src/testing/ingest-server.js";
import { startIngestServer } from "../../src/testing/ingest-server.js";
import { builtPackage, compileCache } from "../package/built-package.js";
import { bundledSdk } from "../package/bundled-sdk.js";
import type { SentCheckIn } from "../crons/monitor-kit.js";
import { byRun } from "../crons/monitor-kit.js";
import { namesIn, spoolDirectory } from "../delivery/spool/spool-support.js";
import { quantitiesOnDisk } from "./spool-files.js";
import type { FaultServer } from "./kit.js";
import { startFaultServer } from "./kit.js";
import { withThread } from "./sender-thread.js";

const RUNS = 100;
const FLUSH_MILLIS = 20_000;

interface Bench {
  readonly server: IngestServer;
  readonly client: SentryClient;
}

async function startBench(options: ClientOptions = {}): Promise<Bench> {
  const server = await startIngestServer();
  setClient(undefined);
  const client = createClient(withThread({ dsn: server.dsn, ...options }));
  onTestFinished(async () => {
    await client.close(1000);
    setClient(undefined);
    await server.close();
  });
  return { server, client };
}

function checkInsIn(envelopes: readonly ReadEnvelope[]): SentCheckIn[] {
  return envelopes
    .flatMap(({ items }) => items)
    .filter(({ header }) => header.type === "check_in")
    .map((item) => item.json() as SentCheckIn);
}

/** The statuses of each run, in the order of their arrival. */
function runsAt({ envelopes }: IngestServer): string[][] {
  return byRun(checkInsIn(envelopes)).map((statuses) => statuses.map(String));
}

/** So many runs that have ended well. */
function pairs(count: number): string[][] {
  return Array.from({ length: count }, () => ["in_progress", "ok"]);
}

/** What the fault server has processed, each once; it knows check-ins by their ids and statuses. */
async function statusesAt(server: FaultServer): Promise<string[]> {
  const processed = Object.entries(await server.events()).filter(([, seen]) => seen.processed > 0);
  const ids = processed.map(([key]) => key.split(":")).filter(([, status]) => status !== undefined);
  expect(new Set(ids.map(([id]) => id)).size).toBe(1);
  return ids.map(([, status]) => String(status));
}

function tracerOf(client: SentryClient): Tracer {
  const provider = new BasicTracerProvider({ spanProcessors: [new SentrySpanProcessor(client)] });
  onTestFinished(() => provider.shutdown());
  return provider.getTracer("test");
}

/** Ends the connection under the first attempt of each final check-in. */
function firstFinalDies(how: "hang_up" | "reset"): IngestAnswerer {
  const seen = new Set<unknown>();
  return (request) => {
    const [checkIn] = checkInsIn([request.envelope()]);
    if (checkIn === undefined || checkIn["status"] === "in_progress") return undefined;
    const id = checkIn["check_in_id"];
    if (seen.has(id)) return undefined;
    seen.add(id);
    return how;
  };
}

/** Starts so many runs; returns what ends them all, the last one first. */
function overlappingRuns(count: number): () => Promise<void> {
  const releases: (() => void)[] = [];
  const runs = Array.from({ length: count }, () =>
    withMonitor("job", () => new Promise<void>((resolve) => void releases.push(resolve))),
  );
  return async () => {
    for (const release of releases.toReversed()) release();
    await Promise.all(runs);
  };
}

describe("the first connection of every final check-in dies", () => {
  it.each([
    ["reset", "at once"],
    ["hang_up", "at once"],
    ["reset", "after all have begun"],
    ["hang_up", "after all have begun"],
  ] as const)(
    "(%s): of 100 overlapping runs that end %s, 0 are missing, none is mixed with another",
    async (how, when) => {
      const { server, client } = await startBench();
      server.respondWith(firstFinalDies(how));
      const endAll = overlappingRuns(RUNS);
      if (when === "after all have begun") await client.flush();
      await endAll();
      expect(await client.flush(FLUSH_MILLIS)).toBe(true);
      expect(runsAt(server)).toEqual(pairs(RUNS));
      expect(client.stats().byCategory.monitor).toMatchObject({ sent: 2 * RUNS, dropped: {} });
      expect(client.stats().delivery.retries).toBe(RUNS);
    },
  );
});

describe("check-ins", () => {
  it("are delivered while the server limits transactions and errors", async () => {
    const { server, client } = await startBench();
    const tracer = tracerOf(client);
    server.respondWith({ headers: { "x-sentry-rate-limits": "60:transaction;error:org" } }, "once");
    withMonitor("job", () => undefined);
    await client.flush(FLUSH_MILLIS);
    const endAll = overlappingRuns(10);
    for (let count = 0; count < 10; count += 1) {
      captureMessage(`error ${count}`);
      tracer.startSpan("GET /", {}, ROOT_CONTEXT).end();
    }
    await endAll();
    expect(await client.flush(FLUSH_MILLIS)).toBe(true);
    expect(runsAt(server)).toEqual(pairs(11));
    const { monitor, error, transaction } = client.stats().byCategory;
    expect(monitor).toMatchObject({ sent: 22, dropped: {} });
    expect(error).toMatchObject({ sent: 0, dropped: { ratelimit_backoff: 10 } });
    expect(transaction).toMatchObject({ sent: 0, dropped: { ratelimit_backoff: 10 } });
  });
});

const PROGRAM = fileURLToPath(new URL("./app/monitor.mjs", import.meta.url));
const run = promisify(execFile);

/** Starts the application with the monitored job; it ends by itself, or when its input does. */
function startApp(ending: string, options: ClientOptions): ReturnType<typeof run> {
  const entry = join(builtPackage(), "dist/index.js");
  const env = {
    BRIDGE: pathToFileURL(entry).href,
    SDK: bundledSdk(),
    OPTIONS: JSON.stringify(withThread(options)),
    ENDING: ending,
  };
  return run(process.execPath, [...compileCache(), PROGRAM], { env });
}

describe("the final check-in of a process that ends right after it", () => {
  it("is delivered if the process has run out of work", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ category: "monitor", times: 1, do: { kind: "rst" } }] });
    await startApp("runOut", { dsn: server.dsn });
    expect(await statusesAt(server)).toEqual(["in_progress", "ok"]);
  });

  it.each(["exit", "exitAtOnce"])(
    "(%s) by process.exit() is spooled, and delivered by the next process",
    async (ending) => {
      const server = await startFaultServer();
      const directory = await spoolDirectory();
      const options = { dsn: server.dsn, spool: { directory } };
      await server.stopListening();
      await startApp(ending, options);
      expect(await quantitiesOnDisk(directory)).toMatchObject({ monitor: 2 });
      await server.listen();
      const next = startApp("deliver", options);
      // The two check-ins and the transaction.
      await server.until(({ events }) => events.unique === 3);
      next.child.stdin?.end();
      await next;
      expect(await statusesAt(server)).toEqual(["in_progress", "ok"]);
      expect(await namesIn(directory)).toEqual([]);
    },
  );
});

describe("the run of a job that is still open when its process", () => {
  it.each(["stuck", "stuckSpan", "uncaught"])("ends (%s) has failed", async (ending) => {
    const server = await startFaultServer();
    const options = { dsn: server.dsn, captureUncaught: true };
    await Promise.allSettled([startApp(ending, options)]);
    expect(await statusesAt(server)).toEqual(["in_progress", "error"]);
  });

  it("is ended by a signal has failed", async () => {
    const server = await startFaultServer();
    const app = startApp("signal", { dsn: server.dsn, flushOnSignals: true });
    app.child.stdout?.once("data", () => app.child.kill("SIGTERM"));
    await expect(app).rejects.toMatchObject({ signal: "SIGTERM" });
    expect(await statusesAt(server)).toEqual(["in_progress", "error"]);
  });

  it("has nothing left to do, but for the run, may end well", async () => {
    const server = await startFaultServer();
    await startApp("atIdle", { dsn: server.dsn });
    expect(await statusesAt(server)).toEqual(["in_progress", "ok"]);
  });

  it("sends its last error may end well", async () => {
    const server = await startFaultServer();
    const app = startApp("uncaughtButEnds", { dsn: server.dsn, captureUncaught: true });
    await expect(app).rejects.toMatchObject({ code: 1 });
    expect(await statusesAt(server)).toEqual(["in_progress", "ok"]);
  });
});
