import { setTimeout as delay } from "node:timers/promises";

import { context } from "@opentelemetry/api";
import type { Tracer } from "@opentelemetry/api";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import type { ReceivedTransaction } from "../../src/testing/received.js";
import { assertSettled } from "../../src/testing/testing.js";
import { startPipeline } from "./pipeline.js";
import type { Pipeline } from "./pipeline.js";

let pipeline: Pipeline;
let tracer: Tracer;

beforeAll(async () => {
  pipeline = await startPipeline();
  [tracer] = pipeline.tracers;
});

beforeEach(() => pipeline.server.clear());

afterAll(() => pipeline.close());

type Task = () => Promise<void>;

/** Starts a task now; something else runs it later. */
const STARTERS: readonly (readonly [string, (task: Task) => Promise<void>])[] = [
  ["setImmediate", (task) => new Promise((resolve) => setImmediate(() => resolve(task())))],
  ["queueMicrotask", (task) => new Promise((resolve) => queueMicrotask(() => resolve(task())))],
  ["setTimeout", (task) => new Promise((resolve) => setTimeout(() => resolve(task()), 1))],
  ["a promise", (task) => Promise.resolve().then(task)],
  ["a job queue with its context", (task) => enqueue(task)],
];

const jobs: (() => void)[] = [];

function enqueue(task: Task): Promise<void> {
  const ctx = context.active();
  return new Promise((resolve) => jobs.push(() => resolve(context.with(ctx, task))));
}

function runJobs(): void {
  for (const job of jobs.splice(0)) job();
}

const child: Task = () =>
  tracer.startActiveSpan("child", (span) => delay(1).then(() => span.end()));

// Two regressions of an SDK whose scopes are mutable objects: its tasks look at them when they first
// run, and find whatever span has been put there meanwhile.
describe("a task that is started under one span", () => {
  it.each(STARTERS)(
    "and first runs while another is open is the first one's child: %s",
    async (_name, start) => {
      await tracer.startActiveSpan("root", async (root) => {
        const running = start(child);
        await tracer.startActiveSpan("unrelated", async (unrelated) => {
          runJobs();
          await delay(5);
          unrelated.end();
        });
        await running;
        root.end();
      });
      const [transaction] = await sent();
      expect(parentsIn(transaction)).toEqual({ unrelated: "root", child: "root" });
    },
  );

  it.each(STARTERS)(
    "and runs after that has ended is its child all the same: %s",
    async (_name, start) => {
      await tracer.startActiveSpan("root", async (root) => {
        const running = tracer.startActiveSpan("outer", (outer) => {
          const started = start(child);
          outer.end();
          return started;
        });
        runJobs();
        await running;
        root.end();
      });
      const [transaction] = await sent();
      expect(parentsIn(transaction)).toEqual({ outer: "root", child: "outer" });
    },
  );

  it("and runs after its whole transaction has gone continues that, with its true parent", async () => {
    const running = tracer.startActiveSpan("root", (root) => {
      const started = enqueue(child);
      root.end();
      return started;
    });
    const [root, ...none] = await sent();
    expect(none).toEqual([]);

    await tracer.startActiveSpan("unrelated", async (unrelated) => {
      runJobs();
      await running;
      unrelated.end();
    });

    const late = (await sent()).find(({ transaction }) => transaction === "child");
    expect(late?.contexts.trace).toMatchObject({
      trace_id: root?.contexts.trace?.trace_id,
      parent_span_id: root?.contexts.trace?.span_id,
      data: { "otel_sentry_bridge.continuation": "late" },
    });
  });
});

async function sent(): Promise<ReceivedTransaction[]> {
  await Promise.all(pipeline.processors.map((processor) => processor.forceFlush()));
  for (const client of pipeline.clients) assertSettled(client);
  return pipeline.server.transactions();
}

function parentsIn(
  transaction: ReceivedTransaction | undefined,
): Record<string, string | undefined> {
  const head = transaction?.contexts.trace;
  const names = new Map([[head?.span_id, transaction?.transaction]]);
  for (const span of transaction?.spans ?? []) names.set(span.span_id, span.description);
  const parents = (transaction?.spans ?? []).map((span) => [
    span.description,
    names.get(span.parent_span_id),
  ]);
  return Object.fromEntries(parents);
}
