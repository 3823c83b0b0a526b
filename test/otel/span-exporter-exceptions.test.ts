import { describe, expect, it } from "vitest";

import type { FinishedSpan, SpanEvent } from "../../src/tracing/finished-span.js";
import { spanOf } from "../tracing/hand-made-span.js";
import { childOf, startExporter } from "./span-exporter-kit.js";
import type { ExporterBench } from "./span-exporter-kit.js";

const FAILED = { status: { code: 2 } };

function exception(message: string): { readonly events: readonly SpanEvent[] } {
  const attributes = { "exception.type": "TypeError", "exception.message": message };
  return { events: [{ name: "exception", time: [1_800_000_000, 0], attributes }] };
}

function families(): { root: FinishedSpan; child: FinishedSpan }[] {
  const failed = spanOf({ name: "failed", traceId: "a".repeat(32), ...FAILED });
  const fine = spanOf({ name: "fine", traceId: "b".repeat(32) });
  return [failed, fine].map((root) => ({ root, child: childOf(root, exception(root.name)) }));
}

async function reportedBy({ client, transport }: ExporterBench): Promise<unknown[]> {
  await client.flush();
  return transport.errors().map(({ exception: { values = [] } = {} }) => values[0]?.value);
}

describe("the exceptions of finished spans", () => {
  it("are error events where their root has failed, with the trace of their span", async () => {
    const bench = startExporter();
    const [failed, fine] = families();
    if (failed === undefined || fine === undefined) throw new Error("there are no spans");
    bench.export(failed.child, failed.root, fine.child, fine.root);
    expect(await reportedBy(bench)).toEqual(["failed"]);
    const { traceId, spanId } = failed.child.spanContext();
    expect(bench.transport.errors()[0]?.contexts?.trace).toMatchObject({
      trace_id: traceId,
      span_id: spanId,
    });
  });

  it("are so, too, when they come in a batch before or after that of their root", async () => {
    const bench = startExporter();
    const spans = families();
    for (const { child } of spans) bench.export(child);
    for (const { root } of spans) bench.export(root);
    for (const { root } of spans) bench.export(childOf(root, exception(`late ${root.name}`)));
    expect(await reportedBy(bench)).toEqual(["failed", "late failed"]);
  });

  it.each([
    ["all", ["fine", "failed"]],
    ["none", []],
  ] as const)("are %s with spanExceptions", async (spanExceptions, expected) => {
    const bench = startExporter({ spanExceptions });
    for (const { root, child } of families()) bench.export(child, root);
    expect(new Set(await reportedBy(bench))).toEqual(new Set(expected));
  });
});
