import { describe, expect, it } from "vitest";

import type { FinishedSpan, SpanEvent } from "../../src/trace/span.js";
import { BatchExceptions } from "../../src/errors/batch-exceptions.js";
import { WaitingExceptions } from "../../src/errors/root-exceptions.js";
import { newSpanId, spanOf } from "../spans/hand-made-span.js";
import { cpuTime } from "../time/measure.js";
import { childOf, startExporter } from "../otel/span-exporter-kit.js";
import type { ExporterBench } from "../otel/span-exporter-kit.js";

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

describe("calls that failed within one millisecond", () => {
  it("are ordered by the order in which they ended, since clocks of spans differ", async () => {
    const bench = startExporter();
    const [{ root } = { root: spanOf() }] = families();
    const calls = ["first", "last"].map((name, index) => {
      const [event] = exception(name).events;
      const time = [1_800_000_000, 900_000 - index * 800_000] as const;
      return childOf(root, { kind: 2, events: [{ ...event, name: "exception", time }] });
    });
    bench.export(...calls, root);
    expect(await reportedBy(bench)).toEqual(["last"]);
  });
});

describe("the exceptions of a trace in batches", () => {
  it("are judged by the root on their way, where a trace has several", async () => {
    const bench = startExporter();
    const failed = spanOf({ name: "failed", ...FAILED });
    const fine = spanOf({ name: "fine" });
    const spans = [failed, fine].map((root) => childOf(root, exception(root.name)));
    bench.export(...spans, fine);
    expect(await reportedBy(bench)).toEqual([]);
    bench.export(failed);
    expect(await reportedBy(bench)).toEqual(["failed"]);
  });

  it.each([
    ["OK", 1, []],
    ["ERROR", 2, ["inner"]],
  ] as const)("wait for a span between that comes later, here with %s", async (...row) => {
    const [, code, expected] = row;
    const bench = startExporter();
    const root = spanOf({ name: "root", ...FAILED });
    const outer = childOf(root, { status: { code } });
    bench.export(childOf(outer, exception("inner")));
    bench.export(root);
    bench.export(outer);
    expect(await reportedBy(bench)).toEqual(expected);
  });

  it("are judged by the root of their trace where a span between does not come for 20 seconds", async () => {
    const bench = startExporter();
    let now = 0;
    const waiting = new WaitingExceptions(bench.client.core);
    const exceptions = new BatchExceptions(
      { errors: bench.client.errors, isAll: false, waiting },
      () => now,
    );
    const root = spanOf({ name: "root", ...FAILED });
    const missing = childOf(root);
    exceptions.accept([root]);
    exceptions.accept([childOf(missing, exception("late"))]);
    expect(await reportedBy(bench)).toEqual([]);
    now = 20_000;
    exceptions.accept([]);
    expect(await reportedBy(bench)).toEqual(["late"]);
  });

  it("are reported at shutdown where no root has come", async () => {
    const bench = startExporter();
    const root = spanOf({ name: "root" });
    bench.export(childOf(root, exception("waiting")));
    await bench.exporter.shutdown();
    expect(await reportedBy(bench)).toEqual(["waiting"]);
    const [value] = bench.transport.errors()[0]?.exception?.values ?? [];
    expect(value?.mechanism?.["handled"]).toBe(true);
  });

  it("of many traces do not slow other spans down while they wait", () => {
    // What waits is not sent: only the wait is measured.
    const bench = startExporter({ sampleRate: 0 });
    const waiting = new WaitingExceptions(bench.client.core);
    const errors = { errors: bench.client.errors, isAll: false, waiting };
    const exceptions = new BatchExceptions(errors, () => 1000);
    const traceIds = Array.from({ length: 2500 }, (_, index) => `${index}`.padStart(32, "a"));
    exceptions.accept(
      traceIds.map((traceId) => spanOf({ traceId, parentSpanId: newSpanId(), ...exception("x") })),
    );
    const millis = cpuTime();
    for (let count = 0; count < 2000; count += 1) exceptions.accept([spanOf()]);
    expect(millis()).toBeLessThan(500);
  });

  it("are all judged where more than can wait come with their root", async () => {
    const bench = startExporter({ frameContextLines: 0 });
    const root = spanOf({ name: "root", ...FAILED });
    const children = Array.from({ length: 60 }, (_, index) => childOf(root, exception(`${index}`)));
    bench.export(...children, root);
    expect(await reportedBy(bench)).toHaveLength(60);
  });

  it("of spans that are each other's parents end no way, and are reported at shutdown", async () => {
    const [one, other] = [newSpanId(), newSpanId()];
    const bench = startExporter();
    bench.export(
      spanOf({ spanId: one, parentSpanId: other, ...exception("one") }),
      spanOf({ spanId: other, parentSpanId: one, ...exception("other") }),
    );
    await bench.exporter.shutdown();
    expect(new Set(await reportedBy(bench))).toEqual(new Set(["one", "other"]));
  });
});
