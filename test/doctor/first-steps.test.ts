import { rmSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import type { DoctorReport, Finding } from "../../src/doctor/finding.js";
import { reportLines } from "../../src/doctor/report-text.js";
import { textWidth } from "../../src/support/terminal-text.js";
import { startIngestServer } from "../../src/testing/testing.js";
import { installApplication } from "../package/application.js";
import type { Application } from "../package/application.js";
import { examineCommand, examineDirectly } from "./examined.js";

const PACKAGES = [
  "@opentelemetry/api",
  "@opentelemetry/context-async-hooks",
  "@opentelemetry/core",
  "@opentelemetry/instrumentation",
  "@opentelemetry/instrumentation-express",
  "@opentelemetry/instrumentation-http",
  "@opentelemetry/resources",
  "@opentelemetry/sdk-trace-base",
  "express",
];

// The set-up of the fixtures, with its mistakes: each is made while the variable of its name is set.
const CLIENT = `
  const { context, propagation, trace } = require("@opentelemetry/api");
  const { AsyncLocalStorageContextManager } = require("@opentelemetry/context-async-hooks");
  const { BasicTracerProvider } = require("@opentelemetry/sdk-trace-base");
  const { SentryPropagator, SentrySpanProcessor, setUser } = require("otel-sentry-bridge");

  const is = (mistake) => process.env.MISTAKE === mistake;
  if (is("throws")) throw new Error("no configuration");
  if (is("package")) require("no-such-package/part");
  if (is("call")) setUser(5);
  if (is("behind")) trace.setGlobalTracerProvider(new BasicTracerProvider());
  const processor = new SentrySpanProcessor({ dsn: is("option") ? "https://sentry.io/1" : undefined });
  if (!is("contexts")) context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  if (!is("propagator")) propagation.setGlobalPropagator(new SentryPropagator());
  trace.setGlobalTracerProvider(new BasicTracerProvider(
    is("misspelled") ? { spanProcessor: processor } : { spanProcessors: is("processor") ? [] : [processor] }));
  if (is("twice")) trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SentrySpanProcessor()] }));
  if (is("names")) for (let index = 0; index < 3000; index += 1)
    trace.getTracer("app").startSpan(\`job \${index} token=hunter2hunter2 \\u001b[2J\${"x".repeat(10_000)}\`);
`;

const SET_UP = `
  const { registerInstrumentations } = require("@opentelemetry/instrumentation");
  const { ExpressInstrumentation } = require("@opentelemetry/instrumentation-express");
  const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http");
  ${CLIENT}
  registerInstrumentations({ instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation()] });
`;

const AS_MODULE = SET_UP.replaceAll(
  /const (\{.*\}) = require\((".*")\);/g,
  "import $1 from $2;",
).replaceAll("require(", "await import(");
const HOOK = `import { register } from "node:module"; register("@opentelemetry/instrumentation/hook.mjs", import.meta.url);`;

// By a bare connection: nothing traces it, and it loads nothing.
const ASK = `
  const ask = (server) => new Promise((resolve) =>
    require("node:net").connect(server.address().port, "127.0.0.1").on("close", resolve).resume()
      .end("GET / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n"));
`;
const ASK_FROM_MODULE = `
  import { createRequire } from "node:module";
  const require = createRequire(import.meta.url);
  ${ASK}`;

const SERVE = `
  const app = express().get("/", (request, response) => response.end());
  const server = app.listen(0, "127.0.0.1", () => ask(server).then(() => server.close()));
`;
const SERVE_CJS = `${ASK}${SERVE}`;
const SERVE_ESM = `${ASK_FROM_MODULE}${SERVE}`;

const SERVE_MANY = `
  import { createServer } from "node:http";
  ${ASK_FROM_MODULE}
  const server = createServer((_, response) => response.end()).listen(0, "127.0.0.1", async () => {
    for (let index = 0; index < 20; index += 1) await ask(server);
    server.close();
  });
`;

// As an instrumentation of requests makes one.
const SPAN = `require("@opentelemetry/api").trace.getTracer("app").startSpan("GET /", { kind: 1 }).end();`;

let app: Application;
let server: Awaited<ReturnType<typeof startIngestServer>>;

beforeAll(async () => {
  server = await startIngestServer();
  app = installApplication(PACKAGES);
  app.write("set-up.cjs", SET_UP);
  app.write("hook.mjs", `${HOOK} await import("./set-up.cjs");`);
  app.write("set-up.mjs", AS_MODULE);
  app.write("client.cjs", CLIENT);
  app.write("span.cjs", SPAN);
  app.write("app.cjs", `const express = require("express");${SERVE_CJS}`);
  app.write("app.mjs", `import express from "express";${SERVE_ESM}`);
  app.write("many.mjs", SERVE_MANY);
  app.write("late.cjs", `const express = require("express"); require("./set-up.cjs");${SERVE_CJS}`);
  app.write("hooked.mjs", `${HOOK} await import("./set-up.mjs");`);
  app.write("late-module.mjs", `import express from "express"; import "./set-up.mjs";${SERVE_ESM}`);
  app.write("same.mjs", `import "./set-up.mjs"; import express from "express";${SERVE_ESM}`);
  app.write("late.mjs", `import express from "express"; import "./set-up.cjs";${SERVE_ESM}`);
});
afterAll(async () => {
  app.remove();
  await server.close();
});

type Variables = Readonly<Record<string, string>>;

function findingsIn(report: DoctorReport): readonly Finding[] {
  expect(reportLines(report).filter((line) => textWidth(line) > 80)).toEqual([]);
  return report.findings;
}

/** Returns what the doctor finds in a run of the application. */
async function findingsOf(
  args: readonly string[],
  env: Variables = {},
): Promise<readonly Finding[]> {
  return findingsIn(await examineDirectly(app, args, { SENTRY_DSN: server.dsn, ...env }));
}

/** Returns what the command finds, as a user runs it. */
async function findingsOfCommand(command: string): Promise<readonly Finding[]> {
  const env = { SENTRY_DSN: server.dsn };
  return findingsIn((await examineCommand(app, command, { env })).report);
}

// Without instrumentations, which take long to load.
const BY_FLAG = ["--require", "./client.cjs", "span.cjs"];

describe("a mistake in the first set-up", () => {
  it("is not found where there is none", async () => {
    expect(await findingsOf(BY_FLAG)).toEqual([]);
    expect(await findingsOfCommand("node --require ./set-up.cjs app.cjs")).toEqual([]);
  });

  it.each<[mistake: string, name: string, fix: RegExp]>([
    ["throws", "ended-early", /Correct what throws it/],
    ["package", "ended-early", /npm install no-such-package$/],
    ["option", "bad-dsn", /new SentrySpanProcessor\(\{ dsn: /],
    ["call", "wrong-call", /Correct the call/],
    ["contexts", "no-context-manager", /setGlobalContextManager/],
    ["propagator", "no-propagator", /textMapPropagator: new SentryPropagator/],
    ["twice", "set-up-twice", /Remove one of the set-ups/],
    ["behind", "set-up-twice", /attachToGlobalProvider\(processor\)/],
    ["processor", "not-traced", /spanProcessors: \[processor\]/],
  ])("%s: the doctor names %s, and the fix", async (mistake, name, fix) => {
    const findings = await findingsOf(BY_FLAG, { MISTAKE: mistake });

    expect(findings.map((each) => each.name)).toEqual([name]);
    expect(`${findings[0]?.fix ?? ""}\n${findings[0]?.code ?? ""}`).toMatch(fix);
  });

  it("that misspells the option `spanProcessors`: the doctor names it as a likely cause", async () => {
    const findings = await findingsOf(BY_FLAG, { MISTAKE: "misspelled" });

    expect(findings).toMatchObject([
      { name: "not-traced", mechanism: expect.stringContaining("such as `spanProcessor`") },
    ]);
  });

  it("without a DSN is named, also where `--require` loads the set-up", async () => {
    const findings = await findingsOf(BY_FLAG, { SENTRY_DSN: "" });

    expect(findings.map(({ name }) => name)).toEqual(["no-dsn"]);
  });
});

it("requests without spans are no fault of their own where the sampler is off", async () => {
  const findings = await findingsOf(["--import", "./hook.mjs", "many.mjs"], {
    OTEL_TRACES_SAMPLER: "always_off",
  });

  expect(findings.map(({ name }) => name)).toEqual(["sampled-out"]);
});

function writeForTest(file: string, text: string): void {
  app.write(file, text);
  onTestFinished(() => rmSync(join(app.directory, file)));
}

describe("an application without any set-up", () => {
  it.each([
    ["no-client", "", "app.cjs"],
    ["no-client", "", "app.mjs"],
    ["http-not-traced", "--import otel-sentry-bridge/register ", "many.mjs"],
  ])("is named %s in `node %s%s`, and one fix is enough", async (name, flags, program) => {
    const [missing, ...others] = await findingsOf(`${flags}${program}`.split(" "));

    expect([missing?.name, others]).toEqual([name, []]);
    const code = missing?.code ?? "";
    writeForTest("instrumentation.mjs", code);
    const [, command = ""] = /^\/\/ node (.*)$/m.exec(code) ?? [];
    expect(command).toBe(`--import ./instrumentation.mjs ${program}`);
    expect(await findingsOf(command.split(" "))).toEqual([]);
  });
});

describe("an application with a set-up file that the command does not load", () => {
  it.each([
    ["instrumentation.mjs", "--import", "app.mjs"],
    ["tracing.cjs", "--require", "span.cjs"],
    ["otel.js", "--import", "span.cjs"],
  ])("%s: the fix loads it by `%s`", async (file, flag, program) => {
    writeForTest(file, file.endsWith(".mjs") ? `${HOOK} await import("./set-up.cjs");` : CLIENT);

    const [missing, ...others] = await findingsOf([program]);

    expect([missing?.name, others]).toEqual(["no-client", []]);
    expect(missing?.code).toBe(`node ${flag} ./${file} ${program}`);
    expect(await findingsOf([flag, `./${file}`, program])).toEqual([]);
  });

  it("is told to write another one if the command does load it", async () => {
    writeForTest("tracing.cjs", "");

    const [missing] = await findingsOf(["--require", "./tracing.cjs", "app.cjs"]);

    expect(missing?.fix).toContain("instrumentation.mjs");
  });
});

describe("a set-up that is loaded too late", () => {
  it("as CommonJS is named, and gone after the fix", async () => {
    // Not by http-not-traced as well: it has the same cause.
    const [late, ...others] = await findingsOf(["late.cjs"]);

    expect([late?.name, others]).toEqual(["loaded-too-late", []]);
    expect(late?.code).toBe("node --require ./set-up.cjs late.cjs");
    expect(await findingsOf((late?.code ?? "").split(" ").slice(1))).toEqual([]);
  });

  it("as an ES module is named, with the loader hook in the fix", async () => {
    const [late] = await findingsOf(["late.mjs"]);

    expect(late?.name).toBe("loaded-too-late");
    expect(late?.code).toContain("node --import ./instrumentation.mjs late.mjs");
    expect(late?.code).toContain('register("@opentelemetry/instrumentation/hook.mjs"');
    expect(await findingsOf(["--import", "./hook.mjs", "late.mjs"])).toEqual([]);
  });

  // With the SDK 3 the instrumentations are ES modules as well, which Node does not list.
  it("with instrumentations that are imported is named, and gone after the fix", async () => {
    const [late] = await findingsOf(["late-module.mjs"]);

    expect(late?.name).toBe("loaded-too-late");
    expect(late?.code).toContain("node --import ./instrumentation.mjs late-module.mjs");
    expect(await findingsOf(["--import", "./hooked.mjs", "late-module.mjs"])).toEqual([]);
  });

  it("has no loader hook, and is an ES module: is named, and gone after the fix", async () => {
    const [unhooked, ...others] = await findingsOf(["--import", "./set-up.mjs", "app.mjs"]);

    expect([unhooked?.name, others]).toEqual(["no-loader-hook", []]);
    expect(unhooked?.code).toContain("register(");
    expect(await findingsOf(["--import", "./hooked.mjs", "app.mjs"])).toEqual([]);
  });

  it("is imported by the program, before the library: the fix has a file of its own, and the hook", async () => {
    const [unhooked] = await findingsOf(["same.mjs"]);

    expect(unhooked?.name).toBe("no-loader-hook");
    expect(unhooked?.code).toContain("register(");
    expect(unhooked?.code).toContain("node --import ./instrumentation.mjs same.mjs");
  });

  it("has no loader hook: is named, and gone after the fix", async () => {
    const [unhooked, ...others] = await findingsOf(["--require", "./set-up.cjs", "app.mjs"]);

    expect([unhooked?.name, others]).toEqual(["no-loader-hook", []]);
    const args = (unhooked?.code ?? "").replaceAll("\\\n", "").split(/\s+/).slice(1);
    expect(await findingsOf(args)).toEqual([]);
  });
});

it("thousands of findings with long names are bounded, and hold neither secrets nor control characters", async () => {
  const findings = await findingsOf(BY_FLAG, { MISTAKE: "names" });

  const text = JSON.stringify(findings);
  expect(findings).toHaveLength(10);
  expect(text.length).toBeLessThan(20_000);
  expect(text).not.toContain("hunter2");
  expect(text).not.toContain("u001b");
});
