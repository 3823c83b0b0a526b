import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  context,
  defaultTextMapGetter,
  propagation,
  trace,
} from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import {
  OpenTelemetryActivityInboundInterceptor,
  OpenTelemetryPlugin,
  OpenTelemetryWorkflowClientInterceptor,
} from "@temporalio/interceptors-opentelemetry-v2";
import { defaultPayloadConverter } from "@temporalio/common";
import { expect, it, onTestFinished } from "vitest";

import { SentryPropagator, setUser } from "../../src/index.js";
import { startBridge } from "../client/bridge.js";
import type { Bridge } from "../client/bridge.js";

type Headers = Record<string, never>;
type ExportSpans = (info: object, spans: readonly object[]) => void;

/** A span in the form in which Temporal's sandbox of workflows passes it on: a copy, without methods. */
function copied(span: ReadableSpan): object {
  const { traceState, ...ids } = span.spanContext();
  const { traceState: parentState, ...parentIds } = span.parentSpanContext ?? {};
  const { name, kind, startTime, endTime, status, attributes, links, events, duration } = span;
  const fields = { name, kind, startTime, endTime, status, attributes, links, events, duration };
  return structuredClone({
    ...fields,
    ended: true,
    instrumentationScope: span.instrumentationScope,
    spanContext: { ...ids, traceState: traceState?.serialize() },
    parentSpanContext: span.parentSpanContext && {
      ...parentIds,
      traceState: parentState?.serialize(),
    },
  });
}

/** The plugin with our processor, and a provider that stands for the one of the workflow's sandbox. */
function startTemporal(bridge: Bridge) {
  propagation.setGlobalPropagator(new SentryPropagator());
  onTestFinished(() => propagation.disable());
  const plugin = new OpenTelemetryPlugin({
    resource: resourceFromAttributes({ "service.name": "orders" }),
    spanProcessor: bridge.processor,
    tracer: bridge.tracer,
  });
  const { sinks } = plugin.configureWorker({ taskQueue: "orders" });
  const sink = sinks?.["exporter"]?.["export"] as { fn: ExportSpans } | undefined;
  const exporter = new InMemorySpanExporter();
  const sandbox = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  }).getTracer("@temporalio/interceptor-workflow");
  const leaveSandbox = (): void => {
    sink?.fn({ workflowId: "order-1" }, exporter.getFinishedSpans().map(copied));
    exporter.reset();
  };
  return { sandbox, leaveSandbox };
}

/** The context that the headers of a call carry, as Temporal reads it in the sandbox. */
function extracted(headers: Headers): Context {
  const carrier = defaultPayloadConverter.fromPayload<object>(headers["_tracer-data"] as never);
  return new W3CTraceContextPropagator().extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
}

async function startWorkflow(bridge: Bridge) {
  let headers = {} as Headers;
  const interceptor = new OpenTelemetryWorkflowClientInterceptor({ tracer: bridge.tracer });
  const input = { workflowType: "order", headers: {}, options: { workflowId: "order-1" } };
  const request = bridge.tracer.startSpan("POST /orders", { kind: SpanKind.SERVER });
  await context.with(trace.setSpan(context.active(), request), async () => {
    setUser({ id: "ada" });
    await interceptor.start(input, async (sent: { headers: Headers }) => {
      headers = sent.headers;
      return "run-1";
    });
  });
  request.end();
  return { headers, traceId: request.spanContext().traceId };
}

async function runActivity(bridge: Bridge, headers: Headers): Promise<unknown> {
  const info = { activityType: "charge", activityId: "1" };
  const interceptor = new OpenTelemetryActivityInboundInterceptor(
    { info },
    {
      tracer: bridge.tracer,
    },
  );
  return await interceptor.execute({ headers, args: [] }, async () => {
    setUser({ id: "worker" });
    throw new Error("the card was refused");
  });
}

it("Temporal's plugin: spans of workflows are part of the trace from the request to the activity", async () => {
  const bridge = startBridge();
  const { sandbox, leaveSandbox } = startTemporal(bridge);
  const request = await startWorkflow(bridge);

  const workflow = sandbox.startSpan("RunWorkflow:order", {}, extracted(request.headers));
  const inWorkflow = trace.setSpan(ROOT_CONTEXT, workflow);
  const start = sandbox.startSpan("StartActivity:charge", {}, inWorkflow);
  const carrier = {};
  new W3CTraceContextPropagator().inject(trace.setSpan(ROOT_CONTEXT, start), carrier, {
    set: (target, key, value) => Object.assign(target as object, { [key]: value }),
  });
  await expect(
    runActivity(bridge, { "_tracer-data": defaultPayloadConverter.toPayload(carrier) } as never),
  ).rejects.toThrow("refused");
  start.end();
  leaveSandbox();
  workflow.recordException(new Error("activity failed"));
  workflow.setStatus({ code: SpanStatusCode.ERROR });
  workflow.end();
  leaveSandbox();

  const transactions = await bridge.flushed();
  const lines = transactions.map((event) => {
    const { trace_id: traceId, parent_span_id: parentId } = event.contexts.trace ?? {};
    const calls = event.spans.map(({ description }) => description);
    return { name: event.transaction, calls, user: event.user, traceId, parentId };
  });
  const callOf = (name: string): string | undefined =>
    transactions.find(({ transaction }) => transaction === name)?.spans[0]?.span_id;
  const { traceId } = request;
  expect(lines.toSorted((a, b) => a.name.localeCompare(b.name))).toEqual([
    {
      name: "POST /orders",
      calls: ["StartWorkflow:order"],
      user: { id: "ada" },
      traceId,
      parentId: undefined,
    },
    {
      name: "RunActivity:charge",
      calls: [],
      user: { id: "worker" },
      traceId,
      parentId: callOf("RunWorkflow:order"),
    },
    {
      name: "RunWorkflow:order",
      calls: ["StartActivity:charge"],
      user: undefined,
      traceId,
      parentId: callOf("POST /orders"),
    },
  ]);
  expect(
    bridge.transport.errors().map(({ exception, user }) => [exception?.values[0]?.value, user]),
  ).toEqual([
    ["the card was refused", { id: "worker" }],
    ["activity failed", undefined],
  ]);
});
