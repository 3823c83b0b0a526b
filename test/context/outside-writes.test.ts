import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Script } from "node:vm";

import { DiagLogLevel, ROOT_CONTEXT, SpanKind, context, diag } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import {
  SentryPropagator,
  SentrySpanProcessor,
  addBreadcrumb,
  captureMessage,
  createClient,
  forkIsolation,
  getCurrentScope,
  getGlobalScope,
  getIsolationScope,
  setContext,
  setExtra,
  setTag,
  setUser,
  withIsolationScope,
  withMonitor,
  withScope,
} from "../../src/index.js";
import { createMemoryTransport } from "../../src/testing/testing.js";
import { extracted, unrecorded } from "../isolation/units.js";
import { DSN } from "../client/bridge.js";
import { builtPackage } from "../package/built-package.js";

const warnings: string[] = [];
const transport = createMemoryTransport();
const client = createClient({ dsn: DSN, transport });
const provider = new BasicTracerProvider({ spanProcessors: [new SentrySpanProcessor(client)] });
const tracer = provider.getTracer("test");
const propagator = new SentryPropagator();

/** Ways in which a unit of work opens: the isolation data that holds in it. */
const OPENED: Record<string, () => Record<string, unknown>> = {
  "a fork": () => dataIn(forkIsolation(ROOT_CONTEXT)),
  "a wrapped function": () => withIsolationScope(() => dataIn(context.active())),
  "an extracted request": () => dataIn(extracted({}, ROOT_CONTEXT)),
  "an unsampled trace": () =>
    dataIn(unrecorded(`${Math.trunc(Math.random() * 1e9)}`.padStart(32, "a"))),
  "a monitored job": () => withMonitor("job", () => dataIn(context.active())),
  ...Object.fromEntries(
    [SpanKind.SERVER, SpanKind.CONSUMER, SpanKind.INTERNAL].map((kind) => [
      `a root span of kind ${kind}`,
      () =>
        tracer.startActiveSpan("root", { kind }, (span) => {
          span.end();
          return dataIn(context.active());
        }),
    ]),
  ),
  "a root in an overlay": () =>
    withScope(() =>
      tracer.startActiveSpan("root", (span) => {
        span.end();
        return dataIn(context.active());
      }),
    ),
};

function dataIn(ctx: Context): Record<string, unknown> {
  const { user, tags, contexts, extra, breadcrumbs } = getIsolationScope(ctx).data;
  return { user, tags, contexts, extra, breadcrumbs };
}

const BEFORE = {
  user: undefined,
  tags: { region: "eu" },
  contexts: {},
  extra: {},
  breadcrumbs: undefined,
};

function ignore(): void {}

function warn(message: string): void {
  warnings.push(message);
}

function late(): void {
  setUser({ id: "anna" });
  setTag("late", "yes");
  setTag("region", "us");
  setContext("order", { id: 1 });
  setExtra("late", true);
  addBreadcrumb({ message: "late" });
  getIsolationScope().setTag("by", "the scope's own method");
  getCurrentScope().setTag("by", "the current scope");
}

function writeHere(): void {
  setTag("site", "one");
}

function writeThere(): void {
  getIsolationScope().setUser({ id: "bert" });
}

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  diag.setLogger(
    { error: warn, warn, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  setTag("region", "eu");
  propagator.extract(ROOT_CONTEXT, {}, { get: () => undefined, keys: () => [] });
});

beforeEach(() => {
  warnings.length = 0;
});

afterAll(async () => {
  await client.close();
  diag.disable();
});

describe("what is written outside of every unit, after the first has opened", () => {
  it.each(Object.entries(OPENED))("is not in %s", (_name, open) => {
    late();
    expect(open()).toMatchObject(BEFORE);
  });

  it("is on events that are captured outside", async () => {
    setUser({ id: "anna" });
    captureMessage("outside");
    await client.flush();
    expect(transport.errors().at(-1)).toMatchObject({
      user: { id: "anna" },
      tags: { region: "us" },
    });
  });

  it("is a warning per call site, which names it and the fix", () => {
    for (let count = 0; count < 100; count++) {
      writeHere();
      writeThere();
    }
    expect(warnings).toHaveLength(2);
    for (const warning of warnings) {
      expect(warning).toMatch(/outside-writes\.test\.ts:\d+/u);
      expect(warning).toContain("withIsolationScope()");
      expect(warning).toContain("bindContext");
      expect(warning).toContain("getGlobalScope()");
    }
  });

  it("is one warning where the engine names its function in several ways", () => {
    const handlers = { write: () => setTag("named", "twice") };
    const { write } = handlers;
    write();
    handlers.write();
    [1].forEach(write);
    expect(warnings).toHaveLength(1);
  });

  it("is no warning where it is a breadcrumb, an overlay's or the global scope's", () => {
    addBreadcrumb({ message: "a log line" });
    withScope((scope) => scope.setTag("overlay", "yes"));
    getGlobalScope().setTag("everywhere", "yes");
    withIsolationScope(() => setUser({ id: "inside" }));
    context.with(unrecorded("b".repeat(32)), () => setUser({ id: "unsampled" }));
    expect(warnings).toEqual([]);
  });

  it("names its call site also where the application keeps no stacks", () => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    setTag("limit", "none");
    expect(Error.stackTraceLimit).toBe(0);
    Error.stackTraceLimit = stackTraceLimit;
    expect(warnings).toMatchObject([expect.stringContaining("outside-writes.test.ts")]);
  });

  it("warns of a bounded number of call sites, and takes a bounded number of stacks", () => {
    const sites = Array.from({ length: 200 }, (_, index) => {
      const program = new Script(`(set) => set("site", ${index})`, { filename: `site${index}.js` });
      return program.runInThisContext() as (set: typeof setTag) => void;
    });
    for (const site of sites) site(setTag);
    expect(warnings.length).toBeGreaterThan(20);
    expect(warnings.length).toBeLessThanOrEqual(50);
    const stacks = vi.spyOn(Error, "captureStackTrace");
    for (let count = 0; count < 10_000; count++) setTag("site", "one");
    expect(stacks).not.toHaveBeenCalled();
    stacks.mockRestore();
  });
});

describe("a late write outside of every unit, with the built package,", () => {
  it.each(["index.js", "index.cjs"])("names the application's call site: %s", (entry) => {
    const url = pathToFileURL(join(builtPackage(), "dist", entry)).href;
    const program = `
      import { context } from "@opentelemetry/api";
      import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
      const bridge = await import(${JSON.stringify(url)});
      const { createClient, setTag, withIsolationScope } = bridge.default ?? bridge;
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      createClient({ dsn: ${JSON.stringify(DSN)} });
      withIsolationScope(() => {});
      function handler() { setTag("late", "yes"); }
      handler();`;
    const { stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
      cwd: builtPackage(),
      encoding: "utf8",
    });
    expect(stderr).toMatch(/scope data \(tags\) was set at handler \(.*eval.*:\d+:\d+\)/);
  });
});
