import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";

import type { SamplerKind } from "./analysis.js";
import { CORPUS } from "./corpus.js";
import { Coverage } from "./coverage.js";
import type { Pipeline } from "./pipeline.js";
import { programs } from "./programs.js";
import { runTogether, withPipeline } from "./run.js";
import { IS_DEEP } from "./runs.js";
import { show } from "./show.js";
import type { Block } from "./syntax.js";

/** How many programs are run in all, and how many of them at the same time. */
const PROGRAMS = Number(process.env["PROGRAMS"] ?? (IS_DEEP ? 4000 : 150));
const MIN_TOGETHER = 25;
const MAX_TOGETHER = 75;
const MEAN_TOGETHER = (MIN_TOGETHER + MAX_TOGETHER) / 2;

/**
 * `SEED` and `REPLAY` repeat a run of which a failure told them. The programs of this seed alone meet
 * in every way that is required.
 */
const FIXED_SEED = Number(process.env["SEED"] ?? 10);
const RANDOM_SEED = Math.trunc(Math.random() * 2 ** 31);
const REPLAY = process.env["REPLAY"] ?? "";

const coverage = new Coverage();
const totals = { programs: 0, spans: 0, errors: 0, transactions: 0, millis: 0 };

interface Campaign {
  readonly seed: number;
  readonly sampler: SamplerKind;
}

function campaignsOf(seed: number): Campaign[] {
  return (["parent", "always"] as const).map((sampler) => ({ seed, sampler }));
}

// A random seed chooses the sampler as well, and has both in `npm run test:deep`.
const RANDOM = campaignsOf(RANDOM_SEED).filter((_, index) => IS_DEEP || index === RANDOM_SEED % 2);
const CAMPAIGNS: readonly Campaign[] = [
  ...campaignsOf(FIXED_SEED),
  ...(process.env["SEED"] === undefined ? RANDOM : []),
];

afterAll(() => {
  console.log(
    `${totals.programs} programs, ${totals.spans} spans, ${totals.transactions} transactions, ${totals.errors} error events in ${Math.round(totals.millis)} ms`,
  );
});

const RUNS = Math.ceil(PROGRAMS / CAMPAIGNS.length / MEAN_TOGETHER);

describe("random concurrent programs", () => {
  it.each(["parent", "always"] as const)(
    "arrive as their syntax says: the hand-written ones (sampler: %s)",
    async (sampler) => {
      const faults = await withPipeline({ sampler }, (pipeline) =>
        faultsOf(pipeline, CORPUS, sampler),
      );
      expect(faults).toEqual([]);
    },
  );

  it.each(CAMPAIGNS)(
    "arrive as their syntax says: every span, parent, trace, user, tag and breadcrumb (seed $seed, sampler: $sampler)",
    async ({ seed, sampler }) => {
      const before = totals.programs;
      expect(await failureIn({ seed, sampler })).toBe("");
      const fewest = REPLAY === "" ? RUNS * MIN_TOGETHER * LEAST_SHARE : 1;
      expect(totals.programs - before).toBeGreaterThanOrEqual(fewest);
    },
  );

  it("have met in every way that matters", () => {
    console.log(coverage.report());
    expect(coverage.missing()).toEqual([]);
  });
});

// Each program may be absent, so that a failure shrinks to a few of them. In random batches, one in a thousand is.
const LEAST_SHARE = 0.8;
const together = fc
  .noBias(
    fc.array(fc.option(programs(), { nil: undefined, freq: 1000 }), {
      minLength: MIN_TOGETHER,
      maxLength: MAX_TOGETHER,
      size: "max",
    }),
  )
  .map((all) => all.filter((program) => program !== undefined));

async function failureIn({ seed, sampler }: Campaign): Promise<string> {
  const result = await withPipeline({ sampler }, (pipeline) =>
    fc.check(
      fc.asyncProperty(together, async (batch) => {
        const faults = await faultsOf(pipeline, batch, sampler);
        if (faults.length > 0)
          throw new Error(
            faults
              .slice(0, 20)
              .map((fault) => fault.slice(0, 400))
              .join("\n"),
          );
      }),
      {
        seed,
        numRuns: RUNS,
        interruptAfterTimeLimit: 100_000,
        ...(REPLAY !== "" && { path: REPLAY }),
      },
    ),
  );
  return result.failed ? failureOf(result, sampler) : "";
}

async function faultsOf(
  pipeline: Pipeline,
  batch: readonly Block[],
  sampler: SamplerKind,
): Promise<readonly string[]> {
  const since = performance.now();
  const { ledger, received, differences } = await runTogether(pipeline, batch, {
    sampler,
    coverage,
  });
  totals.programs += batch.length;
  totals.spans += ledger.segments.started;
  totals.transactions += received.arrivals.length;
  totals.errors += received.errors.length;
  totals.millis += performance.now() - since;
  return differences;
}

function failureOf(result: fc.RunDetails<[Block[]]>, sampler: SamplerKind): string {
  const [batch = []] = result.counterexample ?? [];
  const texts = batch.map((program, index) => `program ${index}:\n${show(program)}`);
  return [
    `sampler ${sampler}; repeat with SEED=${result.seed} REPLAY=${result.counterexamplePath}`,
    String(result.errorInstance),
    ...texts,
  ].join("\n\n");
}
