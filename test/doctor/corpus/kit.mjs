// Set-up of the programs of the corpus, as an application has it, and the load that they serve: UNITS requests or jobs, fifty at a
// time. Frameworks are required after their instrumentations are registered.
import { once } from "node:events";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

import { ROOT_CONTEXT, SpanKind, context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from "@opentelemetry/core";
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";

export const bridge = await import(process.env.BRIDGE ?? "otel-sentry-bridge");
export const require = createRequire(import.meta.url);
export const UNITS = Number(process.env.UNITS ?? 1000);
const AT_A_TIME = 50;

const processor = new bridge.SentrySpanProcessor({
  dsn: process.env.SENTRY_DSN,
  release: "corpus@1.0.0",
});
const provider = new BasicTracerProvider({ spanProcessors: [processor] });
export const manager = new AsyncLocalStorageContextManager().enable();
context.setGlobalContextManager(manager);
trace.setGlobalTracerProvider(provider);
propagation.setGlobalPropagator(
  new CompositePropagator({
    propagators: [
      new W3CTraceContextPropagator(),
      new W3CBaggagePropagator(),
      new bridge.SentryPropagator(),
    ],
  }),
);

export const tracer = trace.getTracer("corpus");

/** Registers the HTTP instrumentation and others, before the framework is required. The load is not traced. */
export function instrument(...instrumentations) {
  const http = new HttpInstrumentation({ ignoreOutgoingRequestHook: () => true });
  registerInstrumentations({ instrumentations: [http, ...instrumentations] });
}

/** Runs `work` in an active span. */
export function span(name, work, options = {}) {
  return tracer.startActiveSpan(name, options, async (active) => {
    try {
      return await work(active);
    } finally {
      active.end();
    }
  });
}

/** Runs `work` as a unit of its own, with a CONSUMER span as its root. */
export function job(name, work) {
  return context.with(bridge.forkIsolation(ROOT_CONTEXT), () =>
    span(name, work, { kind: SpanKind.CONSUMER }),
  );
}

/** What a handler does: knows its user, makes two queries at once, then one more. */
export async function serve(id) {
  bridge.setUser({ id });
  bridge.setTag("unit", id);
  await Promise.all([query("first", id), query("second", id)]);
  await query("third", id);
}

/** A query of a few milliseconds. */
export function query(name, id) {
  return span(`query ${name}`, () => sleep(1 + (Number(id) % 3)), { kind: SpanKind.CLIENT });
}

/** Calls `unit` UNITS times with the number of the unit, fifty at a time. */
export async function load(unit) {
  let next = 0;
  const lane = async () => {
    while (next < UNITS) await unit(String(next++));
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, lane));
}

/** Asks a server on this machine for `/units/<id>` UNITS times. Not by `fetch`, which takes as long to load as the SDK. */
export async function loadServer(port) {
  const { Agent, get } = require("node:http");
  const agent = new Agent({ keepAlive: true });
  await load(async (id) => {
    const [response] = await once(
      get({ port, host: "127.0.0.1", path: `/units/${id}`, agent }),
      "response",
    );
    await once(response.resume(), "end");
  });
}

/** Sends what is left, and ends the program. */
export async function end() {
  await processor.forceFlush();
  process.exit();
}
