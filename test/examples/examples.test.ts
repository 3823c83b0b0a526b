import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestContext } from "vitest";

import { freePort } from "../../scripts/support/free-port.mjs";
import { startIngestServer } from "../../src/testing/ingest-server.js";
import type { IngestServer } from "../../src/testing/ingest-server.js";
import { SEED } from "../property/runs.js";
import { arrivalLines } from "../docs/arrivals.js";
import { startCommand } from "../docs/newcomer.js";
import type { RunningCommand } from "../docs/newcomer.js";
import { installApplication } from "../package/application.js";
import type { Application } from "../package/application.js";

const folder = join(import.meta.dirname, "../../examples");

const INSTALLED = [
  "@fastify/otel",
  "@nestjs/common",
  "@nestjs/core",
  "@nestjs/platform-express",
  "@opentelemetry/api",
  "@opentelemetry/context-async-hooks",
  "@opentelemetry/instrumentation",
  "@opentelemetry/instrumentation-express",
  "@opentelemetry/instrumentation-http",
  "@opentelemetry/instrumentation-koa",
  "@opentelemetry/instrumentation-undici",
  "@opentelemetry/sdk-node",
  "@opentelemetry/sdk-trace-base",
  "@sentry/node",
  "bullmq",
  "bullmq-otel",
  "express",
  "fastify",
  "hono",
  "ioredis",
  "koa",
  "node-cron",
  "rxjs",
];

/** Services, and what arrives after requests for the users 7 and 8. */
const SERVICES: Record<string, readonly string[]> = {
  express: ofRoute("GET /users/:id"),
  fastify: ofRoute("GET /users/:id"),
  koa: ["transaction GET /users/7, user id=7", "transaction GET /users/8, user id=8"],
  nest: ofRoute("GET /users/:id"),
  hono: ["transaction GET /users/7, user id=7", "transaction GET /users/8, user id=8"],
};

function ofRoute(route: string): string[] {
  return ["7", "8"].map((id) => `transaction ${route}, user id=${id}`);
}

/** Programs that end, and what they send. */
const PROGRAMS: Record<string, readonly string[]> = {
  cron: [
    "check-in nightly-report in_progress 0 3 * * *",
    "check-in nightly-report ok 0 3 * * *",
    "transaction nightly-report",
  ],
  "worker-threads": ["traces: 1", "transaction resize image", "transaction resize, user id=ada"],
  lambda: [
    "error Error: negative total, in checkout, user id=bob",
    "traces: 2",
    "transaction checkout, user id=ada",
    "transaction checkout, user id=bob",
  ],
  "several-dsns": [
    "error Error: the card was refused, in checkout",
    "traces: 1",
    "transaction checkout",
    "transaction checkout",
  ],
  "beside-sentry-node": [
    "error Error: the campaign is over",
    "error Error: the card was refused, in checkout",
    "transaction checkout",
  ],
};

/** Examples that a script runs, because it has to install them: `npm run next`, `npm run temporal`. */
const SCRIPTS = ["next", "temporal"];

const OTHERS = ["bullmq", "two-services"];

const HAS_REDIS = spawnSync("redis-server", ["--version"]).error === undefined;
if (!HAS_REDIS) console.warn("The example bullmq is not tested: there is no redis-server.");

let app: Application;

beforeAll(() => {
  app = installApplication(INSTALLED);
  for (const name of [...Object.keys(SERVICES), ...Object.keys(PROGRAMS), ...OTHERS])
    cpSync(join(folder, name), join(app.directory, name), { recursive: true });
  app.write("client.mjs", REPORTS_UNCAUGHT);
});
afterAll(() => app.remove());

// Tests that run at the same time each have a list of what to end: the global one is that of the last test.
type Ends = Pick<TestContext, "onTestFinished">;

async function ingest({ onTestFinished }: Ends): Promise<IngestServer> {
  const server = await startIngestServer();
  onTestFinished(() => server.close());
  return server;
}

function start(name: string, command: string, { onTestFinished }: Ends): RunningCommand {
  const running = startCommand(command, { cwd: join(app.directory, name) });
  onTestFinished(() => running.kill("SIGKILL"));
  return running;
}

async function portOf(running: RunningCommand): Promise<string> {
  return /^\d+/.exec(await running.output(/^\d+\n/))?.[0] ?? "";
}

const NODE = "node --import ./instrumentation.mjs";

// As the set-ups of the examples do, but without the SDK, whose start takes most of the time.
const UNCAUGHT_OPTIONS = "{ captureUncaught: true, flushOnSignals: true }";
const REPORTS_UNCAUGHT = `
  import { createClient, setClient } from "otel-sentry-bridge";
  setClient(createClient(${UNCAUGHT_OPTIONS}));
`;
const CLIENT = "../client.mjs";

/** The service that ends with its own set-up file in this run; the others end with `client.mjs`. */
const WITH_OWN_SET_UP = Object.keys(SERVICES)[SEED % Object.keys(SERVICES).length];

describe("the examples", () => {
  it("are all in a row of this test, or run by a script", () => {
    const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    const programs = [...Object.keys(SERVICES), ...Object.keys(PROGRAMS)];
    const rows = [...programs, ...OTHERS, ...SCRIPTS, "shop"];
    expect(folders.map(({ name }) => name)).toEqual(rows.toSorted());
  });

  it.concurrent.for(Object.entries(SERVICES))(
    "%s: users and one error",
    async ([name, leadsTo], test) => {
      const server = await ingest(test);
      const running = start(name, `SENTRY_DSN=${server.dsn} PORT=0 ${NODE} app.mjs`, test);
      const port = await portOf(running);
      for (const id of ["7", "8"])
        await (await fetch(`http://localhost:${port}/users/${id}`)).text();
      running.kill("SIGTERM");
      await running.end;
      const lines = arrivalLines(server.envelopes);
      const errors = lines.filter((line) => line.startsWith("error "));
      expect(errors).toEqual([
        expect.stringMatching(/^error Error: user 7 has no address.*, user id=7$/),
      ]);
      expect(lines.filter((line) => line.startsWith("transaction GET"))).toEqual(leadsTo);
    },
  );

  it.each(Object.keys(SERVICES))("%s: sets the client up as `client.mjs` does", (name) => {
    const setUp = readFileSync(join(folder, name, "instrumentation.mjs"), "utf8");
    expect(setUp).toContain(`new SentrySpanProcessor(${UNCAUGHT_OPTIONS})`);
  });

  it.concurrent.for(Object.keys(SERVICES))(
    "%s: ends with an error if its port is in use",
    async (name, test) => {
      const other = createServer().listen(0);
      test.onTestFinished(() => void other.close());
      await once(other, "listening");
      const { port } = other.address() as AddressInfo;
      const node = name === WITH_OWN_SET_UP ? NODE : `node --import ${CLIENT}`;
      const running = start(name, `SENTRY_DSN= PORT=${port} ${node} app.mjs`, test);
      const { exitCode, stderr } = await running.end;
      expect(exitCode).toBe(1);
      expect(stderr).toContain("EADDRINUSE");
    },
  );

  it.concurrent.for(Object.entries(PROGRAMS))("%s", async ([name, leadsTo], test) => {
    const [server, other] = [await ingest(test), await ingest(test)];
    const hasSetUp = readdirSync(join(folder, name)).includes("instrumentation.mjs");
    const env = `SENTRY_DSN=${server.dsn} PLATFORM_DSN=${other.dsn} PLATFORM_RATE=1`;
    const running = start(name, `${env} ${hasSetUp ? NODE : "node"} app.mjs`, test);
    expect(await running.end).toMatchObject({ exitCode: 0, stderr: "" });
    expect(arrivalLines([...server.envelopes, ...other.envelopes])).toEqual(leadsTo);
  });

  it.skipIf(!HAS_REDIS)("bullmq: the job continues its request's trace", async (test) => {
    const [server, port] = [await ingest(test), await freePort()];
    const redis = spawn("redis-server", ["--port", port, "--save", ""]);
    test.onTestFinished(() => void redis.kill());
    for await (const line of redis.stdout) if (String(line).includes("eady to accept")) break;
    redis.stdout.resume();
    const env = `SENTRY_DSN=${server.dsn} REDIS_URL=redis://127.0.0.1:${port}`;
    const running = start("bullmq", `${env} ${NODE} app.mjs`, test);
    expect(await running.end).toMatchObject({ exitCode: 0, stderr: "" });
    const lines = arrivalLines(server.envelopes).filter((line) => !line.startsWith("dropped "));
    expect(lines).toEqual([
      "error Error: bob has no address, in process mails, user id=bob",
      "traces: 2",
      "transaction POST /orders, user id=ada",
      "transaction POST /orders, user id=bob",
      "transaction process mails, user id=ada",
      "transaction process mails, user id=bob",
    ]);
  });

  it("two-services: one trace, and the user of the first on its own transaction only", async (test) => {
    const server = await ingest(test);
    const env = `SENTRY_DSN=${server.dsn} PORT=0`;
    const prices = start(
      "two-services",
      `${env} OTEL_SERVICE_NAME=prices ${NODE} prices.mjs`,
      test,
    );
    const shop = start(
      "two-services",
      `${env} PRICES_PORT=${await portOf(prices)} ${NODE} app.mjs`,
      test,
    );
    await (await fetch(`http://localhost:${await portOf(shop)}/users/7`)).text();
    for (const running of [shop, prices]) {
      running.kill("SIGTERM");
      await running.end;
    }
    expect(arrivalLines(server.envelopes)).toEqual([
      "traces: 1",
      "transaction GET /prices",
      "transaction GET /users/7, user id=7",
    ]);
  });
});
