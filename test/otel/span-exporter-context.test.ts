import { ROOT_CONTEXT, context, createContextKey, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { Resource } from "@opentelemetry/resources";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { MAX_ROOT_WAIT_MILLIS } from "../../src/errors/batch-exceptions.js";
import { isTracingSuppressed } from "../../src/context/suppress-tracing.js";
import { MAX_RESOURCE_WAIT_MILLIS } from "../../src/spans/transaction-forwarder.js";
import type { SendResult } from "../../src/delivery/transport.js";
import type { FinishedSpan } from "../../src/trace/span.js";
import { TRACE_ID, newSpanId, spanOf } from "../spans/hand-made-span.js";
import { childOf, idsOf, reasonOf, startExporter } from "./span-exporter-kit.js";

const REQUEST = createContextKey("request");
const DELIVERED: SendResult = {
  outcome: "delivered",
  statusCode: 200,
  limits: { rateLimits: undefined, retryAfter: undefined },
};

function inRequest<T>(run: () => T): T {
  const span = trace.wrapSpanContext({ traceId: TRACE_ID, spanId: newSpanId(), traceFlags: 1 });
  return context.with(trace.setSpan(ROOT_CONTEXT.setValue(REQUEST, "one"), span), run);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

afterEach(() => {
  vi.useRealTimers();
});

describe("E9: requests to Sentry run with tracing suppressed, and outside of the context of any request", () => {
  let contexts: string[] = [];
  const respond = (): SendResult => {
    const active = context.active();
    const isDetached = active.getValue(REQUEST) === undefined && !trace.getSpan(active);
    contexts.push(`${isTracingSuppressed(active)} ${isDetached}`);
    return DELIVERED;
  };

  beforeEach(() => {
    contexts = [];
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });
  afterEach(() => {
    context.disable();
  });

  it("when a root is exported", async () => {
    const bench = startExporter({}, { respond });
    inRequest(() => bench.export(spanOf()));
    await bench.exporter.forceFlush();
    expect(contexts).toEqual(["true true"]);
  });

  it("when the wait for a root is over", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const bench = startExporter({}, { respond });
    inRequest(() => bench.export(childOf(spanOf())));
    await vi.advanceTimersByTimeAsync(MAX_ROOT_WAIT_MILLIS);
    await nextTurn();
    expect(contexts).toEqual(["true true"]);
  });

  it("when a flush is asked for within a request, also in its later turns", async () => {
    const bench = startExporter({}, { respond });
    const spans = Array.from({ length: 100 }, (_, i) =>
      childOf(spanOf({ traceId: `${i + 100}`.padStart(32, "a") })),
    );
    bench.export(...spans);
    await inRequest(() => bench.exporter.forceFlush());
    expect(contexts).toHaveLength(100);
    expect(new Set(contexts)).toEqual(new Set(["true true"]));
  });
});

function ignore(): void {}

function pendingResource(): { resource: Resource; resolve: (version: string) => void } {
  let resolve: (version: string) => void = ignore;
  const version = new Promise<string>((settle) => {
    resolve = settle;
  });
  return {
    resource: resourceFromAttributes({ "service.name": "shop", "service.version": version }),
    resolve,
  };
}

function family(resource: Resource): [child: FinishedSpan, root: FinishedSpan] {
  const root = spanOf({ resource });
  return [childOf(root, { resource }), root];
}

describe("E10: resource attributes that are not known yet", () => {
  it("are waited for, by a flush as well; the export is not", async () => {
    const { resource, resolve } = pendingResource();
    const bench = startExporter();
    expect(bench.export(...family(resource))).toEqual({ code: 0 });
    await nextTurn();
    expect(bench.transport.envelopes).toEqual([]);
    expect(bench.client.stats().spans).toMatchObject({ started: 2, buffered: 2 });
    const flush = bench.flushed();
    resolve("2.4.0");
    expect(await flush).toMatchObject([{ release: "2.4.0", spans: [{}] }]);
  });

  it("are waited for by a shutdown, also for spans without their root", async () => {
    const { resource, resolve } = pendingResource();
    const bench = startExporter();
    bench.export(childOf(spanOf(), { resource }));
    const closing = bench.exporter.shutdown();
    resolve("2.4.0");
    await closing;
    expect(bench.transport.transactions()).toMatchObject([{ release: "2.4.0" }]);
  });

  it("hold nothing back for longer than the bound", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { resource, resolve } = pendingResource();
    const bench = startExporter();
    bench.export(...family(resource));
    await vi.advanceTimersByTimeAsync(MAX_RESOURCE_WAIT_MILLIS);
    vi.useRealTimers();
    await nextTurn();
    expect(idsOf(bench.transport.transactions())).toHaveLength(2);
    resolve("too late");
  });
});

describe("spans whose root does not come", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });

  it("go on their own when the wait is over", async () => {
    const bench = startExporter();
    bench.export(childOf(spanOf()));
    await vi.advanceTimersByTimeAsync(MAX_ROOT_WAIT_MILLIS / 2);
    expect(bench.transport.envelopes).toEqual([]);
    await vi.advanceTimersByTimeAsync(MAX_ROOT_WAIT_MILLIS / 2);
    await nextTurn();
    expect(bench.transport.transactions().map(reasonOf)).toEqual(["orphan"]);
  });

  it("are sent however many traces they are of: the queue does not overflow", async () => {
    // The flush takes as long as it needs: the claim is about the queue.
    const bench = startExporter({
      shutdownTimeoutMillis: 600_000,
      // What is sent is only counted.
      transport: { send: () => Promise.resolve(DELIVERED), close: () => Promise.resolve() },
    });
    for (let i = 0; i < 10_500; i++) {
      bench.export(childOf(spanOf({ traceId: `${i}`.padStart(32, "a") })));
    }
    await vi.advanceTimersByTimeAsync(MAX_ROOT_WAIT_MILLIS);
    vi.useRealTimers();
    await bench.exporter.forceFlush();
    const { started, dropped } = bench.client.stats().spans;
    expect({ started, dropped }).toEqual({ started: 10_500, dropped: {} });
  });
});
