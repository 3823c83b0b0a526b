import { cpSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { installApplication } from "./application.js";
import type { Application } from "./application.js";

let app: Application;

beforeAll(() => {
  app = installApplication(["@opentelemetry/api", "@opentelemetry/context-async-hooks"]);
  const nested = join(app.directory, "node_modules/library/node_modules/otel-sentry-bridge");
  cpSync(app.packageDirectory, nested, { recursive: true });
});
afterAll(() => app.remove());

const PREAMBLE = `
  import { createRequire } from "node:module";
  import { context, propagation, ROOT_CONTEXT } from "@opentelemetry/api";
  import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
  import * as esm from "otel-sentry-bridge";
  const own = createRequire(import.meta.url);
  const cjs = own("./node_modules/library/node_modules/otel-sentry-bridge");
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
`;

/** What a program says that imports the package as \`esm\` and requires a library's own copy of it as \`cjs\`. */
async function told(program: string): Promise<unknown> {
  app.write("program.mjs", `${PREAMBLE}${program}`);
  const { stdout, stderr } = await app.node(["program.mjs"]);
  expect(stderr).toBe("");
  return JSON.parse(stdout) as unknown;
}

describe("the package, imported and required in one process", () => {
  it("is one implementation: every name stands for the same value", async () => {
    const program = `
      const required = own("otel-sentry-bridge");
      console.log(JSON.stringify(Object.keys(esm).filter((name) => esm[name] !== required[name]).concat(required === cjs ? "one copy" : [])));`;
    expect(await told(program)).toEqual([]);
  });
});

// What the application and its libraries have installed is one package to the application.
describe("two installed copies of the package in one process", () => {
  it("has one client", async () => {
    const program = `const client = esm.createClient({ dsn: false }); console.log(cjs.getClient() === client);`;
    expect(await told(program)).toBe(true);
  });

  it("has one unit of work: a user set through one is seen through the other", async () => {
    const program = `
      const transport = { sent: [], async send({ body }) { this.sent.push(String(body)); return { outcome: "delivered", statusCode: 200, limits: {} }; }, async close() {} };
      const client = esm.createClient({ transport });
      context.with(esm.forkIsolation(), () => {
        cjs.setUser({ id: "anna" });
        cjs.withScope((scope) => {
          scope.setTag("inner", "yes");
          esm.captureMessage("inside");
        });
      });
      esm.captureMessage("outside");
      await client.close();
      const events = transport.sent.map((envelope) => JSON.parse(envelope.split("\\n")[2]));
      console.log(JSON.stringify(events.map(({ user, tags }) => [user?.id ?? null, tags?.inner ?? null])));`;
    expect(await told(program)).toEqual([
      ["anna", "yes"],
      [null, null],
    ]);
  });

  it("reports an error once, batches logs together and ends open runs, whichever copy saw them", async () => {
    const program = `
      const transport = { sent: [], async send({ body }) { this.sent.push(String(body)); return { outcome: "delivered", statusCode: 200, limits: {} }; }, async close() {} };
      const client = esm.createClient({ transport });
      new cjs.SentryLogRecordProcessor(client).onEmit({ hrTime: [1, 0], severityNumber: 9, body: "one", attributes: {}, resource: { attributes: {} }, instrumentationScope: { name: "log" } });
      cjs.logger.info("two");
      esm.logger.info("three");
      const error = new Error("seen by both");
      const ids = context.with(esm.forkIsolation(), () => [cjs, esm].map(({ captureException }) => captureException(error)));
      void cjs.withMonitor("job", () => new Promise(() => {}));
      await esm.close();
      const lines = transport.sent.flatMap((envelope) => envelope.split("\\n").slice(1)).map((line) => { try { return JSON.parse(line); } catch { return {}; } });
      console.log(JSON.stringify({
        ids: new Set(ids).size,
        errors: lines.filter(({ type }) => type === "event").length,
        logs: lines.filter(({ type }) => type === "log").map((item) => item.item_count),
        runs: lines.filter(({ monitor_slug }) => monitor_slug).map(({ status }) => status),
      }));`;
    expect(await told(program)).toEqual({
      ids: 1,
      errors: 1,
      logs: [3],
      runs: ["in_progress", "error"],
    });
  });

  it("has one global scope", async () => {
    expect(await told(`console.log(esm.getGlobalScope() === cjs.getGlobalScope());`)).toBe(true);
  });

  it("continues in one what the other's propagator has read", async () => {
    const program = `
      const carrier = { "sentry-trace": "0123456789abcdef0123456789abcdef-0123456789abcdef", baggage: "sentry-trace_id=0123456789abcdef0123456789abcdef,sentry-sample_rand=0.25" };
      const received = new esm.SentryPropagator().extract(ROOT_CONTEXT, carrier, { get: (from, key) => from[key], keys: Object.keys });
      const sent = {};
      new cjs.SentryPropagator().inject(received, sent, { set: (to, key, value) => { to[key] = value; } });
      console.log(JSON.stringify(sent.baggage));`;
    expect(await told(program)).toContain("sentry-sample_rand=0.25");
  });

  it("blames the caller for a wrong option, and sends, if a module registry is emptied before the first client", async () => {
    const program = `
      for (const file of Object.keys(own.cache)) delete own.cache[file];
      const transport = { sent: [], async send({ body }) { this.sent.push(String(body)); return { outcome: "delivered", statusCode: 200, limits: {} }; }, async close() {} };
      const client = esm.createClient({ transport });
      context.with(esm.forkIsolation(), () => {
        esm.setUser({ id: "anna" });
        esm.captureException(new Error("refused"), (scope) => scope.setTag("inner", "yes"));
      });
      await client.close();
      const [{ user, tags }] = transport.sent.map((envelope) => JSON.parse(envelope.split("\\n")[2]));
      let stack = "";
      try { esm.createClient({ dsn: "nonsense" }); } catch (error) { ({ stack } = error); }
      console.log(JSON.stringify([user.id, tags.inner, esm.getClient() === client, stack.includes("dist")]));`;
    expect(await told(program)).toEqual(["anna", "yes", true, false]);
  });

  it("says that a processor is not registered, if a module registry is emptied before the first client", async () => {
    app.write(
      "unregistered.cjs",
      `const { SentrySpanProcessor } = require("otel-sentry-bridge");
      for (const file of Object.keys(require.cache)) delete require.cache[file];
      new SentrySpanProcessor({ transport: { async send() {}, async close() {} } });`,
    );
    const { stderr } = await app.node(["unregistered.cjs"]);
    expect(stderr).toContain("no tracer provider is registered");
  });

  it("recognizes an options error of the other", async () => {
    const program = `
      const errors = [esm, cjs].map(({ createClient }) => { try { createClient({ dsn: "nonsense" }); } catch (error) { return error; } });
      console.log(JSON.stringify([esm, cjs].flatMap(({ isOptionsError }) => errors.map(isOptionsError))));`;
    expect(await told(program)).toEqual([true, true, true, true]);
  });
});
