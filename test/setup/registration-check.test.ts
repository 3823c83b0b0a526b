import { context, trace } from "@opentelemetry/api";
import type { TracerProvider } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { SpanProcessor } from "@opentelemetry/sdk-trace-base";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";

import {
  SentrySpanExporter,
  SentrySpanProcessor,
  captureMessage,
  createClient,
  setClient,
} from "../../src/index.js";
import { createMemoryTransport } from "../../src/testing/testing.js";
import { forgetFaults, standardError } from "../support/fault-kit.js";

const LINE = expect.stringMatching(
  /a SentrySpanProcessor was created.*registered tracer provider does not have it/,
);
const FOREIGN: TracerProvider = { getTracer: (name) => trace.getTracer(name) };
const GRACE_MILLIS = 30_000;

function processorOf(): SentrySpanProcessor {
  return new SentrySpanProcessor({ transport: createMemoryTransport() });
}

function register(...spanProcessors: SpanProcessor[]): void {
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors }));
}

function batchProcessor(): SpanProcessor {
  return new BatchSpanProcessor(new SentrySpanExporter({ transport: createMemoryTransport() }));
}

beforeEach(() => {
  forgetFaults();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
  trace.disable();
  context.disable();
  setClient(undefined);
});

describe("a process that goes on without its processor", () => {
  it("is told after 30 seconds, once", () => {
    const written = standardError();
    processorOf();
    register(batchProcessor());

    vi.advanceTimersByTime(GRACE_MILLIS - 1);
    expect(written).toEqual([]);
    vi.advanceTimersByTime(GRACE_MILLIS);
    expect(written).toEqual([LINE]);
  });

  it("is told that it is set up twice where another SentrySpanProcessor receives the spans", () => {
    const written = standardError();
    register(processorOf());
    processorOf();

    vi.advanceTimersByTime(GRACE_MILLIS);

    expect(written).toEqual([
      expect.stringMatching(/set up twice: another set-up registered its provider first/),
    ]);
  });

  it("is told that it is set up twice where a provider without one was registered before", () => {
    const written = standardError();
    register(batchProcessor());
    processorOf();

    vi.advanceTimersByTime(GRACE_MILLIS);

    expect(written).toEqual([
      expect.stringMatching(
        /a provider with BatchSpanProcessor was registered.* attachToGlobalProvider/,
      ),
    ]);
  });

  it.each<[string, (processor: SentrySpanProcessor) => void]>([
    ["has it", (processor) => register(processor)],
    ["has it beside others", (processor) => register(batchProcessor(), processor)],
    [
      "has it behind a closure",
      (processor) =>
        register({
          onStart: (span, parent) => processor.onStart(span, parent),
          onEnd: (span) => processor.onEnd(span),
          forceFlush: () => processor.forceFlush(),
          shutdown: () => processor.shutdown(),
        }),
    ],
    ["comes within that time", (processor) => void setTimeout(() => register(processor), 29_000)],
    ["is another SDK's", () => trace.setGlobalTracerProvider(FOREIGN)],
  ])("is told nothing where the provider %s", (_name, setUp) => {
    const written = standardError();
    setUp(processorOf());
    vi.advanceTimersByTime(10 * GRACE_MILLIS);
    expect(written).toEqual([]);
  });
});

describe("a process without a registered provider", () => {
  const NO_PROVIDER = expect.stringMatching(/no span has reached it: no tracer provider is regist/);

  it("is told after 30 seconds, once", () => {
    const written = standardError();
    processorOf();
    vi.advanceTimersByTime(GRACE_MILLIS - 1);
    expect(written).toEqual([]);
    vi.advanceTimersByTime(100 * GRACE_MILLIS);
    expect(written).toEqual([NO_PROVIDER]);
  });

  it("is told of a second copy of the API where that registered something first, and so kept the provider out", () => {
    const written = standardError();
    const api = Symbol.for("opentelemetry.js.api.1");
    Object.assign(globalThis, { [api]: { version: "1.4.1", propagation: {} } });
    onTestFinished(() => void Reflect.deleteProperty(globalThis, api));
    const processor = processorOf();

    register(processor);
    vi.advanceTimersByTime(100 * GRACE_MILLIS);

    expect(written).toEqual([
      expect.stringMatching(/two copies of @opentelemetry\/api.*1\.4\.1 registered.*npm ls/),
    ]);
  });

  it("that has a context manager is told when it has captured something", () => {
    const written = standardError();
    context.setGlobalContextManager(new AsyncLocalStorageContextManager());
    const client = createClient({ transport: createMemoryTransport() });
    const processor = new SentrySpanProcessor(client);
    vi.advanceTimersByTime(10 * GRACE_MILLIS);
    expect([written, processor.isInUse]).toEqual([[], false]);
    captureMessage("one");
    vi.advanceTimersByTime(20 * GRACE_MILLIS);
    expect(written).toEqual([NO_PROVIDER]);
  });

  it("is told nothing where its own provider passes spans on", () => {
    const written = standardError();
    const provider = new BasicTracerProvider({ spanProcessors: [processorOf()] });
    provider.getTracer("app").startSpan("root").end();
    forgetFaults();
    written.length = 0;
    vi.advanceTimersByTime(100 * GRACE_MILLIS);
    expect(written).toEqual([]);
  });

  it("keeps no timer when the client is closed", async () => {
    const written = standardError();
    context.setGlobalContextManager(new AsyncLocalStorageContextManager());
    const client = createClient({ transport: createMemoryTransport() });
    const processor = new SentrySpanProcessor(client);
    vi.advanceTimersByTime(GRACE_MILLIS);
    await client.close();
    vi.advanceTimersByTime(100 * GRACE_MILLIS);
    expect([vi.getTimerCount(), processor.isInUse, written]).toEqual([0, false, []]);
  });
});

it("survives a provider that cannot be searched", async () => {
  const client = createClient({ transport: createMemoryTransport() });
  const processor = new SentrySpanProcessor(client);
  const hidden = new Proxy({}, { ownKeys: () => expect.fail("hidden") });
  register(Object.assign(batchProcessor(), { hidden }));

  expect(() => vi.advanceTimersByTime(GRACE_MILLIS)).not.toThrow();
  await expect(client.close()).resolves.toBe(true);
  expect(processor.isInUse).toBe(false);
});
