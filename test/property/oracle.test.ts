import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import fc from "fast-check";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";

import { forkIsolation, SentryPropagator } from "../../src/index.js";
import { openRoots } from "../../src/context/open-roots.js";
import { DefaultUnit } from "../../src/scope/process-scopes.js";
import { Unit } from "../../src/scope/unit.js";
import { BROKEN_MANAGERS } from "./broken-context.js";
import { differences } from "./oracle.js";
import type { Arrival, Received } from "./oracle.js";
import type { PipelineOptions } from "./pipeline.js";
import { programs } from "./programs.js";
import { runTogether, withPipeline } from "./run.js";
import type { Outcome, RunOptions } from "./run.js";
import { IS_DEEP } from "./runs.js";
import type { Block } from "./syntax.js";

const BATCH: readonly Block[] = fc.sample(programs(), {
  seed: 7,
  numRuns: IS_DEEP ? 50 : 25,
});

function runIn(options: PipelineOptions): Promise<Outcome> {
  return withPipeline(options, (pipeline) => runTogether(pipeline, BATCH));
}

let sound: Outcome;

beforeAll(async () => {
  sound = await runIn({});
});

// First the sound one: what a broken one writes outside of all units stays for the process's life.
describe("the oracle of the random programs", () => {
  it("finds nothing where all is well", () => {
    expect(sound.differences).toEqual([]);
    expect(sound.ledger.runs.size).toBeGreaterThan(250);
  });

  it.each(tamperings())("finds $name", ({ tamper, pattern }) => {
    const found = differences(sound.ledger, tamper(sound.received));
    expect(found.join("\n")).toMatch(pattern);
  });

  it("finds a processor that does not look at the parent's context", async () => {
    const { differences: found } = await runIn({
      wrap: (processor) => ({
        onStart: (span) => processor.onStart(span, ROOT_CONTEXT),
        onEnd: (span) => processor.onEnd(span),
        forceFlush: () => processor.forceFlush(),
        shutdown: () => processor.shutdown(),
      }),
    });
    expect(found.length).toBeGreaterThan(100);
  });

  it.each(Object.entries(BROKEN_MANAGERS))(
    "finds a context manager that is %s",
    async (_name, create) => {
      const { differences: found, ledger } = await runIn({ contextManager: create() });
      const wrongSpans = new Set(found.filter((text) => text.includes(": parent is")));
      expect(found.length).toBeGreaterThan(ledger.runs.size / 10);
      expect(wrongSpans.size).toBeGreaterThan(50);
    },
  );
});

describe("the oracle of the random programs, where a rule is broken,", () => {
  afterEach(() => void vi.restoreAllMocks());

  it("finds parents that are not looked up by their ids", async () => {
    vi.spyOn(openRoots, "find").mockReturnValue(undefined);
    expect(await faultsIn()).toMatch(/is in the transaction of|left together with|scope data/u);
  });

  it("finds parents by ids that are taken for another root's of their trace", async () => {
    const own = openRoots.find.bind(openRoots);
    vi.spyOn(openRoots, "find").mockImplementation((ids) =>
      own({ ...ids, spanId: "f".repeat(16) }),
    );
    expect(await faultsIn()).not.toBe("");
  });

  it("finds units that inherit what is written outside later", async () => {
    vi.spyOn(DefaultUnit.prototype, "fork").mockImplementation(function (
      this: DefaultUnit,
      ...args
    ) {
      const unit = Unit.prototype.fork.apply(this, args);
      unit.isolation.setTags(this.isolation.data.tags);
      return unit;
    });
    expect(await faultsIn()).toMatch(/scope data/u);
  });

  it("finds headers that begin a unit each time they are read", async () => {
    const own = new SentryPropagator();
    const extract = own.extract.bind(own);
    vi.spyOn(SentryPropagator.prototype, "extract").mockImplementation((ctx, ...args) => {
      const span = trace.getSpan(ctx);
      const forked = extract(forkIsolation(trace.deleteSpan(ctx)), ...args);
      return trace.getSpan(forked) === undefined && span !== undefined
        ? trace.setSpan(forked, span)
        : forked;
    });
    expect(await faultsIn()).toMatch(/scope data/u);
  });

  it("finds generators that run in the context of whoever pulls them", async () => {
    expect(await faultsIn({ breaksGenerators: true })).toMatch(/parent is|scope data/u);
  });
});

async function faultsIn(options: RunOptions = {}): Promise<string> {
  const { differences: found } = await withPipeline({}, (pipeline) =>
    runTogether(pipeline, BATCH, options),
  );
  return found.join("\n");
}

interface Tampering {
  readonly name: string;
  readonly tamper: (received: Received) => Received;
  readonly pattern: RegExp;
}

// The first transaction that has enough to be tampered with becomes others.
function withArrival(change: (arrival: Arrival) => readonly Arrival[]): Tampering["tamper"] {
  return ({ arrivals, errors }) => {
    const index = arrivals.findIndex(
      ({ transaction }) => transaction.spans.length > 1 && transaction.user !== undefined,
    );
    const chosen = arrivals[index];
    if (chosen === undefined) throw new Error("no transaction to tamper with");
    return { arrivals: arrivals.toSpliced(index, 1, ...change(chosen)), errors };
  };
}

function changed(change: (transaction: Arrival["transaction"]) => object): Tampering["tamper"] {
  return withArrival(({ transaction, trace: header }) => [
    { trace: header, transaction: { ...transaction, ...change(transaction) } },
  ]);
}

function withSpans(arrival: Arrival, spans: Arrival["transaction"]["spans"]): Arrival {
  return { ...arrival, transaction: { ...arrival.transaction, spans } };
}

function tamperings(): Tampering[] {
  return [
    { name: "a lost transaction", tamper: withArrival(() => []), pattern: /span is lost/u },
    {
      name: "a transaction that comes twice",
      tamper: withArrival((arrival) => [arrival, arrival]),
      pattern: /came twice/u,
    },
    {
      name: "a lost span",
      tamper: changed(({ spans }) => ({ spans: spans.slice(1) })),
      pattern: /span is lost/u,
    },
    {
      name: "a wrong parent",
      tamper: changed(({ spans }) => ({
        spans: spans.map((span) => ({ ...span, parent_span_id: span.span_id })),
      })),
      pattern: /parent is/u,
    },
    {
      name: "a span in another transaction",
      tamper: ({ arrivals, errors }) => ({ arrivals: swappedSpans(arrivals), errors }),
      pattern: /is in the transaction of/u,
    },
    {
      name: "another user",
      tamper: changed(() => ({ user: { id: "somebody" } })),
      pattern: /scope data/u,
    },
    { name: "a lost tag", tamper: changed(() => ({ tags: {} })), pattern: /scope data/u },
    {
      name: "breadcrumbs in another order",
      tamper: ({ arrivals, errors }) => ({ arrivals: arrivals.map(reversedCrumbs), errors }),
      pattern: /scope data/u,
    },
    {
      name: "a lost error",
      tamper: ({ arrivals, errors }) => ({ arrivals, errors: errors.slice(1) }),
      pattern: /error is lost/u,
    },
    {
      name: "an error with another's user",
      tamper: ({ arrivals, errors }) => ({
        arrivals,
        errors: errors.map((error) => ({ ...error, user: { id: "somebody" } })),
      }),
      pattern: /scope data of the error/u,
    },
  ];
}

function swappedSpans(arrivals: readonly Arrival[]): readonly Arrival[] {
  const [one, other, ...rest] = arrivals.toSorted(
    (a, b) => b.transaction.spans.length - a.transaction.spans.length,
  );
  if (one === undefined || other === undefined) return arrivals;
  return [
    withSpans(one, other.transaction.spans),
    withSpans(other, one.transaction.spans),
    ...rest,
  ];
}

function reversedCrumbs(arrival: Arrival): Arrival {
  const { breadcrumbs } = arrival.transaction as { breadcrumbs?: unknown };
  const values = Array.isArray(breadcrumbs)
    ? breadcrumbs
    : (breadcrumbs as { values?: unknown[] } | undefined)?.values;
  if (values === undefined) return arrival;
  return { ...arrival, transaction: { ...arrival.transaction, breadcrumbs: values.toReversed() } };
}
