import type { Tracer } from "@opentelemetry/api";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace-base";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";

import {
  SentrySpanExporter,
  SentrySpanProcessor,
  createClient,
  setClient,
} from "../../src/index.js";
import type { SentryClient } from "../../src/index.js";
import { createMemoryTransport } from "../../src/testing/testing.js";
import type { MemoryTransport } from "../../src/testing/testing.js";
import { DSN } from "../client/bridge.js";
import { allScenarios, expectedEvents, runScenario } from "./exception-table.js";
import type { Scenario } from "./exception-table.js";
import { shortStacks } from "./short-stacks.js";
import { SEED, some } from "../property/runs.js";

interface Pipeline {
  readonly client: SentryClient;
  readonly transport: MemoryTransport;
}

function startPipeline(): Pipeline {
  setClient(undefined);
  // Four frames are enough to distinguish the positions at which the scenarios throw.
  shortStacks(4);
  const transport = createMemoryTransport();
  const client = createClient({ dsn: DSN, transport, frameContextLines: 0 });
  onTestFinished(async () => {
    await client.close();
    setClient(undefined);
  });
  return { client, transport };
}

interface Campaign extends Pipeline {
  readonly scenarios: readonly Scenario[];
  readonly flush?: () => void;
}

/** Scenarios with another number of events than the rule says. */
async function differences(
  run: (scenario: Scenario) => string,
  { client, transport, scenarios, flush = () => {} }: Campaign,
): Promise<string[]> {
  const byTrace = new Map<unknown, Scenario>();
  for (const [index, scenario] of scenarios.entries()) {
    byTrace.set(run(scenario), scenario);
    if (index % 500 === 0) await client.flush();
  }
  flush();
  await client.flush();
  const counts = new Map<unknown, number>();
  for (const { contexts } of transport.errors()) {
    const traceId = contexts?.trace?.trace_id;
    counts.set(traceId, (counts.get(traceId) ?? 0) + 1);
  }
  return [...byTrace].flatMap(([traceId, scenario]) => {
    const [expected, seen] = [expectedEvents(scenario), counts.get(traceId) ?? 0];
    return seen === expected ? [] : [`${JSON.stringify(scenario)}: ${seen} for ${expected}`];
  });
}

/** Each has every position with about five roots, and every root with about six positions. */
function someScenarios(part: number): Scenario[] {
  return some(allScenarios(), part);
}

/** Collects finished spans in the order in which they end. */
function collector(): SpanProcessor & { readonly spans: ReadableSpan[] } {
  const spans: ReadableSpan[] = [];
  return {
    spans,
    onStart: () => {},
    onEnd: (span) => void spans.push(span),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
}

/** Exports the spans in batches of any size, each in any order. */
function exportInBatches(spans: readonly ReadableSpan[], exporter: SentrySpanExporter): void {
  const sizes = fc.sample(fc.integer({ min: 1, max: 40 }), { seed: SEED, numRuns: spans.length });
  let start = 0;
  for (const [index, size] of sizes.entries()) {
    const batch = spans.slice(start, start + size);
    const order = fc.sample(fc.shuffledSubarray(batch, { minLength: batch.length }), {
      seed: SEED + index,
      numRuns: 1,
    });
    exporter.export(order[0] ?? [], () => {});
    start += size;
    if (start >= spans.length) return;
  }
}

describe("the number of error events by root, answer, position, kind and family", () => {
  it.each([
    ["sdk-trace-base", BasicTracerProvider, someScenarios(0)],
    ["sdk-trace", TracerProvider, someScenarios(1)],
  ] as const)(
    "is that of the rule with the processor and %s",
    async (_name, Provider, scenarios) => {
      const pipeline = startPipeline();
      const spanProcessors = [new SentrySpanProcessor(pipeline.client)];
      const tracer: Tracer = new Provider({ spanProcessors }).getTracer("test");
      const run = (scenario: Scenario): string => runScenario(tracer, scenario);
      expect(await differences(run, { ...pipeline, scenarios })).toEqual([]);
    },
  );

  it("is that of the rule with the exporter, however the spans come in batches", async () => {
    const pipeline = startPipeline();
    const exporter = new SentrySpanExporter(pipeline.client);
    const finished = collector();
    const tracer = new BasicTracerProvider({ spanProcessors: [finished] }).getTracer("test");
    const flush = (): void => exportInBatches(finished.spans, exporter);
    const run = (scenario: Scenario): string => runScenario(tracer, scenario);
    const scenarios = someScenarios(2);
    expect(await differences(run, { ...pipeline, scenarios, flush })).toEqual([]);
  });
});
