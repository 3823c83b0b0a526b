import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from "@opentelemetry/api";
import type { Span, SpanContext } from "@opentelemetry/api";
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import type { SpanExporter, SpanProcessor } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";

import type { ClientOptions } from "../../src/index.js";
import type { ReceivedTransaction } from "../../src/testing/received.js";
import { contextOf, startBridge } from "../client/bridge.js";
import type { Bridge } from "../client/bridge.js";
import { newSpanId } from "../spans/hand-made-span.js";
import { idsOf, reasonOf, startExporter } from "./span-exporter-kit.js";

type Program = (bridge: Bridge) => void;
type ProcessorOf = (exporter: SpanExporter) => SpanProcessor;

const batch: ProcessorOf = (exporter) =>
  new BatchSpanProcessor(exporter, { maxExportBatchSize: 64, maxQueueSize: 10_000 });
const simple: ProcessorOf = (exporter) => new SimpleSpanProcessor(exporter);

/** Hands over whole traces, as a tail sampler does. */
function tail(exporter: SpanExporter): SpanProcessor {
  const traces = new Map<string, Parameters<SpanProcessor["onEnd"]>[0][]>();
  const forceFlush = async (): Promise<void> => {
    for (const spans of traces.values()) exporter.export(spans.toReversed(), () => {});
    traces.clear();
  };
  return {
    onStart() {},
    onEnd(span) {
      const { traceId } = span.spanContext();
      traces.set(traceId, [...(traces.get(traceId) ?? []), span]);
    },
    forceFlush,
    async shutdown() {
      await forceFlush();
      await exporter.shutdown();
    },
  };
}

interface Both {
  readonly byProcessor: ReceivedTransaction[];
  readonly byExporter: ReceivedTransaction[];
}

/** Runs a program on one provider that has both. */
async function runBoth(
  program: Program,
  processorOf: ProcessorOf,
  options: ClientOptions = {},
): Promise<Both> {
  const bench = startExporter(options);
  const bridge = startBridge(options, {
    after: [processorOf(bench.exporter), { ...tail(bench.exporter), onEnd: bench.know }],
    sampler: new AlwaysOnSampler(),
  });
  program(bridge);
  await bridge.provider.forceFlush();
  const byExporter = await bench.flushed();
  return { byProcessor: await bridge.flushed(), byExporter };
}

/** Everything but what is each event's own, and the order of spans. */
function contents(transactions: readonly ReceivedTransaction[]): unknown[] {
  return transactions
    .map(({ spans, ...event }) => ({
      ...event,
      event_id: "",
      spans: spans.toSorted((one, other) => (one.span_id < other.span_id ? -1 : 1)),
    }))
    .toSorted((one, other) => (rootId(one) < rootId(other) ? -1 : 1));
}

function rootId({ contexts }: Pick<ReceivedTransaction, "contexts">): string {
  return contexts.trace?.span_id ?? "";
}

function remoteParent(): SpanContext {
  return {
    traceId: "7".repeat(32),
    spanId: newSpanId(),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  };
}

const family: Program = (bridge) => {
  const root = bridge.tracer.startSpan("GET /orders/:id", {
    kind: SpanKind.SERVER,
    attributes: { "http.request.method": "GET", "http.route": "/orders/:id" },
  });
  const query = bridge.child(root, "SELECT", {
    kind: SpanKind.CLIENT,
    attributes: { "db.system.name": "postgresql", "db.query.text": "SELECT 1" },
    links: [{ context: remoteParent() }],
  });
  query.setStatus({ code: SpanStatusCode.ERROR, message: "no such table" });
  query.recordException(new Error("no such table"));
  bridge.child(query, "grandchild").end();
  query.end();
  root.setAttribute("http.response.status_code", 500);
  root.end();
};

const remote: Program = (bridge) => {
  const parent = remoteParent();
  bridge.know(parent.spanId);
  const ctx = trace.setSpanContext(ROOT_CONTEXT, parent);
  for (const name of ["first", "second"]) {
    const root = bridge.tracer.startSpan(name, { kind: SpanKind.SERVER }, ctx);
    bridge.child(root).end();
    root.end();
  }
};

const selfCall: Program = (bridge) => {
  const root = bridge.tracer.startSpan("caller", { kind: SpanKind.SERVER });
  const call = bridge.child(root, "call", { kind: SpanKind.CLIENT });
  const ctx = trace.setSpanContext(ROOT_CONTEXT, { ...call.spanContext(), isRemote: true });
  const served = bridge.tracer.startSpan("served", { kind: SpanKind.SERVER }, ctx);
  bridge.child(served, "work").end();
  served.end();
  call.end();
  root.end();
};

const interleaved: Program = (bridge) => {
  const roots = Array.from({ length: 200 }, (_, i) => bridge.tracer.startSpan(`root ${i}`));
  const children: Span[] = roots.map((root) => bridge.child(root));
  for (const child of children) child.end();
  for (const root of roots.toReversed()) root.end();
};

const childLast: Program = (bridge) => {
  const root = bridge.tracer.startSpan("root");
  const child = bridge.child(root);
  root.end();
  child.end();
};

const PROGRAMS: readonly [string, Program][] = [
  ["a family of spans", family],
  ["local roots of one remote parent", remote],
  ["a process that calls itself", selfCall],
  ["many traces at once", interleaved],
];

describe("the exporter makes the transactions of the processor", () => {
  it.each(PROGRAMS)("of %s, behind a batch processor", async (_, program) => {
    const { byProcessor, byExporter } = await runBoth(program, batch);
    expect(contents(byExporter)).toEqual(contents(byProcessor));
  });

  it.each(PROGRAMS)("of %s, behind a simple processor", async (_, program) => {
    const { byProcessor, byExporter } = await runBoth(program, simple);
    expect(contents(byExporter)).toEqual(contents(byProcessor));
  });

  it.each([...PROGRAMS, ["a child that ends last", childLast]] as const)(
    "of %s, behind a tail sampler",
    async (_, program) => {
      const { byProcessor, byExporter } = await runBoth(program, tail);
      expect(contents(byExporter)).toEqual(contents(byProcessor));
    },
  );

  it.each<[string, ClientOptions]>([
    ["ignoreTransactions", { ignoreTransactions: [/orders/] }],
    ["beforeSendSpan", { beforeSendSpan: (span) => (span.op === "db" ? null : span) }],
    ["tracesSampleRate", { tracesSampleRate: 0 }],
    ["tracesSampler", { tracesSampler: ({ name }) => name.startsWith("POST") }],
  ])("with %s", async (_, options) => {
    const { byProcessor, byExporter } = await runBoth(family, batch, options);
    expect(contents(byExporter)).toEqual(contents(byProcessor));
  });

  it("with a child that ends after its root, of which it is part in the same batch", async () => {
    const { byExporter } = await runBoth(childLast, batch);
    expect(byExporter).toMatchObject([{ transaction: "root", spans: [{ description: "child" }] }]);
  });

  it("with more children than a transaction holds", async () => {
    const { byProcessor, byExporter } = await runBoth((bridge) => {
      const root = bridge.tracer.startSpan("root");
      for (let i = 0; i < 5000; i++) bridge.child(root).end();
      root.end();
    }, batch);
    expect(idsOf(byExporter).toSorted()).toEqual(idsOf(byProcessor).toSorted());
    for (const { spans } of byExporter) expect(spans.length).toBeLessThanOrEqual(1000);
    expect(byExporter.map(reasonOf)).toEqual([undefined, ...Array(4).fill("overflow")]);
  });

  it("with a span whose local parent is not sampled", async () => {
    const { byProcessor, byExporter } = await runBoth((bridge) => {
      const hidden = { traceId: "8".repeat(32), spanId: newSpanId(), traceFlags: TraceFlags.NONE };
      bridge.know(hidden.spanId);
      bridge.tracer.startSpan("child", {}, contextOf(trace.wrapSpanContext(hidden))).end();
    }, batch);
    expect(idsOf(byExporter)).toEqual(idsOf(byProcessor));
  });
});
