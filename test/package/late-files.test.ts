import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { installApplication } from "./application.js";
import type { Application } from "./application.js";

// An installation that lost the files which a client needs: removed, not readable any more for lack of file descriptors,
// or behind a module registry that has been closed.
let app: Application;

/** Another installation of the package. */
const INTACT = "node_modules/library/node_modules/otel-sentry-bridge";

beforeAll(() => {
  app = installApplication(["@opentelemetry/api"]);
  cpSync(app.packageDirectory, join(app.directory, INTACT), { recursive: true });
  for (const file of ["client.cjs", "sending.cjs"])
    rmSync(join(app.packageDirectory, "dist", file));
});
afterAll(() => app.remove());

const CALLS = `
  import * as api from "@opentelemetry/api";
  import * as bridge from "otel-sentry-bridge";

  const { logger, metrics, createClient, OptionsError, SentryLogRecordProcessor, SentrySpanExporter, SentrySpanProcessor, ...functions } = bridge;
  const work = () => "done";
  const headers = { "sentry-trace": "0123456789abcdef0123456789abcdef-0123456789abcdef-1" };
  const scheduler = { schedule: (expression, task) => task(), scheduleJob: (name, rule, job) => job() };
  class CronJob {
    constructor(time, onTick) {
      this.result = onTick();
    }
  }
  const calls = {
    ...functions,
    bindContext: () => functions.bindContext(work)(),
    captureCheckIn: () => functions.captureCheckIn({ monitorSlug: "job", status: "ok" }),
    captureEvent: () => functions.captureEvent({ message: "hello" }),
    captureException: () => functions.captureException("not an error", { tags: { a: "b" } }),
    captureFeedback: () => functions.captureFeedback({ message: "hello" }),
    continueTrace: () => functions.continueTrace(headers, work),
    continueTraceFromEnvironment: () => functions.continueTraceFromEnvironment(work),
    instrumentCron: () => new (functions.instrumentCron(CronJob, "job"))("* * * * *", work).result,
    instrumentNodeCron: () => functions.instrumentNodeCron(scheduler).schedule("* * * * *", work, { name: "job" }),
    instrumentNodeSchedule: () => functions.instrumentNodeSchedule(scheduler).scheduleJob("job", "* * * * *", work),
    monitor: () => functions.monitor("job", { schedule: { type: "interval", value: 1, unit: "hour" } })(work)(),
    startNewTrace: () => functions.startNewTrace(work),
    suppressTracing: () => functions.suppressTracing(work),
    withIsolationScope: () => functions.withIsolationScope(work),
    withMonitor: () => functions.withMonitor("job", work, { signal: AbortSignal.abort() }),
    withScope: () => functions.withScope(work),
    SentryPropagator: () => {
      const propagator = new functions.SentryPropagator();
      const carrier = {};
      propagator.inject(propagator.extract(api.ROOT_CONTEXT, headers, api.defaultTextMapGetter), carrier, api.defaultTextMapSetter);
      return carrier["sentry-trace"];
    },
    SentrySampler: () => new functions.SentrySampler().shouldSample(api.ROOT_CONTEXT, "1".repeat(32), "work", 0, {}, []).decision,
    ...Object.fromEntries(Object.entries({ ...logger, ...metrics }).map(([name, call]) => [name, () => call("text", 1)])),
    fmt: () => logger.fmt\`\${{ id: 7 }} has left\`.message,
  };
  const results = Object.entries(calls).map(([name, call]) => {
    try {
      return [name, call("text")];
    } catch (error) {
      return [name, \`threw \${error}\`];
    }
  });
  console.log(JSON.stringify(Object.fromEntries(results)));
`;

const RUNNING =
  "bindContext continueTrace continueTraceFromEnvironment startNewTrace suppressTracing withIsolationScope withScope withMonitor monitor instrumentCron instrumentNodeCron instrumentNodeSchedule";

const CAPTURING = "captureCheckIn captureEvent captureException captureFeedback captureMessage";

describe("a process in which the code of the client cannot be loaded", () => {
  it("calls every function as if there was no client yet", async () => {
    app.write("calls.mjs", CALLS);

    const { stdout, stderr } = await app.node(["calls.mjs"]);

    const results = JSON.parse(stdout) as Readonly<Record<string, unknown>>;
    expect(JSON.stringify(results)).not.toContain("threw");
    expect(RUNNING.split(" ").filter((name) => results[name] !== "done")).toEqual([]);
    expect(
      CAPTURING.split(" ").filter((name) => !/^[0-9a-f]{32}$/.test(String(results[name]))),
    ).toEqual([]);
    expect(results).toMatchObject({
      SentryPropagator: "0123456789abcdef0123456789abcdef-0123456789abcdef-1",
      fmt: '{"id":7} has left',
    });
    // None of them failed inside: each says that there is no client, and nothing else.
    const lines = stderr.trimEnd().split("\n");
    const callers = lines.map((line) => /`(\w+)` was called .*no client/.exec(line)?.[1] ?? line);
    expect(callers.toSorted()).toEqual(
      `${CAPTURING} captureHandlerError logger metrics withMonitor`.split(" ").toSorted(),
    );
  });

  it("runs every callback and job, and counts what is lost, if the client is that of another installation", async () => {
    const create = `import { createRequire } from "node:module";
      const client = createRequire(import.meta.url)("./${INTACT}").createClient({ dsn: false, debug: true });`;
    const count = `console.error("lost", client.stats().byCategory.monitor.droppedEarly);`;
    app.write("other-client.mjs", `${create}${CALLS}${count}`);

    const { stdout, stderr } = await app.node(["other-client.mjs"]);

    const results = JSON.parse(stdout) as Readonly<Record<string, unknown>>;
    expect(JSON.stringify(results)).not.toContain("threw");
    expect(RUNNING.split(" ").filter((name) => results[name] !== "done")).toEqual([]);
    // One of `captureCheckIn`, and two of each of five jobs.
    expect(stderr).toContain("lost { internal_sdk_error: 11 }");
    expect(stderr).toContain("a check-in was dropped");
  });

  it("says which file is missing when a client is created", async () => {
    app.write("create.mjs", `import { createClient } from "otel-sentry-bridge"; createClient();`);

    const { exitCode, stderr } = await app.node(["create.mjs"]);

    expect(exitCode).toBe(1);
    expect(stderr).toContain("Cannot find module './client.cjs'");
    expect(stderr).toContain("create.mjs");
  });
});
