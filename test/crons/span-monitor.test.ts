import { ROOT_CONTEXT, SpanStatusCode } from "@opentelemetry/api";
import type { Span } from "@opentelemetry/api";
import type { SpanProcessor } from "@opentelemetry/sdk-trace-base";
import { beforeEach, describe, expect, it } from "vitest";

import { SpanMonitor } from "../../src/crons/span-monitor.js";
import type { FinishedSpan, StartedSpan } from "../../src/trace/span.js";
import { withMonitor } from "../../src/crons/monitor.js";
import type { Bridge } from "../client/bridge.js";
import { byRun, checkInsOf, sentCheckIns, startGlobal, statusesOf } from "./monitor-kit.js";
import { forgetFaults } from "../support/fault-kit.js";

beforeEach(forgetFaults);

const SLUG = "sentry.monitor.slug";

/** The processor of the bridge is registered twice. */
function startTwice(): Bridge {
  const again: SpanProcessor = {
    onStart: (span, ctx) => bridge.processor.onStart(span, ctx),
    onEnd: (span) => bridge.processor.onEnd(span),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const bridge = startGlobal({}, { after: [again], leavesOpen: true });
  return bridge;
}

describe("a span with `sentry.monitor.slug`", () => {
  it("sends a pair around itself, with its trace and the configuration of its attributes", async () => {
    const bridge = startGlobal();
    const attributes = {
      [SLUG]: "nightly",
      "sentry.monitor.schedule": "0 3 * * MON",
      "sentry.monitor.timezone": "Europe/Vienna",
      "sentry.monitor.checkin_margin": 5,
      "sentry.monitor.max_runtime": 30,
    };
    const start = new Date("2026-01-01T00:00:00Z");
    const span = bridge.tracer.startSpan("job", { attributes, startTime: start }, ROOT_CONTEXT);
    expect(await statusesOf(bridge)).toEqual(["in_progress"]);
    span.end(new Date("2026-01-01T00:00:02.5Z"));
    const [first, last] = await checkInsOf(bridge);
    const { traceId, spanId } = span.spanContext();
    expect(first).toMatchObject({
      status: "in_progress",
      monitor_slug: "nightly",
      contexts: { trace: { trace_id: traceId, span_id: spanId } },
      monitor_config: {
        schedule: { type: "crontab", value: "0 3 * * 1" },
        timezone: "Europe/Vienna",
        checkin_margin: 5,
        max_runtime: 30,
      },
    });
    expect(last).toEqual({ ...first, status: "ok", duration: 2.5 });
  });

  it("takes an interval, too", async () => {
    const bridge = startGlobal();
    const attributes = {
      [SLUG]: "nightly",
      "sentry.monitor.interval.value": 2,
      "sentry.monitor.interval.unit": "hour",
    };
    bridge.tracer.startSpan("job", { attributes }, ROOT_CONTEXT).end();
    const [first] = await checkInsOf(bridge);
    expect(first?.["monitor_config"]).toEqual({
      schedule: { type: "interval", value: 2, unit: "hour" },
    });
  });

  it("has failed by its status", async () => {
    const bridge = startGlobal();
    const span = bridge.tracer.startSpan(
      "job",
      { attributes: { [SLUG]: "nightly" } },
      ROOT_CONTEXT,
    );
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
    expect(await statusesOf(bridge)).toEqual(["in_progress", "error"]);
  });

  it("that gets it only later is a heartbeat, with a duration", async () => {
    const bridge = startGlobal();
    const span = bridge.tracer.startSpan("job", { startTime: [1_700_000_000, 0] }, ROOT_CONTEXT);
    span.setAttribute(SLUG, "nightly");
    span.end([1_700_000_003, 500_000_000]);
    const checkIns = await checkInsOf(bridge);
    expect(checkIns).toEqual([
      expect.objectContaining({ status: "ok", monitor_slug: "nightly", duration: 3.5 }),
    ]);
  });

  it("may be a child, and one of many at the same time", async () => {
    const bridge = startGlobal();
    const root = bridge.tracer.startSpan("root", {}, ROOT_CONTEXT);
    const children = Array.from({ length: 100 }, () =>
      bridge.child(root, "job", { attributes: { [SLUG]: "nightly" } }),
    );
    for (const child of children.toReversed()) child.end();
    root.end();
    expect(byRun(await checkInsOf(bridge))).toEqual(
      Array.from({ length: 100 }, () => ["in_progress", "ok"]),
    );
  });

  it("that Sentry's sampling drops sends them all the same", async () => {
    const bridge = startGlobal({ tracesSampleRate: 0 });
    bridge.tracer.startSpan("job", { attributes: { [SLUG]: "nightly" } }, ROOT_CONTEXT).end();
    expect(await statusesOf(bridge)).toEqual(["in_progress", "ok"]);
    expect(bridge.transport.transactions()).toEqual([]);
  });

  it("sends them once where the processor is registered twice", async () => {
    const bridge = startTwice();
    bridge.tracer.startSpan("job", { attributes: { [SLUG]: "nightly" } }, ROOT_CONTEXT).end();
    bridge.tracer.startSpan("late", {}, ROOT_CONTEXT).setAttribute(SLUG, "nightly").end();
    expect(await statusesOf(bridge)).toEqual(["in_progress", "ok", "ok"]);
  });

  it("has failed if it is open when the client closes, and sends nothing at its end then", async () => {
    const bridge = startGlobal();
    const start = (name: string): Span =>
      bridge.tracer.startSpan(name, { attributes: { [SLUG]: name } }, ROOT_CONTEXT);
    const open = start("nightly");
    start("hourly").end();
    await bridge.client.close();
    open.end();
    expect(byRun(sentCheckIns(bridge.transport))).toEqual([
      ["in_progress", "error"],
      ["in_progress", "ok"],
    ]);
  });

  it("whose slug is not a string sends no check-in, and logs a diagnostic", async () => {
    const bridge = startGlobal();
    const attributes = { [SLUG]: ["a", "b"], "sentry.monitor.schedule": 5 };
    bridge.tracer.startSpan("job", { attributes }, ROOT_CONTEXT).end();
    expect(await checkInsOf(bridge)).toEqual([]);
    expect(bridge.warnings).toEqual([expect.stringContaining("`monitorSlug` must be a string")]);
  });
});

describe("the monitor of spans", () => {
  it("throws for nothing that a span may be", () => {
    const { client, warnings } = startGlobal();
    const monitor = new SpanMonitor(client);
    const frozen = Object.freeze({ attributes: { [SLUG]: "nightly" } });
    for (const span of [{}, frozen]) {
      monitor.start(span as StartedSpan);
      monitor.end(span as FinishedSpan);
    }
    expect(warnings).toEqual([expect.stringContaining("the check-in of a span was not sent")]);
  });
});

describe("other spans", () => {
  it("send nothing, and that of `withMonitor` sends nothing twice", async () => {
    const bridge = startGlobal();
    bridge.tracer.startSpan("GET /", {}, ROOT_CONTEXT).end();
    withMonitor("job", () => undefined);
    expect(await statusesOf(bridge)).toEqual(["in_progress", "ok"]);
  });
});
