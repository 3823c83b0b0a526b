import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { currentCallStack } from "../../src/doctor/call-stack.js";

/** Runs a function while the application formats stack traces itself. */
function formatting<T>(format: () => string, run: () => T): T {
  const before = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace");
  Error.prepareStackTrace = format;
  try {
    return run();
  } finally {
    Object.defineProperty(Error, "prepareStackTrace", before ?? { value: undefined });
  }
}

/** Returns what is read of a stack of these lines, the innermost first. */
function read(...lines: string[]): ReturnType<typeof currentCallStack> {
  const stack = ["Error: stack", ...lines.map((line) => `    at ${line}`)].join("\n");
  return formatting(() => stack, currentCallStack);
}

const APP = "job (/app/src/orders.js:7:5)";
const CLIENT = "Client.query (/app/node_modules/pg/lib/client.js:1:1)";
const QUEUE = "Queue.next (/app/node_modules/p-queue/dist/index.js:2:2)";

it.each([
  [[CLIENT, APP, QUEUE], "p-queue"],
  [[APP, QUEUE], "p-queue"],
  [[CLIENT, APP], "pg"],
  [[CLIENT, QUEUE], "pg"],
  [[APP], undefined],
])("the library of %j is %s", (lines, library) => {
  expect(read(...lines)?.library?.name).toBe(library);
});

it.each([
  [[CLIENT, APP, QUEUE], "p-queue"],
  [[CLIENT, APP], undefined],
])("the library that called the application in %j is %s", (lines, library) => {
  expect(read(...lines)?.caller?.name).toBe(library);
});

it.each([
  ["listOnTimeout (node:internal/timers:605:17)", true],
  ["process.processImmediate (node:internal/timers:505:21)", false],
])("`%s` called it: a timer is %s", (line, expected) => {
  expect(read(APP, line)?.isTimer).toBe(expected);
});

it("a promise that a timer has resolved is no timer", () => {
  const ticks = "runNextTicks (node:internal/process/task_queues:65:5)";

  expect(read(APP, ticks, "listOnTimeout (node:internal/timers:580:9)")?.isTimer).toBe(false);
});

function fail(): never {
  throw new TypeError("prepare");
}

it("an application's `prepareStackTrace` that throws does not change its limit", () => {
  const { stackTraceLimit } = Error;

  expect(formatting(fail, currentCallStack)).toBeUndefined();
  expect(Error.stackTraceLimit).toBe(stackTraceLimit);
});

it("the site names the helper of the application and its caller in another file", () => {
  const helper = "inSpan (/app/src/tracing.js:3:1)";

  expect(read(CLIENT, helper, QUEUE, APP)?.site).toMatch(
    /src\/tracing\.js:3:1, from .*src\/orders\.js:7:5$/,
  );
  expect(read(helper, "run (/app/src/tracing.js:9:1)")?.site).toMatch(/src\/tracing\.js:3:1$/);
});

describe("a library that only passes calls on", () => {
  const modules = join(mkdtempSync(join(tmpdir(), "otel-sentry-bridge-stack-")), "node_modules");
  const frame = (name: string): string => `call (${modules}/${name}/index.js:1:1)`;

  // Descriptions from the npm registry.
  beforeAll(() => {
    const descriptions = {
      router: "Simple middleware-style router",
      koa: "Koa web app framework",
      "koa-compose": "compose Koa middleware",
      "@fastify/otel": "Official Fastify OpenTelemetry Instrumentation",
      "@vitest/runner": "Vitest test runner",
      fastq: "Fast, in memory work queue",
      multer: "Middleware for handling `multipart/form-data`.",
      "body-parser": "Node.js body parsing middleware",
      cookie: "HTTP server cookie parsing and serialization",
      "express-fileupload": "Simple express file upload middleware that wraps around Busboy",
      "fast-check": "Property based testing framework for JavaScript (like QuickCheck)",
      ws: "Simple to use, blazing fast and thoroughly tested websocket client and server for Node.js",
    };
    for (const [name, description] of Object.entries(descriptions)) {
      mkdirSync(join(modules, name), { recursive: true });
      const manifest = { name, description, version: "1.0.0" };
      writeFileSync(join(modules, name, "package.json"), JSON.stringify(manifest));
    }
  });
  afterAll(() => rmSync(join(modules, ".."), { recursive: true }));

  it.each([
    [["router"], undefined],
    [["koa-compose", "koa"], undefined],
    [["@fastify/otel"], undefined],
    [["@vitest/runner"], undefined],
    [["router", "fastq"], undefined],
    [["fastq", "router"], "fastq"],
    [["ws"], "ws"],
    [["multer", "router"], "multer"],
    [["body-parser"], "body-parser"],
    [["cookie"], "cookie"],
    [["express-fileupload"], "express-fileupload"],
    [["fast-check"], "fast-check"],
  ])("below the application's frame, %j: the library is %s", (names, library) => {
    expect(read(APP, ...names.map(frame))?.library?.name).toBe(library);
  });

  it("is not named, but the one that the application has called", () => {
    expect(read(CLIENT, APP, frame("router"))?.library?.name).toBe("pg");
  });
});
