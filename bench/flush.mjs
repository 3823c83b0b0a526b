// The longest time for which a flush of 100,000 finished spans, whose roots are open, blocks the event loop, and for which
// the end of one segment does while others hold spans. node bench/flush.mjs [--rounds N] [--json FILE]
import { context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { SentrySpanProcessor, createClient } from "otel-sentry-bridge";

import { median } from "./harness/by-turns.mjs";
import { startIngestServer } from "./harness/child.mjs";
import { millisSince, now } from "./harness/clock.mjs";
import { delivered } from "./harness/load.mjs";
import { Results, benchOptions } from "./harness/results.mjs";
import { openSegment } from "./workloads/open-segment.mjs";

const options = benchOptions({ rounds: { type: "string", default: "5" } });
const SPANS = 100_000;

context.setGlobalContextManager(new AsyncLocalStorageContextManager());
const server = await startIngestServer();
const client = createClient({
  dsn: `http://0123456789abcdef0123456789abcdef@127.0.0.1:${server.port}/1`,
  maxBufferedBytes: 1e9,
  shutdownTimeoutMillis: 60_000,
});
const processor = new SentrySpanProcessor(client);
const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer("bench");

const segment = (children) => openSegment(tracer, children);

async function longestBlock(work) {
  let longest = 0;
  let last = now();
  let isDone = false;
  const tick = () => {
    longest = Math.max(longest, millisSince(last));
    last = now();
    if (!isDone) setImmediate(tick);
  };
  setImmediate(tick);
  last = now();
  const promise = work();
  longest = millisSince(last);
  await promise;
  isDone = true;
  return longest;
}

async function flushBlocks(children) {
  const roots = Array.from({ length: SPANS / children }, () => segment(children));
  const block = await longestBlock(() => processor.forceFlush());
  for (const root of roots) root.end();
  await processor.forceFlush();
  return block;
}

async function rounds(measure) {
  const figures = [];
  await measure();
  for (let round = 0; round < Number(options.rounds); round++) figures.push(await measure());
  return figures;
}

async function longestEnd(children) {
  let longest = 0;
  for (let times = 0; times < 20; times++) {
    const root = segment(children);
    const start = now();
    root.end();
    longest = Math.max(longest, millisSince(start));
    // A flush would send the spans that are held as well.
    await delivered(client, "transactions");
  }
  return longest;
}

const results = new Results("flush");
const rows = [];
const goals = [];
function add(name, figures, most) {
  const row = { case: name, "median, ms": median(figures).toFixed(2) };
  rows.push({ ...row, "least, ms": Math.min(...figures).toFixed(2) });
  if (most !== undefined) goals.push([name, median(figures), [most, "ms"]]);
}

for (const children of [1, 20, 1000]) {
  const figures = await rounds(() => flushBlocks(children));
  add(`forceFlush, ${SPANS} spans in segments of ${children}`, figures, 2);
}
for (const children of [20, 1000]) {
  const open = Array.from({ length: SPANS / 100 }, () => segment(100));
  const figures = [];
  for (let round = 0; round < Number(options.rounds); round++)
    figures.push(await longestEnd(children));
  add(`end of a segment of ${children}, ${SPANS} spans held elsewhere`, figures);
  for (const root of open) root.end();
  await processor.forceFlush();
}
results.table("Longest block of the event loop", rows);
for (const goal of goals) results.goal(...goal);
results.end(options);
await processor.shutdown();
server.stop();
