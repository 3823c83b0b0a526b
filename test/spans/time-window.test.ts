import { describe, expect, it } from "vitest";

import { resourceFromAttributes } from "@opentelemetry/resources";

import { headInWindow } from "../../src/spans/transaction.js";
import { startBridge } from "../client/bridge.js";

const DAY = 86_400;
const NOW = 1_795_341_600;

function head(start: number, end: number): Parameters<typeof headInWindow>[0] {
  return {
    traceId: "a".repeat(32),
    spanId: "b".repeat(16),
    name: "root",
    source: "custom",
    op: undefined,
    traceContext: '"data":{"otel.scope.name":"t"}',
    start,
    end,
    times: "as they were",
    measurements: "",
    request: "",
    responseStatusCode: undefined,
  };
}

function moved(start: number, end: number): { start: number; end: number; data: object } {
  const {
    start: sentStart,
    end: sentEnd,
    traceContext,
    times,
  } = headInWindow(head(start, end), NOW * 1000);
  const { data } = JSON.parse(`{${traceContext}}`) as { data: object };
  expect(times).toBe(
    `,"start_timestamp":${sentStart.toFixed(6)},"timestamp":${sentEnd.toFixed(6)}`,
  );
  return { start: sentStart, end: sentEnd, data };
}

describe("the times of a transaction", () => {
  it("are sent as they are within four days", () => {
    const recent = head(NOW - 4 * DAY, NOW + 30);
    expect(headInWindow(recent, NOW * 1000)).toBe(recent);
  });

  it("begin at the bound where it started before, and the data has the true start", () => {
    expect(moved(NOW - 6 * DAY, NOW - 1)).toEqual({
      start: NOW - 4 * DAY,
      end: NOW - 1,
      data: {
        "otel.scope.name": "t",
        "otel_sentry_bridge.original_start": "2026-11-16T10:00:00.000Z",
      },
    });
  });

  it("are both moved where it ended before the bound", () => {
    expect(moved(NOW - 8 * DAY, NOW - 7 * DAY)).toMatchObject({
      start: NOW - 4 * DAY,
      end: NOW - 4 * DAY,
      data: { "otel_sentry_bridge.original_end": "2026-11-15T10:00:00.000Z" },
    });
  });

  it("end now where they are ahead of the clock", () => {
    expect(moved(NOW - 1, NOW + 3600)).toMatchObject({ start: NOW - 1, end: NOW });
    expect(moved(NOW + 60, NOW + 3600)).toMatchObject({ start: NOW, end: NOW });
  });
});

describe("a root that was open for six days", () => {
  it("arrives within the window, with its children as they were", async () => {
    const bridge = startBridge({}, { resource: resourceFromAttributes({}) });
    const start = Date.now() - 6 * DAY * 1000;
    const root = bridge.tracer.startSpan("worker", { startTime: start });
    bridge.child(root, "first", { startTime: start }).end(start + 1000);
    root.end();
    const [transaction] = await bridge.flushed();
    const age = Date.now() / 1000 - (transaction?.start_timestamp ?? 0);
    expect(age).toBeGreaterThan(3.9 * DAY);
    expect(age).toBeLessThan(4.1 * DAY);
    expect(transaction?.contexts.trace?.data).toMatchObject({
      "otel_sentry_bridge.original_start": new Date(start).toISOString(),
    });
    expect(transaction?.spans).toMatchObject([{ start_timestamp: start / 1000 }]);
  });
});
