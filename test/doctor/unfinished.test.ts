import { context, trace } from "@opentelemetry/api";
import type { Context, Span } from "@opentelemetry/api";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";

import { captureException } from "../../src/index.js";
import { runs } from "../property/runs.js";
import { gateKit } from "./gate-kit.js";

const { tracer, found, theObserver, open, over } = gateKit();

afterEach(() => vi.restoreAllMocks());

function inAMinute(): void {
  const later = Date.now() + 61_000;
  vi.spyOn(Date, "now").mockReturnValue(later);
}

/** Starts so many spans, each below a request that then ends. */
function leave(quantity: number): Span[] {
  return Array.from({ length: quantity }, () => {
    const { span, ctx } = open("GET /export");
    const child = tracer.startSpan("write", {}, ctx);
    span.end();
    return child;
  });
}

function unfinishedAtEnd(): number {
  const findings = theObserver().findings(true);
  return findings.reduce((sum, { rule, count }) => (rule === "D15" ? sum + count : sum), 0);
}

describe("spans that are open although their request has ended", () => {
  it("are reported when nothing is left that could end them", () => {
    leave(1);

    expect(theObserver().findings(true)).toMatchObject([
      { rule: "D15", severity: "warning", count: 1, evidence: [{ name: "write" }, {}] },
    ]);
  });

  it("are reported after a minute, from five of a name on", () => {
    leave(4);
    inAMinute();
    expect(found()).toEqual([]);

    vi.restoreAllMocks();
    leave(1);
    inAMinute();
    expect(found()).toEqual(["D15 warning"]);
  });

  it("may still end before that", () => {
    const children = leave(10);
    expect(found()).toEqual([]);

    for (const child of children) child.end();
    inAMinute();
    expect(found()).toEqual([]);
  });

  it("are those that were not ended, in whatever order spans end", () => {
    const steps = fc.array(
      fc.record({ entry: fc.nat(2), ends: fc.boolean(), after: fc.boolean() }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(steps, fc.infiniteStream(fc.nat(11)), (spans, picks) => {
        const before = unfinishedAtEnd();
        const entries = [0, 1, 2].map(() => open());
        const started = spans.map((each) => ({
          ...each,
          span: tracer.startSpan("step", {}, entries[each.entry]?.ctx),
        }));
        const shuffled = started
          .map((each) => ({ each, pick: Number(picks.next().value) }))
          .toSorted((a, b) => a.pick - b.pick)
          .map(({ each }) => each);
        for (const { span, ends, after } of shuffled) if (ends && !after) span.end();
        for (const { span } of entries) span.end();
        for (const { span, ends, after } of shuffled) if (ends && after) span.end();

        expect(unfinishedAtEnd() - before).toBe(spans.filter(({ ends }) => !ends).length);
        for (const { span, ends } of shuffled) if (!ends) span.end();
        expect(unfinishedAtEnd()).toBe(before);
      }),
      { numRuns: runs(300) },
    );
  });
});

function capture(ctx: Context): void {
  context.with(ctx, () => captureException(new Error("no stock")));
}

describe("errors that are captured after the end of the request in whose context they are", () => {
  it("are those of others, from five within one on", () => {
    const ctx = over("GET /orders");
    for (let quantity = 0; quantity < 4; quantity += 1) capture(ctx);
    expect(found()).toEqual([]);

    capture(ctx);
    expect(found()).toEqual(["D13 warning"]);
  });

  it("may be one or two of each request, or many while it is open", () => {
    for (let quantity = 0; quantity < 10; quantity += 1) {
      const ctx = over("GET /orders");
      capture(ctx);
      capture(ctx);
    }
    const { span, ctx } = open("GET /import");
    for (let quantity = 0; quantity < 10; quantity += 1) capture(ctx);
    span.end();

    expect(trace.getSpan(ctx)).toBe(span);
    expect(found()).toEqual([]);
  });
});
