// How long one segment's end blocks the event loop while others hold spans: node bench/flush.mjs
import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { SentrySpanProcessor } from "otel-sentry-bridge";
import { createMemoryTransport } from "otel-sentry-bridge/testing";

const PENDING = [0, 10_000, 100_000];
const CHILDREN = 1000;

const transport = createMemoryTransport();
const processor = new SentrySpanProcessor({
  dsn: "http://key@127.0.0.1:9/1",
  transport,
  maxBufferedBytes: 1e9,
});
const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer("bench");

function segment(children) {
  const root = tracer.startSpan("root", {}, ROOT_CONTEXT);
  const ctx = trace.setSpan(ROOT_CONTEXT, root);
  for (let child = 0; child < children; child++) {
    tracer
      .startSpan("child", { attributes: { "db.system.name": "postgresql", row: child } }, ctx)
      .end();
  }
  return root;
}

function longestEnd(children) {
  let longest = 0;
  for (let round = 0; round < 50; round++) {
    const root = segment(children);
    const start = performance.now();
    root.end();
    longest = Math.max(longest, performance.now() - start);
  }
  return longest.toFixed(2);
}

const rows = [];
const open = [];
for (const pending of PENDING) {
  while (open.length * 100 < pending) open.push(segment(100));
  longestEnd(20);
  rows.push({
    "spans pending elsewhere": pending,
    "longest end of a 20-span segment, ms": longestEnd(20),
    [`of a ${CHILDREN}-span segment, ms`]: longestEnd(CHILDREN),
  });
}
console.table(rows);
for (const root of open) root.end();
await processor.shutdown();
