import { DiagLogLevel, context, diag, trace } from "@opentelemetry/api";
import type { DiagLogger, TracerProvider as ApiTracerProvider } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { setClient } from "../../src/context/global-client.js";
import { attach, attachToGlobalProvider } from "../../src/setup/attach.js";
import { createClient } from "../../src/setup/create-client.js";
import { SentrySpanProcessor } from "../../src/setup/otel-classes.js";
import { assertSettled } from "../../src/testing/testing.js";
import { createMemoryTransport } from "../../src/testing/memory-transport.js";

const warnings: string[] = [];
const logger: DiagLogger = {
  error: () => {},
  warn: (message) => warnings.push(message),
  info: () => {},
  debug: () => {},
  verbose: () => {},
};

beforeEach(() => {
  warnings.length = 0;
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
});

afterEach(() => {
  trace.disable();
  context.disable();
  diag.disable();
  setClient(undefined);
});

function failToLog(): never {
  throw new Error("no logging");
}

const API = Symbol.for("opentelemetry.js.api.1");

function bridge() {
  const transport = createMemoryTransport();
  const client = createClient({ transport });
  return { transport, client, processor: new SentrySpanProcessor(client) };
}

const providers: Readonly<Record<string, () => ApiTracerProvider>> = {
  "TracerProvider of sdk-trace": () => new TracerProvider(),
  "BasicTracerProvider of sdk-trace-base": () => new BasicTracerProvider(),
};

describe.each(Object.keys(providers))("a registered %s", (name) => {
  beforeEach(() => trace.setGlobalTracerProvider(providers[name]?.() ?? new TracerProvider()));

  it("gives its spans to a processor that is attached", async () => {
    const { transport, client, processor } = bridge();

    expect(attachToGlobalProvider(processor)).toBe(true);

    trace.getTracer("test").startSpan("work").end();
    await processor.forceFlush();
    expect(transport.transactions().map(({ transaction }) => transaction)).toEqual(["work"]);
    assertSettled(client);
    expect(warnings).toEqual([]);
  });

  it("takes a processor once, however often it is attached", async () => {
    const { transport, processor } = bridge();

    expect([attachToGlobalProvider(processor), attachToGlobalProvider(processor)]).toEqual([
      true,
      true,
    ]);

    trace.getTracer("test").startSpan("work").end();
    await processor.forceFlush();
    expect(transport.transactions()).toHaveLength(1);
  });

  it("gives tracers that were made before the new processor, too", async () => {
    const { transport, processor } = bridge();
    const tracer = trace.getTracer("test");
    const before = tracer.startSpan("before");

    attachToGlobalProvider(processor);
    before.end();
    tracer.startSpan("after").end();

    await processor.forceFlush();
    expect(transport.transactions().map(({ transaction }) => transaction)).toEqual([
      "before",
      "after",
    ]);
  });
});

describe("a trace that is open when the processor is attached", () => {
  it("is sent once: earlier children with the root, later ones as a transaction of their own", async () => {
    trace.setGlobalTracerProvider(new TracerProvider());
    const { transport, client, processor } = bridge();
    const tracer = trace.getTracer("test");
    const root = tracer.startSpan("root");
    const inRoot = trace.setSpan(context.active(), root);
    const early = tracer.startSpan("early child", {}, inRoot);

    attachToGlobalProvider(processor);
    const late = tracer.startSpan("late child", {}, inRoot);
    tracer.startSpan("grandchild", {}, trace.setSpan(inRoot, late)).end();
    for (const span of [early, late, root]) span.end();
    for (const span of [early, late, root]) processor.onEnd(span as never);

    await processor.forceFlush();
    const { traceId, spanId } = root.spanContext();
    const sent = transport.transactions().map(({ transaction, spans, contexts }) => ({
      name: transaction,
      spans: spans.map(({ description }) => description),
      traceId: contexts.trace?.trace_id,
      parentId: contexts.trace?.parent_span_id,
    }));
    expect(sent.toSorted((a, b) => a.name.localeCompare(b.name))).toEqual([
      { name: "late child", spans: ["grandchild"], traceId, parentId: spanId },
      { name: "root", spans: ["early child"], traceId, parentId: undefined },
    ]);
    expect(client.stats().spans).toMatchObject({ started: 4, sent: 4, open: 0 });
    assertSettled(client);
  });

  it("is sent without its root if only a child ends after that", async () => {
    trace.setGlobalTracerProvider(new TracerProvider());
    const { transport, client, processor } = bridge();
    const tracer = trace.getTracer("test");
    const root = tracer.startSpan("root");
    tracer.startSpan("lost", {}, trace.setSpan(context.active(), root)).end();
    const child = tracer.startSpan("child", {}, trace.setSpan(context.active(), root));

    attachToGlobalProvider(processor);
    child.end();

    await processor.forceFlush();
    expect(transport.transactions()).toMatchObject([
      { transaction: "child", contexts: { trace: { trace_id: root.spanContext().traceId } } },
    ]);
    assertSettled(client);
  });
});

describe("a provider with processors of its own", () => {
  it("keeps them, and the application's list of them stays as it is", () => {
    const exporter = new InMemorySpanExporter();
    const spanProcessors = Object.freeze([new SimpleSpanProcessor({ exporter })]);
    trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: spanProcessors as never }));

    expect(attachToGlobalProvider(bridge().processor)).toBe(true);

    trace.getTracer("test").startSpan("work").end();
    expect(exporter.getFinishedSpans()).toHaveLength(1);
    expect(spanProcessors).toHaveLength(1);
  });

  it("shuts the attached processor down with them", async () => {
    const provider = new TracerProvider();
    trace.setGlobalTracerProvider(provider);
    const { processor } = bridge();
    const shutdown = vi.spyOn(processor, "shutdown");
    attachToGlobalProvider(processor);

    await provider.shutdown();

    expect(shutdown).toHaveBeenCalledOnce();
  });
});

describe("what cannot be attached", () => {
  it("is told when no provider is registered", () => {
    expect(attachToGlobalProvider(bridge().processor)).toBe(false);
    expect(warnings).toEqual([expect.stringContaining("no tracer provider is registered yet")]);
  });

  it.each<[string, object]>([
    ["is of another make", { getTracer: () => ({}) }],
    [
      "has another list",
      { getTracer: () => ({}), _activeSpanProcessor: { _spanProcessors: new Set() } },
    ],
    ["has no processor", { getTracer: () => ({}), _activeSpanProcessor: null }],
  ])("is told when the provider %s", (_, provider) => {
    trace.setGlobalTracerProvider(provider as ApiTracerProvider);

    expect(attachToGlobalProvider(bridge().processor)).toBe(false);
    expect(warnings).toEqual([
      expect.stringContaining("not one of the OpenTelemetry SDK 2.x or 3.x"),
    ]);
  });

  // `diag` of our copy is out of reach then, too: only `register` can tell.
  it("is a provider that was registered through an older API", () => {
    const globals = globalThis as { [API]?: unknown };
    const before = globals[API];
    globals[API] = { version: "1.0.0", trace: new TracerProvider() };
    try {
      const { processor } = bridge();
      expect(attachToGlobalProvider(processor)).toBe(false);
      expect(attach(processor)).toContain(
        "@opentelemetry/api 1.0.0, which the copy that this package uses cannot see",
      );
    } finally {
      globals[API] = before;
    }
  });

  it.each<[string, object]>([
    [
      "is frozen",
      { getTracer: () => ({}), _activeSpanProcessor: Object.freeze({ _spanProcessors: [] }) },
    ],
    [
      "throws when it is looked at",
      {
        getTracer: () => ({}),
        get _activeSpanProcessor() {
          throw new Error("hands off");
        },
      },
    ],
  ])("does no harm when the provider %s", (_, provider) => {
    trace.setGlobalTracerProvider(provider as ApiTracerProvider);

    expect(attachToGlobalProvider(bridge().processor)).toBe(false);
    expect(warnings).toEqual([expect.stringContaining("the provider does not allow it")]);
  });

  it("does no harm when the application's logger throws", () => {
    diag.setLogger({ ...logger, warn: failToLog }, { suppressOverrideMessage: true });

    expect(attachToGlobalProvider(bridge().processor)).toBe(false);
  });
});
