import { SpanKind, context, trace } from "@opentelemetry/api";
import type { Context, Span } from "@opentelemetry/api";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";

import { DoctorObserver } from "../../src/doctor/observer.js";
import { captureException } from "../../src/index.js";
import { observation } from "../../src/support/observation.js";
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

  it("are counted below their request, of which the last one is named", () => {
    const { span, ctx } = open("GET /y");
    for (const name of ["alpha", "beta", "gamma"]) tracer.startSpan(name, {}, ctx);
    const { span: other, ctx: inOther } = open("GET /z");
    tracer.startSpan("delta", {}, inOther);
    for (const each of [span, other]) each.end();

    expect(summaries()).toEqual([
      '"GET /y" has ended, but 3 spans below it never did, the last of them "gamma" (tracer app).',
      '"GET /z" has ended, but 1 span below it never did: "delta" (tracer app).',
    ]);
  });

  it("have no example if the last one has ended", () => {
    const { span, ctx } = open("GET /y");
    const left = tracer.startSpan("left", {}, ctx);
    const done = tracer.startSpan("done", {}, ctx);
    span.end();
    done.end();

    expect(left.isRecording()).toBe(true);
    expect(summaries()).toEqual(['"GET /y" has ended, but 1 span below it never did.']);
  });

  it("are few among the spans that were active as a proxy or as an object derived from one", () => {
    const wrappers = fc.constantFrom<(span: Span) => Span>(
      (span) => span,
      (span) => new Proxy(span, {}),
      (span) => Object.create(span) as Span,
    );
    const steps = fc.array(fc.record({ parent: fc.nat(), wrap: wrappers }), { maxLength: 12 });
    fc.assert(
      fc.property(steps, wrappers, fc.nat(12), (spans, wrap, left) => {
        // Without the rules of mode `deep`, most spans have no data of their own.
        const observer = new DoctorObserver();
        observation.observer = observer;
        const entry = open("GET /x");
        const contexts = [trace.setSpan(entry.ctx, wrap(entry.span))];
        const started = spans.map((each) => {
          const ctx = contexts[each.parent % contexts.length] ?? entry.ctx;
          const span = tracer.startSpan("step", {}, ctx);
          contexts.push(trace.setSpan(ctx, each.wrap(span)));
          return span;
        });
        for (const [index, span] of started.entries()) if (index !== left) span.end();
        entry.span.end();

        expect(observer.failures).toBe(0);
        const unended = observer.findings(true).filter(({ rule }) => rule === "D15");
        expect(unended.map(({ count }) => count)).toEqual(left < started.length ? [1] : []);
      }),
      { numRuns: runs(300) },
    );
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

describe("requests that are open when nothing is left to do", () => {
  it("are those that were not ended, in whatever order others start and end", () => {
    const steps = fc.array(fc.record({ starts: fc.boolean(), pick: fc.nat(20) }), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(steps, (chosen) => {
        const observer = new DoctorObserver();
        observation.observer = observer;
        const opened: Span[] = [];
        for (const { starts, pick } of chosen) {
          if (starts || opened.length === 0) opened.push(open().span);
          else for (const span of opened.splice(pick % opened.length, 1)) span.end();
        }

        const ids = (observer.findings(true)[0]?.evidence ?? []).map(({ id }) => id);
        expect(observer.findings(true).map(({ count }) => count)).toEqual(
          opened.length === 0 ? [] : [opened.length],
        );
        expect(opened.map((span) => span.spanContext().spanId)).toEqual(
          expect.arrayContaining(ids),
        );
        for (const span of opened) span.end();
        expect(observer.findings(true)).toEqual([]);
      }),
      { numRuns: runs(300) },
    );
  });

  it("include those that start in a context in which other spans of its unit have started", () => {
    const observer = new DoctorObserver();
    observation.observer = observer;
    const { span, ctx } = open("receive");
    for (let index = 0; index < 3; index += 1) tracer.startSpan("fetch", {}, ctx).end();
    const message = tracer.startSpan("process", { kind: SpanKind.CONSUMER }, ctx);
    span.end();

    expect(observer.findings(true)).toMatchObject([
      { rule: "D15", evidence: [{ name: "process" }] },
    ]);
    message.end();
  });
});

function summaries(): string[] {
  return theObserver()
    .findings(true)
    .map(({ summary }) => summary);
}

function capture(ctx: Context, quantity = 1): void {
  for (let index = 0; index < quantity; index += 1)
    context.with(ctx, () => captureException(new Error("no stock")));
}

describe("errors that are captured after the end of the request in whose context they are", () => {
  it("are those of others, if about as many others of the name have no child", () => {
    const ctx = over("GET /orders");
    for (let quantity = 0; quantity < 19; quantity += 1) over("GET /orders");
    capture(ctx, 4);
    expect(found()).toEqual([]);

    capture(ctx, 14);
    expect(found()).toEqual(["D13 warning"]);
  });

  it.each([
    ["there is no other", { requests: 1, errors: 5 }],
    ["others have none", { requests: 20, errors: 5 }],
    ["they are more than others could have", { requests: 20, errors: 60 }],
  ])("may be its own, if %s", (_, { requests, errors }) => {
    for (let quantity = 1; quantity < requests; quantity += 1) over("POST /import");
    capture(over("POST /import"), errors);

    expect(found()).toEqual(["D13 info"]);
  });

  it("may be its own if they are far more than there are other requests, and are normal if most of the name have some", () => {
    const contexts = Array.from({ length: 20 }, () => {
      const { span, ctx } = open("POST /import");
      tracer.startSpan("INSERT", {}, ctx).end();
      span.end();
      return ctx;
    });
    for (const ctx of contexts.slice(0, 1)) capture(ctx, 40);
    expect(found()).toEqual(["D13 info"]);

    for (const ctx of contexts.slice(0, 11)) capture(ctx, 5);
    expect(found()).toEqual([]);
  });

  it("may be one or two of each request, or many while it is open", () => {
    for (let quantity = 0; quantity < 10; quantity += 1) {
      const ctx = over("GET /orders");
      capture(ctx);
      capture(ctx);
    }
    const { span, ctx } = open("GET /import");
    capture(ctx, 10);
    span.end();

    expect(trace.getSpan(ctx)).toBe(span);
    expect(found()).toEqual([]);
  });
});
