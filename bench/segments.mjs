// Segments of 1 to 100,000 spans: CPU time per span above the floor, and the time that the end of the root takes, with a turn of
// the event loop after each root, and with all roots in one turn; bytes per open and per finished span that is held, with values
// that differ. node bench/segments.mjs [--rounds N] [--json FILE]
import { ROOT_CONTEXT, SpanKind, context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { SentrySpanProcessor } from "otel-sentry-bridge";

import { above, costsByTurns, median } from "./harness/by-turns.mjs";
import { startIngestServer } from "./harness/child.mjs";
import { millisSince, now } from "./harness/clock.mjs";
import { Results, answerAsCase, benchOptions, runCase } from "./harness/results.mjs";
import { NOOP_PROCESSOR } from "./harness/subjects.mjs";

const options = benchOptions({ rounds: { type: "string", default: "7" } });
const SIZES = [1, 10, 100, 1000, 10_000, 100_000];
const BURST_SIZES = SIZES.slice(0, 4);
const spansPerRound = (size) => Math.max(size, 10_000);
// Half of what Node optimizes code for: small segments take long, and the sizes are compared with each other.
const WARM_UP_SPANS = 100_000;
const HELD = 50_000;

context.setGlobalContextManager(new AsyncLocalStorageContextManager());

const tracerOf = (processor) =>
  new BasicTracerProvider({ spanProcessors: [processor] }).getTracer("bench");

async function startOurs() {
  const server = await startIngestServer();
  const processor = new SentrySpanProcessor({
    dsn: `http://0123456789abcdef0123456789abcdef@127.0.0.1:${server.port}/1`,
    maxBufferedBytes: 1e9,
    shutdownTimeoutMillis: 60_000,
  });
  return { processor, tracer: tracerOf(processor), stop: () => server.stop() };
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

const turn = () => new Promise((resolve) => setImmediate(resolve));

// Returns the milliseconds of the longest end of a root.
async function round(tracer, size, isBurst) {
  let longest = 0;
  for (let made = 0; made < spansPerRound(size); made += size) {
    const root = tracer.startSpan("GET /orders", { kind: SpanKind.SERVER }, ROOT_CONTEXT);
    const inRoot = trace.setSpan(ROOT_CONTEXT, root);
    for (let span = 1; span < size; span++) child(tracer, inRoot).end();
    const start = now();
    root.end();
    longest = Math.max(longest, millisSince(start));
    if (!isBurst) await turn();
  }
  return longest;
}

async function costOf(size, isBurst) {
  const floor = tracerOf(NOOP_PROCESSOR);
  const ours = await startOurs();
  const ends = [];
  const rounds = Number(options.rounds);
  const spans = spansPerRound(size);
  const cases = {
    async floor(calls) {
      for (let call = 0; call < calls; call++) await round(floor, size, isBurst);
    },
    async ours(calls) {
      for (let call = 0; call < calls; call++) {
        ends.push(await round(ours.tracer, size, isBurst));
        await ours.processor.forceFlush();
      }
    },
  };
  // One call per turn: it is long enough.
  const firstCalls = Math.ceil(WARM_UP_SPANS / spans);
  const calls = { firstCalls, leastCalls: 1, roundMillis: 0 };
  const costs = await costsByTurns(cases, { rounds, units: spans, ...calls });
  await ours.processor.shutdown();
  ours.stop();
  return { costs: above(costs, "ours", "floor"), ends: ends.slice(-rounds) };
}

function heapBytes() {
  for (let times = 0; times < 3; times++) globalThis.gc();
  return process.memoryUsage().heapUsed;
}

function bytesPerSpan(fill) {
  fill(5000);
  const before = heapBytes();
  fill(HELD);
  return (heapBytes() - before) / HELD;
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
  const bytes = bytesPerSpan(fill);
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
  const bytes = bytesPerSpan(fill);
  // Used after the measurement, so that no collection takes them before.
  for (const span of kept) span.end();
  return bytes;
}

const CASES = {
  "held spans": () => bytesHeld(true),
  "open spans": () => bytesHeld(false),
  "open spans of the floor": bytesOfFloor,
  ...Object.fromEntries(SIZES.map((size) => [size, () => costOf(size, false)])),
  ...Object.fromEntries(BURST_SIZES.map((size) => [`burst ${size}`, () => costOf(size, true)])),
};

if (options.case !== undefined) await answerAsCase(await CASES[options.case]());

const results = new Results("segments");
const args = ["--rounds", options.rounds];

async function measure(size, name) {
  const { costs, ends } = await runCase(import.meta.url, name, { args });
  const row = {
    "spans per segment": size,
    "µs/span above the floor": median(costs).toFixed(2),
    "longest end of a root, ms": median(ends).toFixed(2),
  };
  return { row, end: median(ends) };
}

const measured = [];
for (const size of SIZES) measured.push(await measure(size, String(size)));
results.table(
  "Segments by size, a turn of the event loop after each",
  measured.map(({ row }) => row),
);
results.goal("end of a 100,000-span segment", measured.at(-1).end, [10, "ms"]);

const bursts = [];
for (const size of BURST_SIZES) bursts.push(await measure(size, `burst ${size}`));
results.table(
  `Bursts: segments of ${spansPerRound(1)} spans in all, in one turn of the event loop`,
  bursts.map(({ row }) => row),
);

// In processes of their own, because what one has held may be collected while the next measures.
const bytesOf = (name) => runCase(import.meta.url, name, { execArgv: ["--expose-gc"] });
const held = await bytesOf("held spans");
const open = (await bytesOf("open spans")) - (await bytesOf("open spans of the floor"));
results.table("Memory", [
  { span: "finished, held for its root", bytes: Math.round(held) },
  { span: "open, above the SDK's own", bytes: Math.round(open) },
]);
results.goal("a held span", held, [700, "bytes"]);
results.end(options);
