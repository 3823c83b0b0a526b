// Time of the processor's calls, without sending: nanoseconds per span of onStart and onEnd of children, and per root of its
// onEnd, with the spans of the workloads `repeat` and `real`. node bench/span-calls.mjs [--rounds 600]
// Prints the minimum, the 10th percentile and the median of many short rounds; other processes have little influence on the
// first two.
import { parseArgs } from "node:util";

import { SpanKind, context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { SentrySpanProcessor } from "otel-sentry-bridge";

import { quantile } from "./harness/by-turns.mjs";
import { NOOP_PROCESSOR } from "./harness/subjects.mjs";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "600" } } });
const ROUNDS = Number(values.rounds);
const WARM_UP = ROUNDS / 3;
const REQUESTS = 20;

context.setGlobalContextManager(new AsyncLocalStorageContextManager());

// Accepts everything.
const transport = {
  send: async () => ({ outcome: "delivered", statusCode: 200, limits: {} }),
  close: async () => {},
};

function newProcessor() {
  return new SentrySpanProcessor({
    dsn: "http://0123456789abcdef0123456789abcdef@127.0.0.1:9/1",
    transport,
  });
}

function timed(list, call) {
  const start = process.hrtime.bigint();
  for (const each of list) call(each);
  return Number(process.hrtime.bigint() - start) / list.length;
}

// The spans of a round are made first, so that only the calls of the processor are measured.
async function measure(workload) {
  const { request } = await import(`./workloads/${workload}.mjs`);
  let starts = [];
  let ends = [];
  const recorder = {
    ...NOOP_PROCESSOR,
    onStart: (span, ctx) => starts.push([span, ctx]),
    onEnd: (span) => ends.push(span),
  };
  const tracer = new BasicTracerProvider({ spanProcessors: [recorder] }).getTracer("bench");
  const processor = newProcessor();
  const times = { "start of a span": [], "end of a child": [], "end of a root": [] };
  for (let round = 0, number = 0; round < ROUNDS; round++) {
    starts = [];
    ends = [];
    for (let each = 0; each < REQUESTS; each++) await request(tracer, number++);
    const roots = ends.filter(({ kind }) => kind === SpanKind.SERVER);
    const children = ends.filter(({ kind }) => kind !== SpanKind.SERVER);
    const costs = [
      timed(starts, ([span, ctx]) => processor.onStart(span, ctx)),
      timed(children, (span) => processor.onEnd(span)),
      timed(roots, (span) => processor.onEnd(span)),
    ];
    if (round < WARM_UP) continue;
    for (const [at, list] of Object.values(times).entries()) list.push(costs[at]);
  }
  await processor.shutdown();
  return times;
}

for (const workload of ["repeat", "real"]) {
  for (const [name, costs] of Object.entries(await measure(workload))) {
    const [least, tenth, half] = [0, 0.1, 0.5].map((part) => quantile(costs, part).toFixed(0));
    console.log(`${workload}: ${name} ${least} ns (10th percentile ${tenth}, median ${half})`);
  }
}
process.exit(0);
