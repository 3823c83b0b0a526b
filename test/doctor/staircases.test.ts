import { trace } from "@opentelemetry/api";
import type { Span } from "@opentelemetry/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { DoctorObserver } from "../../src/doctor/observer.js";
import { Retention } from "../../src/doctor/retention.js";
import { millisOf } from "../../src/doctor/span-facts.js";
import type { FinishedSpan } from "../../src/trace/span.js";
import { observation } from "../../src/support/observation.js";
import { runs } from "../property/runs.js";
import { gateKit } from "./gate-kit.js";

const { open, tracer, tracerOf } = gateKit();

/** A span below one that has started before it. */
interface Step {
  /** Counted back from the newest span, which is 0. */
  readonly parent: number;
  readonly name: string;
  readonly isOfOther: boolean;
  /** Milliseconds since the start of the newest span. */
  readonly later: number;
  /** How many of the open spans, from the oldest on, end before it starts. */
  readonly ends: number;
}

const PARALLEL: Step = { parent: 0, name: "job", isOfOther: false, later: 1, ends: 0 };

/** Runs a request; returns how often rule D14 has found a staircase in it, by its examples. */
function staircases(
  observer: DoctorObserver,
  steps: readonly Step[],
  isLastFirst: boolean,
): number {
  observation.observer = observer;
  const { span: root, ctx } = open();
  const contexts = [ctx];
  const opened: Span[] = [root];
  let startTime = millisOf((root as unknown as FinishedSpan).startTime);
  for (const { parent, name, isOfOther, later, ends } of steps) {
    for (const span of opened.splice(0, ends)) span.end();
    startTime += later;
    const from = contexts.at(-1 - (parent % contexts.length)) ?? ctx;
    const span = (isOfOther ? tracerOf("other") : tracer).startSpan(name, { startTime }, from);
    opened.push(span);
    contexts.push(trace.setSpan(ctx, span));
  }
  for (const span of isLastFirst ? opened.toReversed() : opened) span.end();
  expect(observer.failures).toBe(0);
  const found = observer.findings(true).filter(({ rule }) => rule === "D14");
  return found.reduce((sum, { count }) => sum + count, 0);
}

describe("rule D14, of spans that ran in parallel and are nested,", () => {
  it("finds three, of which the last ones end after those above, and none that ends before", () => {
    const steps = [PARALLEL, PARALLEL];

    expect(staircases(new DoctorObserver(), steps, false)).toBe(1);
    expect(staircases(new DoctorObserver(), steps, true)).toBe(0);
  });

  it.each([
    ["start later", { later: 6 }],
    ["are of another tracer", { isOfOther: true }],
    ["are not below the one before", { parent: 1 }],
  ])("finds none where the last ones %s", (_what, different) => {
    const steps = [PARALLEL, { ...PARALLEL, ...different }];

    expect(staircases(new DoctorObserver(), steps, false)).toBe(0);
  });

  // In mode `deep`, each span has data of its own. In mode `on`, first children get it when they have a child.
  it("finds the same in both modes", () => {
    const step = fc.record({
      parent: fc.constantFrom(0, 0, 0, 1, 2, 5),
      name: fc.constantFrom("job", "job", "query"),
      isOfOther: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
      later: fc.constantFrom(0, 1, 1, 1, 4, 6),
      ends: fc.constantFrom(0, 0, 0, 1, 2),
    });
    let quantity = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 10 }), fc.boolean(), (steps, isLastFirst) => {
        const found = staircases(new DoctorObserver(), steps, isLastFirst);
        quantity += found;

        expect(found).toBe(staircases(new DoctorObserver(new Retention()), steps, isLastFirst));
      }),
      { numRuns: runs(500) },
    );
    expect(quantity).toBeGreaterThan(0);
  });
});
