// Segments of 1 to 100,000 spans: CPU time per span above the floor, and the time that the end of the root takes; bytes per
// open and per finished span that is held, with values that differ. node bench/segments.mjs [--rounds N] [--json FILE]
import { ROOT_CONTEXT, SpanKind, context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { SentrySpanProcessor } from "otel-sentry-bridge";

import { median } from "./harness/by-turns.mjs";
import { startSink } from "./harness/child.mjs";
import { Results, answerAsCase, benchOptions, runCase } from "./harness/results.mjs";
import { NOOP_PROCESSOR } from "./harness/subjects.mjs";

const options = benchOptions({ rounds: { type: "string", default: "9" } });
const SIZES = [1, 10, 100, 1000, 10_000, 100_000];
const SPANS_PER_ROUND = 100_000;
const HELD = 50_000;

context.setGlobalContextManager(new AsyncLocalStorageContextManager());

const tracerOf = (processor) =>
  new BasicTracerProvider({ spanProcessors: [processor] }).getTracer("bench");

async function startOurs() {
  const sink = await startSink();
  const processor = new SentrySpanProcessor({
    dsn: `http://0123456789abcdef0123456789abcdef@127.0.0.1:${sink.port}/1`,
    maxBufferedBytes: 1e9,
    shutdownTimeoutMillis: 60_000,
  });
  return { processor, tracer: tracerOf(processor), stop: () => sink.stop() };
}

function cpuMillis() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const attributesOf = (number) => ({
  "db.system.name": "postgresql",
  "db.query.text": `SELECT id, name FROM orders WHERE tenant = ${number % 97} AND id = ${number}`,
  "server.address": `db-${number % 4}.internal`,
  "server.port": 5432,
});

let number = 0;
function child(tracer, inRoot) {
  const attributes = attributesOf(number++);
  return tracer.startSpan("SELECT orders", { kind: SpanKind.CLIENT, attributes }, inRoot);
}

// Returns the milliseconds of the longest end of a root.
function round(tracer, size) {
  let longest = 0;
  for (let made = 0; made < SPANS_PER_ROUND; made += size) {
    const root = tracer.startSpan("GET /orders", { kind: SpanKind.SERVER }, ROOT_CONTEXT);
    const inRoot = trace.setSpan(ROOT_CONTEXT, root);
    for (let span = 1; span < size; span++) child(tracer, inRoot).end();
    const start = performance.now();
    const cpu = cpuMillis();
    root.end();
    longest = Math.max(longest, Math.min(performance.now() - start, cpuMillis() - cpu));
  }
  return longest;
}

async function costOf(size) {
  const floor = tracerOf(NOOP_PROCESSOR);
  const ours = await startOurs();
  const costs = [];
  const ends = [];
  for (let turn = -2; turn < Number(options.rounds); turn++) {
    const start = cpuMillis();
    round(floor, size);
    const between = cpuMillis();
    const longest = round(ours.tracer, size);
    await ours.processor.forceFlush();
    const above = cpuMillis() - between - (between - start);
    if (turn < 0) continue;
    costs.push((above * 1000) / SPANS_PER_ROUND);
    ends.push(longest);
  }
  await ours.processor.shutdown();
  ours.stop();
  return { costs, ends };
}

function heapBytes() {
  for (let times = 0; times < 3; times++) globalThis.gc();
  return process.memoryUsage().heapUsed;
}

// 500 segments: what spans take, not what roots take.
async function bytesHeld(end) {
  const ours = await startOurs();
  const kept = [];
  const fill = (count) => {
    for (let made = 0; made < count; made += 100) {
      const root = ours.tracer.startSpan("GET /orders", { kind: SpanKind.SERVER }, ROOT_CONTEXT);
      const inRoot = trace.setSpan(ROOT_CONTEXT, root);
      kept.push(root);
      for (let span = 0; span < 100; span++) {
        const one = child(ours.tracer, inRoot);
        if (end) one.end();
        else kept.push(one);
      }
    }
  };
  fill(5000);
  const before = heapBytes();
  fill(HELD);
  const bytes = (heapBytes() - before) / HELD;
  for (const span of kept) span.end();
  await ours.processor.shutdown();
  ours.stop();
  return bytes;
}

// The same spans without a processor of ours, all of them open.
function bytesOfFloor() {
  const tracer = tracerOf(NOOP_PROCESSOR);
  const kept = [];
  const fill = (count) => {
    for (let made = 0; made < count; made++) kept.push(child(tracer, ROOT_CONTEXT));
  };
  fill(5000);
  const before = heapBytes();
  fill(HELD);
  return (heapBytes() - before) / HELD;
}

const CASES = {
  memory: async () => ({
    held: await bytesHeld(true),
    open: (await bytesHeld(false)) - bytesOfFloor(),
  }),
  ...Object.fromEntries(SIZES.map((size) => [size, () => costOf(size)])),
};

if (options.case !== undefined) await answerAsCase(await CASES[options.case]());

const results = new Results("segments");
const rows = [];
for (const size of SIZES) {
  const { costs, ends } = await runCase(import.meta.url, String(size), {
    args: ["--rounds", options.rounds],
  });
  rows.push({
    "spans per segment": size,
    "µs/span above the floor": median(costs).toFixed(2),
    "end of the root, ms": median(ends).toFixed(2),
  });
  if (size === 100_000) results.mark("end of a 100,000-span segment", median(ends), [10, "ms"]);
}
results.table("Segments by size, delivered to a server in another process", rows);
const { held, open } = await runCase(import.meta.url, "memory", { execArgv: ["--expose-gc"] });
results.table("Memory", [
  { span: "finished, held for its root", bytes: Math.round(held) },
  { span: "open, above the SDK's own", bytes: Math.round(open) },
]);
results.mark("a held span", held, [700, "bytes"]);
results.end(options);
