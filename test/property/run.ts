import { ROOT_CONTEXT } from "@opentelemetry/api";

import { getIsolationScope } from "../../src/index.js";
import { EMPTY_SCOPE_DATA } from "../../src/scope/scope-data.js";
import { assertSettled } from "../../src/testing/testing.js";
import { analyse } from "./analysis.js";
import type { SamplerKind } from "./analysis.js";
import { Coverage } from "./coverage.js";
import { runProgram } from "./interpreter.js";
import { Ledger } from "./ledger.js";
import { differences, receivedIn } from "./oracle.js";
import type { Received } from "./oracle.js";
import { startPipeline } from "./pipeline.js";
import type { Pipeline, PipelineOptions } from "./pipeline.js";
import { nestingsIn } from "./shapes.js";
import { copyOf } from "./syntax.js";
import type { Block } from "./syntax.js";

/** What came of programs that ran at the same time. */
export interface Outcome {
  readonly ledger: Ledger;
  readonly received: Received;
  readonly differences: readonly string[];
}

export interface RunOptions {
  readonly sampler?: SamplerKind;
  readonly coverage?: Coverage;
}

let runs = 0;

/** Runs programs at the same time through a pipeline, and compares what arrives. */
export async function runTogether(
  pipeline: Pipeline,
  programs: readonly Block[],
  { sampler = "parent", coverage = new Coverage() }: RunOptions = {},
): Promise<Outcome> {
  runs++;
  pipeline.server.clear();
  getIsolationScope(ROOT_CONTEXT).clear();
  const before = pipeline.clients.map((client) => client.stats().spans);
  const ledger = new Ledger();
  const analyses = programs.map((program, index) =>
    analyse(copyOf(program), `r${runs}p${index}`, sampler),
  );
  for (const { program } of analyses) nestingsIn(program, (name) => coverage.count(name));
  await Promise.all(
    analyses.map((analysis) => runProgram(analysis, { pipeline, ledger, coverage })),
  );
  coverage.close(ledger);
  await Promise.all(pipeline.processors.map((processor) => processor.forceFlush()));
  const received = receivedIn(pipeline.server.envelopes);
  return {
    ledger,
    received,
    differences: [...differences(ledger, received), ...accounts(pipeline, ledger, before)],
  };
}

/** Starts a pipeline, uses it, and closes it. */
export async function withPipeline<T>(
  options: PipelineOptions,
  use: (pipeline: Pipeline) => Promise<T>,
): Promise<T> {
  const pipeline = await startPipeline(options);
  try {
    return await use(pipeline);
  } finally {
    await pipeline.close();
  }
}

type Spans = ReturnType<Pipeline["clients"][number]["stats"]>["spans"];

// Nothing is left, and the clients' own counts are those of the ledger.
function accounts(
  { clients, server }: Pipeline,
  { segments }: Ledger,
  before: readonly Spans[],
): string[] {
  const found = server.refusals.map((refusal) => `the server refused: ${refusal}`);
  // Every program writes in units of its own: all else has leaked.
  if (getIsolationScope(ROOT_CONTEXT).data !== EMPTY_SCOPE_DATA)
    found.push("the process's own scope was written to");
  for (const client of clients) {
    try {
      assertSettled(client);
    } catch (error) {
      found.push(String(error));
    }
  }
  const grown = (pick: (spans: Spans) => number): number =>
    clients.reduce(
      (sum, client, index) => sum + pick(client.stats().spans) - pickOr(before[index], pick),
      0,
    );
  const sent = segments.emissions.reduce((sum, { spans }) => sum + spans.length, 0);
  const counts = {
    started: [grown((spans) => spans.started), segments.started],
    sent: [grown((spans) => spans.sent), sent],
    ignored: [grown((spans) => spans.dropped.ignored ?? 0), segments.dropped.ignored],
    "sampled out": [grown((spans) => spans.dropped.sample_rate ?? 0), segments.dropped.sample_rate],
  };
  for (const [what, [actual, expected]] of Object.entries(counts)) {
    if (actual !== expected) found.push(`${what}: ${actual} spans counted, should be ${expected}`);
  }
  return found;
}

function pickOr(spans: Spans | undefined, pick: (spans: Spans) => number): number {
  return spans === undefined ? 0 : pick(spans);
}
