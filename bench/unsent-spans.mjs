// CPU time per span that Sentry does not get, above that of a processor that does nothing: a sampled-out SERVER root with
// 20 CLIENT children, and the same without a DSN. Each case is a process of its own in which it and the floor take turns.
// node bench/unsent-spans.mjs [--rounds N] [--json FILE]
import { ROOT_CONTEXT, SpanKind, context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { AlwaysOffSampler, BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { SentrySampler, SentrySpanProcessor, createClient } from "otel-sentry-bridge";

import { above, costRow, costsByTurns, median } from "./harness/by-turns.mjs";
import { Results, answerAsCase, benchOptions, runCase } from "./harness/results.mjs";
import { NOOP_PROCESSOR } from "./harness/subjects.mjs";
import { SPANS, inProcessWorkloads } from "./workloads/in-process.mjs";

const options = benchOptions({ rounds: { type: "string", default: "41" } });
const DSN = "http://0123456789abcdef0123456789abcdef@127.0.0.1:9/1";

// Each sets up one provider; `goal` is the most that a span may cost above the floor, in µs.
const CASES = {
  "sampled out by tracesSampleRate": {
    goal: 0.4,
    options: { dsn: DSN, tracesSampleRate: 0, silent: true },
  },
  "sampled out by SentrySampler": {
    goal: 0.4,
    options: { dsn: DSN, tracesSampleRate: 0, silent: true },
    hasSampler: true,
  },
  "no DSN": { goal: 0.1, options: { dsn: false } },
  "no DSN, sampled out": { goal: 0.1, options: { dsn: false, tracesSampleRate: 0 } },
};

function tracersOf({ options: clientOptions, hasSampler = false }) {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  const client = createClient(clientOptions);
  const samplers = hasSampler ? [new AlwaysOffSampler(), new SentrySampler(client)] : [];
  const processors = [NOOP_PROCESSOR, new SentrySpanProcessor(client)];
  return processors.map((processor, index) =>
    new BasicTracerProvider({
      spanProcessors: [processor],
      ...(hasSampler && { sampler: samplers[index] }),
    }).getTracer("bench"),
  );
}

const ROOT = { kind: SpanKind.SERVER, attributes: { "http.request.method": "GET" } };
const WORKLOADS = inProcessWorkloads((tracer) =>
  tracer.startSpan("GET /orders/:id", ROOT, ROOT_CONTEXT),
);

// A turn of the event loop, in which timers and the delivery of client reports run.
const between = () => new Promise((resolve) => setImmediate(resolve));

async function measure(name) {
  const [floor, ours] = tracersOf(CASES[name]);
  const rounds = Number(options.rounds);
  const measured = {};
  for (const [workload, requestsTo] of Object.entries(WORKLOADS)) {
    const cases = { floor: requestsTo(floor), ours: requestsTo(ours) };
    measured[workload] = await costsByTurns(cases, { rounds, units: SPANS, between });
  }
  return measured;
}

if (options.case !== undefined) await answerAsCase(await measure(options.case));

const results = new Results("unsent-spans");
const rows = [];
const goals = [];
for (const [name, { goal }] of Object.entries(CASES)) {
  const measured = await runCase(import.meta.url, name, {
    args: ["--rounds", options.rounds],
  });
  for (const [workload, costs] of Object.entries(measured)) {
    const difference = above(costs, "ours", "floor");
    const floor = median(costs.floor).toFixed(3);
    rows.push({ ...costRow(name, difference), workload, "µs of the floor": floor });
    goals.push([`${name}, ${workload}`, median(difference), [goal, "µs above the floor"]]);
  }
}
results.table("CPU time per span above the floor", rows);
for (const goal of goals) results.goal(...goal);
results.end(options);
