// Losses, connections and memory under load: 1000 roots per second to a server that answers after 50 ms; 119,000 spans over
// 6 connections; the heap after the first million spans and after the last. node bench/load.mjs [--seconds 10] [--millions 10]
//   [--json FILE]
import { ROOT_CONTEXT, SpanKind, context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { SentrySpanProcessor, createClient } from "otel-sentry-bridge";

import { startIngestServer } from "./harness/child.mjs";
import { paced, saturated } from "./harness/load.mjs";
import { Results, answerAsCase, benchOptions, runCase } from "./harness/results.mjs";
import { request } from "./workloads/real.mjs";

const options = benchOptions({
  seconds: { type: "string", default: "10" },
  millions: { type: "string", default: "10" },
});
const SPANS_PER_REQUEST = 21;

context.setGlobalContextManager(new AsyncLocalStorageContextManager());

async function start(serverOptions, transport = {}) {
  const server = await startIngestServer(serverOptions);
  const client = createClient({
    dsn: `http://0123456789abcdef0123456789abcdef@127.0.0.1:${server.port}/1`,
    shutdownTimeoutMillis: 120_000,
    transport,
  });
  const processor = new SentrySpanProcessor(client);
  const provider = new BasicTracerProvider({ spanProcessors: [processor] });
  return { server, client, processor, tracer: provider.getTracer("bench") };
}

async function result({ server, processor }, started) {
  await processor.shutdown();
  const { spans, mostOpen } = await server.counts();
  server.stop();
  return { spans: started, lost: started - spans, connections: mostOpen };
}

async function steady() {
  const bench = await start({ latencyMillis: 50 });
  const roots = 1000 * Number(options.seconds);
  const root = async () =>
    bench.tracer.startSpan("GET /", { kind: SpanKind.SERVER }, ROOT_CONTEXT).end();
  await paced(root, roots, 1000);
  return result(bench, roots);
}

async function few() {
  const bench = await start({}, { maxConnections: 6 });
  const requests = Math.ceil(119_000 / SPANS_PER_REQUEST);
  let number = 0;
  await saturated(() => request(bench.tracer, number++), requests);
  return result(bench, requests * SPANS_PER_REQUEST);
}

function heapMegabytes() {
  for (let times = 0; times < 3; times++) globalThis.gc();
  return process.memoryUsage().heapUsed / 1e6;
}

async function heap() {
  const bench = await start({});
  const requests = Math.ceil(1e6 / SPANS_PER_REQUEST);
  const megabytes = [];
  let number = 0;
  for (let million = 0; million < Number(options.millions); million++) {
    await saturated(() => request(bench.tracer, number++), requests);
    await bench.client.flush();
    megabytes.push(heapMegabytes());
  }
  const { lost } = await result(bench, number * SPANS_PER_REQUEST);
  return { spans: number * SPANS_PER_REQUEST, lost, first: megabytes[0], last: megabytes.at(-1) };
}

const CASES = { steady, few, heap };
if (options.case !== undefined) await answerAsCase(await CASES[options.case]());

const run = (name) =>
  runCase(import.meta.url, name, {
    args: ["--seconds", options.seconds, "--millions", options.millions],
    execArgv: ["--expose-gc"],
  });

const results = new Results("load");
const [slow, narrow] = [await run("steady"), await run("few")];
results.table("Losses", [
  { case: "1000 roots per second, 50 ms until an answer", ...slow },
  { case: "saturated, 6 connections", ...narrow },
]);
results.goal("1000 roots per second: lost", slow.lost, [0, "spans"]);
results.goal("1000 roots per second: connections", slow.connections, [96, "at once"]);
results.goal("6 connections: lost", narrow.lost, [0, "spans"]);
const { spans, lost, first, last } = await run("heap");
results.table("Heap after a collection", [
  { spans, lost, "MB after a million": first.toFixed(1), "MB at the end": last.toFixed(1) },
]);
results.goal("growth of the heap after the first million spans", last - first, [1, "MB"]);
results.end(options);
