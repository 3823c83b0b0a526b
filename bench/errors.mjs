// CPU time of `captureException` in a request whose segment holds finished spans. node bench/errors.mjs [--rounds N]
//   [--json FILE]
import { setTimeout as sleep } from "node:timers/promises";

import { ROOT_CONTEXT, SpanKind, context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { SentrySpanProcessor, captureException } from "otel-sentry-bridge";

import { costRow, costsByTurns, median } from "./harness/by-turns.mjs";
import { startSink } from "./harness/child.mjs";
import { Results, benchOptions } from "./harness/results.mjs";

const options = benchOptions({ rounds: { type: "string", default: "15" } });

context.setGlobalContextManager(new AsyncLocalStorageContextManager());
const sink = await startSink();
const processor = new SentrySpanProcessor({
  dsn: `http://0123456789abcdef0123456789abcdef@127.0.0.1:${sink.port}/1`,
});
const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer("bench");

function requestWith(spans) {
  const root = tracer.startSpan("GET /orders/:id", { kind: SpanKind.SERVER }, ROOT_CONTEXT);
  const inRoot = trace.setSpan(ROOT_CONTEXT, root);
  const query = () => {
    const attributes = { "db.system.name": "postgresql", "db.query.text": "SELECT id FROM orders" };
    tracer.startSpan("SELECT orders", { kind: SpanKind.CLIENT, attributes }, inRoot).end();
  };
  for (let span = 0; span < spans; span++) query();
  return (calls) => {
    for (let call = 0; call < calls; call++) {
      // A span more before each error, as in a request whose queries fail.
      if (spans > 0) query();
      context.with(inRoot, () => captureException(new Error(`failed ${call}`)));
    }
  };
}

const SPANS = [0, 1000];
const cases = Object.fromEntries(SPANS.map((spans) => [`${spans} spans`, requestWith(spans)]));
const costs = await costsByTurns(cases, {
  rounds: Number(options.rounds),
  roundMillis: 50,
  firstCalls: 100,
  // The errors are sent meanwhile. A flush would send the spans as well.
  between: () => sleep(100),
});

const results = new Results("errors");
const rows = Object.entries(costs).map(([name, each]) => costRow(name, each));
results.table("CPU time per captureException", rows);
results.mark("1000 spans", median(costs["1000 spans"]) / 1000, [1, "ms"]);
results.end(options);
await processor.shutdown();
sink.stop();
