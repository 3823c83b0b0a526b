import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { trace } from "@opentelemetry/api";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";

import { captureCheckIn, instrumentNodeCron, stats, withMonitor } from "../../src/index.js";
import type { NodeCronLibrary } from "../../src/index.js";
import { startBridge } from "../client/bridge.js";
import { checkInsOf } from "./monitor-kit.js";
import { forgetFaults } from "../support/fault-kit.js";

beforeEach(forgetFaults);

function throwing(name: string): never {
  return Object.defineProperty({}, name, {
    enumerable: true,
    get: () => {
      throw new Error("mine");
    },
  }) as never;
}

describe("what throws when it is read", () => {
  it.each([
    ["a check-in", throwing("monitorSlug")],
    ["nothing", undefined as never],
  ])("costs no more than the check-in: %s", async (_what, checkIn) => {
    const bridge = startBridge();
    expect(captureCheckIn(checkIn)).toMatch(/^[0-9a-f]{32}$/);
    expect(await checkInsOf(bridge)).toEqual([]);
    expect(stats()?.byCategory.monitor?.captured).toBe(1);
  });

  it.each(["schedule", "signal", "timezone"])("does not keep a job from running: %s", (name) => {
    startBridge();
    expect(withMonitor("job", () => 42, throwing(name))).toBe(42);
  });

  it("does not keep a job from running: a signal of a wrong type", () => {
    startBridge();
    const signal = Object.create(AbortSignal.prototype) as AbortSignal;
    expect(withMonitor("job", () => 42, { signal })).toBe(42);
  });

  it("is the job's own business where it is its result", async () => {
    const bridge = startBridge();
    const result = throwing("then");
    expect(withMonitor("job", () => result as object)).toBe(result);
    await bridge.client.flush();
    expect(stats()?.byCategory.monitor?.sent).toBe(2);
  });

  it("does not keep a scheduler from its job", () => {
    startBridge();
    const scheduler = { schedule: (_time: string, task: () => number): number => task() };
    const lib = instrumentNodeCron<NodeCronLibrary>(scheduler);
    expect(lib.schedule("0 0 1 1 *", answer as never, throwing("name"))).toBe(42);
  });
});

function answer(): number {
  return 42;
}

function fail(): never {
  throw new Error("foreign");
}

describe("another processor that throws", () => {
  it.each(["onStart", "onEnd"])("in %s takes nothing of a job's place", async (hook) => {
    startBridge();
    const idle = { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {} };
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [{ ...idle, [hook]: fail }] }),
    );
    onTestFinished(() => trace.disable());
    expect(withMonitor("job", () => 42)).toBe(42);
    expect(await withMonitor("job", async () => 43)).toBe(43);
    expect(() =>
      withMonitor("job", () => {
        throw new Error("own");
      }),
    ).toThrow("own");
  });
});

it("each invalid part of a check-in is reported, and each refused check-in is counted", () => {
  const bridge = startBridge();
  captureCheckIn({ monitorSlug: "", status: "ok" });
  captureCheckIn({ monitorSlug: "job", status: "done" as "ok" });
  expect(bridge.warnings).toHaveLength(2);
  expect(stats()?.byCategory.monitor?.dropped).toEqual({ invalid: 2 });
});
