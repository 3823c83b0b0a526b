import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { CompositePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { expect, it } from "vitest";

import { diagnose, startDoctor } from "../../src/doctor/diagnose.js";
import { SentryPropagator, SentrySpanProcessor } from "../../src/setup/otel-classes.js";
import { expectNoFindings } from "../../src/testing/testing.js";
import { createMemoryTransport } from "../../src/testing/memory-transport.js";

it("`diagnose` returns what was found as a value, and `expectNoFindings` throws it as text", async () => {
  expect(diagnose().findings.map(({ name }) => name)).toContain("no-client");

  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new SentryPropagator());
  const processor = new SentrySpanProcessor({
    dsn: "http://key@127.0.0.1:9/1",
    transport: createMemoryTransport(),
  });
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
  const unobserved = diagnose();
  expect(unobserved.mode).toBe("off");
  const allow = unobserved.findings.map(({ name }) => name);
  expect(() => expectNoFindings(unobserved, { allow })).toThrow(
    "the doctor's rules were off; call startDoctor() before the first span",
  );
  startDoctor();
  startDoctor("deep");

  const tracer = trace.getTracer("app");
  tracer.startSpan("job").end();
  const clean = diagnose();
  expect(clean.mode).toBe("on");
  expectNoFindings(clean);

  const parent = tracer.startSpan("GET /");
  parent.end();
  const ctx = trace.setSpan(context.active(), parent);
  for (let index = 0; index < 5; index += 1) tracer.startSpan("late", {}, ctx).end();
  const report = diagnose();

  expect(report.worst).toBe("warning");
  expect(() => expectNoFindings(report)).toThrow(/WARNING D1 ended-parent \(5 times\)[^]*late/);
  expectNoFindings(report, { allow: ["D1"] });
  expectNoFindings(report, { allow: ["ended-parent"] });
  await processor.shutdown();
});

it("a propagator that writes no sampling context, because there is no DSN, is in the right order", async () => {
  const processor = new SentrySpanProcessor({ dsn: false });
  trace.disable();
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));

  const names = diagnose().findings.map(({ name }) => name);
  expect(names).not.toContain("propagator-order");
  expect(names).not.toContain("no-dsn");
  await processor.shutdown();
});

it("the fix for propagators in the wrong order says where their constant goes", async () => {
  const processor = new SentrySpanProcessor({
    dsn: "http://key@127.0.0.1:9/1",
    transport: createMemoryTransport(),
  });
  trace.disable();
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
  propagation.disable();
  const propagators = [new SentryPropagator(), new W3CTraceContextPropagator()];
  propagation.setGlobalPropagator(new CompositePropagator({ propagators }));

  const found = diagnose().findings.find(({ name }) => name === "propagator-order");
  expect(found?.code).toMatch(
    /\] \}\);\nnew NodeSDK\(\{ textMapPropagator \}\);\n.*\npropagation\.setGlobalPropagator\(textMapPropagator\);$/,
  );
  await processor.shutdown();
});
