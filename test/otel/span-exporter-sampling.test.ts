import { describe, expect, it } from "vitest";

import { sampleRandOf } from "../../src/trace/sample-rand.js";
import type { FinishedSpan } from "../../src/trace/span.js";
import { spanOf } from "../spans/hand-made-span.js";
import { childOf, idsOf, startExporter } from "./span-exporter-kit.js";

const RATE = 0.5;

interface Family {
  readonly traceId: string;
  readonly root: FinishedSpan;
  readonly child: FinishedSpan;
  /** Comes after its root has gone. */
  readonly late: FinishedSpan;
}

function familyOf(index: number): Family {
  const bits = Math.imul(index + 1, 0x9e_37_79_b1) >>> 0;
  const traceId = `${"a".repeat(18)}${bits.toString(16).padStart(8, "0")}000000`;
  const root = spanOf({ traceId, name: "GET /health" });
  return { traceId, root, child: childOf(root), late: childOf(root, { name: "late" }) };
}

function isSampled({ traceId }: Family): boolean {
  return sampleRandOf(traceId, undefined) < RATE;
}

describe("sampling by rate", () => {
  const families = Array.from({ length: 200 }, (_, index) => familyOf(index));
  const kept = families.filter(isSampled);

  it("sends a trace whole or not at all: root, children, and what comes without its root", async () => {
    const bench = startExporter({ tracesSampleRate: RATE });
    bench.export(...families.flatMap(({ child, root }) => [child, root]));
    bench.export(...families.map(({ late }) => late));
    const ids = idsOf(await bench.flushed());
    expect(kept.length).toBeGreaterThan(50);
    expect(kept.length).toBeLessThan(150);
    expect(ids.toSorted()).toEqual(
      kept
        .flatMap(({ root, child, late }) => [root, child, late])
        .map((span) => span.spanContext().spanId)
        .toSorted(),
    );
  });

  it("counts what it leaves out: spans, and a transaction for each root", async () => {
    const bench = startExporter({ tracesSampleRate: RATE });
    bench.export(...families.flatMap(({ child, root }) => [child, root]));
    bench.export(...families.map(({ late }) => late));
    await bench.exporter.forceFlush();
    const { spans, transactions } = bench.client.stats();
    const left = families.length - kept.length;
    expect(spans).toMatchObject({ started: 600, sent: kept.length * 3 });
    expect(spans.dropped).toEqual({ sample_rate: left * 3 });
    expect(transactions.dropped).toEqual({ sample_rate: left });
  });

  it("says the rate on each root", async () => {
    const bench = startExporter({ tracesSampleRate: RATE });
    bench.export(...families.map(({ root }) => root));
    for (const { contexts } of await bench.flushed()) {
      expect(contexts.trace?.data).toMatchObject({ "sentry.sample_rate": RATE });
    }
  });
});

describe("a tracesSampler", () => {
  it("is called once for each local root, when the root is exported", async () => {
    const names: string[] = [];
    const bench = startExporter({
      tracesSampler: ({ name }) => {
        names.push(name);
        return 1;
      },
    });
    const { root, child } = familyOf(0);
    bench.export(child, root);
    await bench.exporter.forceFlush();
    expect(names).toEqual(["GET /health"]);
  });

  it("that refused a root has refused the children that come after it, too", async () => {
    const bench = startExporter({ tracesSampler: ({ name }) => (name === "GET /health" ? 0 : 1) });
    const { root, child, late } = familyOf(0);
    bench.export(child, root);
    bench.export(late);
    expect(await bench.flushed()).toEqual([]);
    expect(bench.client.stats().spans.dropped).toEqual({ sample_rate: 3 });
  });

  it("that took a root has taken the children that come after it, too", async () => {
    const bench = startExporter({ tracesSampler: ({ name }) => (name === "GET /health" ? 1 : 0) });
    const { root, child, late } = familyOf(0);
    bench.export(child, root);
    bench.export(late);
    expect(idsOf(await bench.flushed())).toHaveLength(3);
  });
});
