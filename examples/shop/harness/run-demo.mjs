import { startIngestServer } from "otel-sentry-bridge/testing";

import { measureReceived, measureServices } from "./checks/measure.mjs";
import { drive } from "./drive.mjs";
import { writeGolden } from "./golden.mjs";
import { writeEnvelopes } from "./write-envelopes.mjs";
import { makeOrders } from "./orders.mjs";
import { startOtlpReceiver } from "./otlp-receiver.mjs";
import { printReport } from "./print-report.mjs";
import { printWaterfall } from "./print-waterfall.mjs";
import { Received } from "./received.mjs";
import { startShop } from "./shop.mjs";

const ARRIVAL_MILLIS = 10_000;

/**
 * Runs the shop under load, shows one trace, and checks all of them.
 *
 * @param {ReturnType<import("./options.mjs").readOptions>} options
 * @returns {Promise<boolean>} whether all checks passed
 */
export async function runDemo(options) {
  const sink = await startOtlpReceiver();
  const ingest = options.dsn === undefined ? await startIngestServer() : undefined;
  try {
    const dsn = options.dsn ?? ingest.dsn;
    const run = await serve({ ...options, dsn, otlpUrl: sink.url });
    const measured = { ...run, otlpSpans: sink.spans, targets: [dsn, sink.url], ingest };
    const measures = measureServices(measured);
    if (ingest === undefined) explain(dsn);
    else measures.push(...(await examine(measured, options)));
    printReport(measures, print);
    print(`${options.requests} requests in ${run.millis} ms`);
    return measures.every(({ faults }) => faults.length === 0);
  } finally {
    sink.close();
    await ingest?.close();
  }
}

async function serve({ requests, ...targets }) {
  const orders = makeOrders(requests);
  const shop = await startShop(targets);
  try {
    const start = performance.now();
    const statuses = await drive(shop.url, orders);
    const millis = Math.round(performance.now() - start);
    return { orders, statuses, millis, counted: await shop.stop() };
  } finally {
    shop.kill();
  }
}

async function examine(measured, { golden, envelopes }) {
  const { ingest, otlpSpans } = measured;
  const hasArrived = () => countSpans(ingest.transactions()) >= otlpSpans.length;
  // What has not arrived by then is a finding for the checks, not a failure to run them.
  await ingest.waitFor(hasArrived, ARRIVAL_MILLIS).catch(() => undefined);
  const received = new Received(ingest.transactions());
  show(received);
  if (golden !== undefined) await writeGolden(golden, received);
  if (envelopes !== undefined) await writeEnvelopes(envelopes, ingest.envelopes);
  return measureReceived({ ...measured, received });
}

function countSpans(transactions) {
  return transactions.reduce((sum, { spans }) => sum + spans.length + 1, 0);
}

// The quickest request that also made a job, since most of the others' time was spent in line.
function show(received) {
  const sent = new Map(received.jobs().map((job) => [senderTraceOf(job), job]));
  const [root] = received
    .checkouts()
    .filter(({ traceId }) => sent.has(traceId))
    .toSorted((a, b) => a.end - a.start - (b.end - b.start));
  if (root === undefined) return;
  print(`\nOne trace of ${received.checkouts().length}: ${root.traceId}\n`);
  printWaterfall(root, received, print);
  const job = sent.get(root.traceId);
  print(`\nThe job that it sent, a trace of its own that is linked to it: ${job.traceId}\n`);
  printWaterfall(job, received, print);
  print("");
}

function senderTraceOf(job) {
  return job.transaction.contexts.trace.links?.[0]?.trace_id;
}

function explain(dsn) {
  const { host, pathname } = new URL(dsn);
  print(
    `\nSent to project ${pathname.slice(1)} at ${host}. Only the embedded server can tell what`,
  );
  print("arrived: nesting, leaks and losses on the way were not checked.\n");
}

function print(line) {
  process.stdout.write(`${line}\n`);
}
