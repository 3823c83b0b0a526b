import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";

import * as esbuild from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import * as real from "../../src/index.js";
import * as inert from "../../src/inert/inert.js";
import { Scope } from "../../src/scope/scope.js";
import { installApplication } from "./application.js";
import type { Application } from "./application.js";

const CONDITIONS = ["edge-light", "workerd", "browser"] as const;

let app: Application;

beforeAll(() => {
  app = installApplication(["@opentelemetry/api"]);
});
afterAll(() => app.remove());

function fieldsOf(instance: object): string[] {
  const names = new Set<string>();
  for (let at = instance; at !== Object.prototype; at = Object.getPrototypeOf(at) as object)
    for (const name of Object.getOwnPropertyNames(at)) names.add(name);
  return [...names];
}

describe("the package where there is no Node", () => {
  it.each(CONDITIONS)("has the same names by import and by require: %s", async (condition) => {
    app.write("in.mjs", `import * as names from "otel-sentry-bridge"; ${PROGRAM}`);
    app.write("in.cjs", `const names = require("otel-sentry-bridge"); ${PROGRAM}`);

    const ends = await Promise.all(
      ["in.mjs", "in.cjs"].map((file) => app.node([`--conditions=${condition}`, file])),
    );

    const expected = JSON.stringify(["0".repeat(32), Object.keys(real).toSorted()]);
    for (const end of ends)
      expect(end).toEqual({ exitCode: 0, stdout: `${expected}\n`, stderr: "" });
  });

  it.each([
    ["a scope", () => new Scope(), () => inert.getCurrentScope()],
    [
      "a span processor",
      () => new real.SentrySpanProcessor({ dsn: false }),
      () => new inert.SentrySpanProcessor(),
    ],
    [
      "a span exporter",
      () => new real.SentrySpanExporter({ dsn: false }),
      () => new inert.SentrySpanExporter(),
    ],
    [
      "a log record processor",
      () => new real.SentryLogRecordProcessor({ dsn: false }),
      () => new inert.SentryLogRecordProcessor(),
    ],
    ["a sampler", () => new real.SentrySampler(), () => new inert.SentrySampler()],
    ["a propagator", () => new real.SentryPropagator(), () => new inert.SentryPropagator()],
    ["a client", () => real.createClient({ dsn: false }), () => inert.createClient()],
    ["the logger", () => real.logger, () => inert.logger],
    ["the metrics", () => real.metrics, () => inert.metrics],
  ])("has the members of %s", (_name, makeReal, makeInert) => {
    const known = new Set(fieldsOf(makeInert()));

    expect(fieldsOf(makeReal()).filter((name) => !known.has(name) && !INNER.has(name))).toEqual([]);
  });

  it("calls what it wraps, with its arguments, and returns or throws what that does", async () => {
    function sum(this: unknown, a: number, b: number): number {
      return a + b + (this === context ? 1 : 0);
    }
    const context = {};
    const failure = new Error("failed");
    const wrappers = [
      inert.withScope,
      inert.withIsolationScope,
      inert.startNewTrace,
      inert.suppressTracing,
      inert.continueTraceFromEnvironment,
      <T>(fn: () => T) => inert.continueTrace({}, fn),
      <T>(fn: () => T) => inert.withMonitor("job", fn),
      <T>(fn: () => T) => inert.monitor("job")(fn)(),
    ];

    for (const wrap of wrappers) {
      expect(wrap(() => 7)).toBe(7);
      await expect(wrap(() => Promise.resolve(8))).resolves.toBe(8);
      expect(() =>
        wrap(() => {
          throw failure;
        }),
      ).toThrow(failure);
    }
    expect(inert.bindContext(sum).call(context, 1, 2)).toBe(4);
    expect(inert.monitor("job")(sum).call(context, 1, 2)).toBe(4);
    expect(inert.withScope((scope) => scope.setTag().setUser().data.tags)).toEqual({});
  });

  it("exports and flushes without an error", async () => {
    const outcomes: unknown[] = [];
    new inert.SentrySpanExporter().export([], (outcome) => outcomes.push(outcome));

    expect(outcomes).toEqual([{ code: 0 }]);
    await expect(Promise.all([inert.flush(), inert.close()])).resolves.toEqual([true, true]);
  });

  it.each(CONDITIONS)(
    "is bundled and runs without any of Node's globals: %s",
    async (condition) => {
      app.write(
        "edge.mjs",
        `import { SentryPropagator, SentrySpanProcessor, captureException, getTraceMetaTags, isOptionsError, logger, setUser, stats, traceEnvironment, withScope } from "otel-sentry-bridge";
       new SentrySpanProcessor({ dsn: "https://key@example.com/1" }).onStart({}, {});
       setUser({ id: "anna" });
       logger.info(logger.fmt\`user \${1}\`);
       captureException(new Error("failed"), isOptionsError(null));
       result = [withScope(() => "ran"), getTraceMetaTags(), stats(), new SentryPropagator().fields(), traceEnvironment()];`,
      );
      const outfile = join(app.directory, `edge-${condition}.js`);
      const { warnings } = await esbuild.build({
        entryPoints: [join(app.directory, "edge.mjs")],
        bundle: true,
        format: "iife",
        platform: "neutral",
        mainFields: ["module", "main"],
        conditions: [condition, "import"],
        outfile,
        logLevel: "silent",
      });
      const sandbox: { result?: unknown } = {};
      runInContext(readFileSync(outfile, "utf8"), createContext(sandbox));

      expect(warnings).toEqual([]);
      expect(JSON.stringify(sandbox.result)).toBe('["ran","",null,[],{}]');
    },
  );
});

const PROGRAM = `
  const isOwn = (name) => name !== "default" && name !== "module.exports" && name !== "__esModule";
  console.log(JSON.stringify([names.captureMessage("hello"), Object.keys(names).filter(isOwn).sort()]));`;

// Fields that only this package uses.
const INNER: ReadonlySet<string> = new Set([
  "constructor",
  // Parts of a client that only this package uses.
  "core",
  "errors",
  "logs",
  "metrics",
  "operations",
  "policy",
  "registrations",
  "runs",
  // Of scopes, processors and exporters.
  "admits",
  "closeParts",
  "isInUse",
  "whenInUse",
]);
