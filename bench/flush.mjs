// The longest time for which a flush of 100,000 finished spans, whose roots are open, blocks the event loop, and for which
// the end of one segment does while others hold spans. node bench/flush.mjs [--rounds N] [--json FILE]
import { setTimeout as sleep } from "node:timers/promises";

import { ROOT_CONTEXT, context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { SentrySpanProcessor, createClient } from "otel-sentry-bridge";

import { median } from "./harness/by-turns.mjs";
import { startIngestServer } from "./harness/child.mjs";
import { Results, benchOptions } from "./harness/results.mjs";

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

function segment(children) {
  const root = tracer.startSpan("root", {}, ROOT_CONTEXT);
  const inRoot = trace.setSpan(ROOT_CONTEXT, root);
  for (let child = 0; child < children; child++) {
    const attributes = { "db.system.name": "postgresql", "db.query.text": `SELECT ${child}` };
    tracer.startSpan("child", { attributes }, inRoot).end();
  }
  return root;
}

function cpuMillis() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

// Of a busy machine the wall clock shows too much, and the CPU time shows what other threads of this process do.
function millisSince(start) {
  return Math.min(performance.now() - start.wall, cpuMillis() - start.cpu);
}
const now = () => ({ wall: performance.now(), cpu: cpuMillis() });

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

// A flush would send the spans that are held as well.
async function delivered() {
  while (client.stats().transactions.queued > 0) await sleep(5);
}

async function longestEnd(children) {
  let longest = 0;
  for (let times = 0; times < 20; times++) {
    const root = segment(children);
    const start = now();
    root.end();
    longest = Math.max(longest, millisSince(start));
    await delivered();
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
