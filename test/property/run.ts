import { isDeepStrictEqual } from "node:util";

import { ROOT_CONTEXT } from "@opentelemetry/api";

import { forkIsolation, getIsolationScope } from "../../src/index.js";
import { newestBreadcrumbs } from "../../src/scope/scope-data.js";
import { assertSettled } from "../../src/testing/testing.js";
import { analyse } from "./analysis.js";
import type { SamplerKind } from "./analysis.js";
import { Coverage } from "./coverage.js";
import { runProgram } from "./interpreter.js";
import { Ledger } from "./ledger.js";
import { differences, receivedIn } from "./oracle.js";
import type { Received } from "./oracle.js";
import { BEFORE_UNITS } from "./unit-data.js";
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
  readonly breaksGenerators?: boolean;
}

let runs = 0;

getIsolationScope(ROOT_CONTEXT).setTags(BEFORE_UNITS.tags);

/** Runs programs at the same time through a pipeline, and compares what arrives. */
export async function runTogether(
  pipeline: Pipeline,
  programs: readonly Block[],
  { sampler = "parent", coverage = new Coverage(), breaksGenerators = false }: RunOptions = {},
): Promise<Outcome> {
  runs++;
  pipeline.server.clear();
  // The first fork freezes what units start with. What is written from here on is late.
  forkIsolation(ROOT_CONTEXT);
  getIsolationScope(ROOT_CONTEXT).clear();
  const before = pipeline.clients.map((client) => client.stats().spans);
  const ledger = new Ledger();
  const analyses = programs.map((program, index) =>
    analyse(copyOf(program), `r${runs}p${index}`, sampler),
  );
  for (const { program } of analyses) nestingsIn(program, (name) => coverage.count(name));
  await Promise.all(
    analyses.map((analysis) =>
      runProgram(analysis, { pipeline, ledger, coverage, breaksGenerators }),
    ),
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
  { segments, outside }: Ledger,
  before: readonly Spans[],
): string[] {
  const found = server.refusals.map((refusal) => `the server refused: ${refusal}`);
  const { user, tags, contexts, breadcrumbs } = getIsolationScope(ROOT_CONTEXT).data;
  const held = {
    user: user && { ...user },
    tags,
    contexts,
    crumbs: newestBreadcrumbs(breadcrumbs, 100),
  };
  if (!isDeepStrictEqual(held, outside))
    found.push(`the default scope holds ${JSON.stringify(held)}, not ${JSON.stringify(outside)}`);
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
