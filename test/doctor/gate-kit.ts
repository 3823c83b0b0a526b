import { ROOT_CONTEXT, SpanKind, context, propagation, trace } from "@opentelemetry/api";
import type { Context, Span, Tracer } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { afterAll, beforeAll, beforeEach } from "vitest";

import { DoctorObserver } from "../../src/doctor/observer.js";
import { Retention } from "../../src/doctor/retention.js";
import { SentryPropagator, SentrySpanProcessor } from "../../src/setup/otel-classes.js";
import { observation } from "../../src/support/observation.js";
import { createMemoryTransport } from "../../src/testing/memory-transport.js";

/** A request: its span, and the context in which it is active. */
interface OpenRequest {
  readonly span: Span;
  readonly ctx: Context;
}

interface GateKit {
  readonly tracer: Tracer;
  /** Returns a tracer of the same provider, as an instrumentation of this name has one. */
  readonly tracerOf: (name: string) => Tracer;
  readonly theObserver: () => DoctorObserver;
  /** What was found, as `D1 warning`. */
  readonly found: () => string[];
  /** Starts a request. */
  readonly open: (name?: string, attributes?: object) => OpenRequest;
  /** Starts a request that has ended; returns its context. */
  readonly over: (name?: string, attributes?: object) => Context;
  readonly query: (ctx: Context, quantity?: number) => void;
}

/** Sets OpenTelemetry up with an observer of its own for each test, in mode `deep`. */
export function gateKit(): GateKit {
  const transport = createMemoryTransport();
  const processor = new SentrySpanProcessor({ dsn: "http://key@127.0.0.1:9/1", transport });
  const provider = new BasicTracerProvider({ spanProcessors: [processor] });
  const tracer = provider.getTracer("app");
  let observer = new DoctorObserver();
  beforeAll(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new SentryPropagator());
  });
  beforeEach(() => {
    observer = new DoctorObserver(new Retention());
    observation.observer = observer;
  });
  afterAll(async () => {
    observation.observer = undefined;
    await processor.shutdown();
  });
  const open = (name = "GET /", attributes = {}): OpenRequest => {
    const extracted = propagation.extract(ROOT_CONTEXT, {});
    const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, extracted);
    return { span, ctx: trace.setSpan(extracted, span) };
  };
  return {
    tracer,
    tracerOf: (name) => provider.getTracer(name),
    open,
    theObserver: () => observer,
    found: () => observer.findings(false).map(({ rule, severity }) => `${rule} ${severity}`),
    over: (name, attributes) => {
      const { span, ctx } = open(name, attributes);
      span.end();
      return ctx;
    },
    query: (ctx, quantity = 1) => {
      for (let index = 0; index < quantity; index += 1)
        tracer.startSpan("query", { kind: SpanKind.CLIENT }, ctx).end();
    },
  };
}
