import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { collectGarbage } from "../client/collect-garbage.js";
import { DefaultUnit } from "../../src/scope/process-scopes.js";
import type { SpanContext } from "@opentelemetry/api";
import { TRACES_PER_BATCH, MAX_TRACES, OpenRoots } from "../../src/context/open-roots.js";
import type { OpenRoot } from "../../src/context/open-roots.js";

const outside = new DefaultUnit();
const scopes = { unit: outside.fork(), incoming: undefined };
const otherScopes = { unit: outside.fork(), incoming: undefined };

function ids(traceId: string, spanId: string, fields: Partial<SpanContext> = {}): SpanContext {
  return { traceId, spanId, traceFlags: 1, ...fields };
}

describe("open roots", () => {
  it("are found by any sampled span of their trace, until they end", () => {
    const roots = new OpenRoots();
    const root = roots.begin(ids("t", "root"), scopes);
    expect(roots.find(ids("t", "root"))).toBe(root);
    expect(roots.find(ids("t", "any"))).toBe(root);
    expect(roots.find(ids("u", "any"))).toBeUndefined();
    roots.end(root);
    expect(roots.find(ids("t", "root"))).toBeUndefined();
    expect(roots.size).toBe(0);
  });

  it("are not found by remote spans, and by unsampled ones only where those are the root", () => {
    const roots = new OpenRoots();
    const root = roots.begin(ids("t", "root"), scopes);
    expect(roots.find(ids("t", "any", { isRemote: true }))).toBeUndefined();
    expect(roots.find(ids("t", "any", { traceFlags: 0 }))).toBeUndefined();
    expect(roots.find(ids("t", "root", { traceFlags: 0 }))).toBe(root);
  });

  it("that several processors have seen end with the last of them", () => {
    const roots = new OpenRoots();
    const root = roots.begin(ids("t", "root"), scopes);
    expect(roots.begin(ids("t", "root"), scopes)).toBe(root);
    roots.end(root);
    expect(roots.find(ids("t", "any"))).toBe(root);
    roots.end(root);
    expect(roots.size).toBe(0);
  });

  it("of many traces are bounded: the first trace goes", () => {
    const roots = new OpenRoots();
    const begun = Array.from({ length: MAX_TRACES + 100 }, (_, index) =>
      roots.begin(ids(`${index}`, "r"), scopes),
    );
    expect(roots.size).toBeLessThanOrEqual(MAX_TRACES);
    expect(roots.find(ids("0", "any"))).toBeUndefined();
    for (const index of [100 + TRACES_PER_BATCH, MAX_TRACES / 2, MAX_TRACES, MAX_TRACES + 99]) {
      expect(roots.find(ids(`${index}`, "any"))).toBe(begun[index]);
    }
    for (const root of begun) roots.end(root);
    expect(roots.size).toBe(0);
  });

  it("that never end are held by nothing but roots that began with them", async () => {
    const roots = new OpenRoots();
    const last = roots.begin(ids("last", "root"), scopes);
    const begun = Array.from({ length: 1000 }, (_, index) => ids(`${index}`, "root"));
    const forgotten = begun.map((each) => new WeakRef(roots.begin(each, scopes)));
    await collectGarbage();
    const held = forgotten.filter((root) => root.deref() !== undefined);
    expect(held.length).toBeLessThanOrEqual(2 * TRACES_PER_BATCH);
    expect(roots.find(ids("last", "any"))).toBe(last);
    for (const each of begun) roots.find(each);
    expect(roots.size).toBe(1001);
  });

  it("of one trace are told apart by their spans, in whatever order they begin and end", () => {
    const step = fc.record({ what: fc.constantFrom("begin", "child", "end"), pick: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const roots = new OpenRoots();
        const open: { root: OpenRoot; spans: string[] }[] = [];
        let next = 0;
        for (const { what, pick } of steps) {
          next += 1;
          const chosen = open[pick % Math.max(open.length, 1)];
          if (what === "begin") {
            const root = roots.begin(ids("t", `s${next}`), pick % 2 === 0 ? scopes : otherScopes);
            open.push({ root, spans: [`s${next}`] });
          } else if (chosen !== undefined && what === "child") {
            roots.note(chosen.root, `s${next}`);
            chosen.spans.push(`s${next}`);
          } else if (chosen !== undefined) {
            roots.end(chosen.root);
            open.splice(open.indexOf(chosen), 1);
          }
          const found = open.map(({ spans }) => spans.map((span) => roots.find(ids("t", span))));
          expect(found).toEqual(open.map(({ root, spans }) => spans.map(() => root)));
        }
        for (const { root } of open) roots.end(root);
        expect(roots.size).toBe(0);
      }),
    );
  });
});
