// CPU time of `captureException` in a request whose segment holds finished spans: of the call, and of an error until the server
// has it. node bench/errors.mjs [--rounds N] [--json FILE]
import { ROOT_CONTEXT, SpanKind, context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { SentrySpanProcessor, captureException, createClient } from "otel-sentry-bridge";

import { costRow, costsByTurns, median } from "./harness/by-turns.mjs";
import { startIngestServer } from "./harness/child.mjs";
import { delivered } from "./harness/load.mjs";
import { Results, benchOptions } from "./harness/results.mjs";

const options = benchOptions({ rounds: { type: "string", default: "15" } });

context.setGlobalContextManager(new AsyncLocalStorageContextManager());
const server = await startIngestServer();
const client = createClient({
  dsn: `http://0123456789abcdef0123456789abcdef@127.0.0.1:${server.port}/1`,
});
const processor = new SentrySpanProcessor(client);
const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer("bench");

let captured = 0;
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
      context.with(inRoot, () => captureException(new Error(`failed ${captured++}`)));
    }
  };
}

// A flush would send the spans as well.
const errorsDelivered = () => delivered(client, "errors");

const SPANS = [0, 1000];
const calls = Object.fromEntries(SPANS.map((spans) => [`${spans} spans`, requestWith(spans)]));
const withSending = Object.fromEntries(
  Object.entries(calls).map(([name, call]) => [
    name,
    async (count) => {
      call(count);
      await errorsDelivered();
    },
  ]),
);
const measure = (cases) =>
  costsByTurns(cases, {
    rounds: Number(options.rounds),
    roundMillis: 50,
    firstCalls: 100,
    between: errorsDelivered,
  });
const rowsOf = (costs) => Object.entries(costs).map(([name, each]) => costRow(name, each));

const results = new Results("errors");
const ofCalls = await measure(calls);
results.table("CPU time of the call of captureException", rowsOf(ofCalls));
results.goal("1000 spans", median(ofCalls["1000 spans"]) / 1000, [1, "ms"]);
results.table(
  "CPU time per error, with sending, until the server has all",
  rowsOf(await measure(withSending)),
);
const { sent } = client.stats().errors;
if (sent !== captured) results.fault(`${captured - sent} of ${captured} errors lost`);
results.end(options);
await processor.shutdown();
server.stop();
