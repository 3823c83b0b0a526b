import { describe, expect, it } from "vitest";

import { addBreadcrumb, captureMessage, logger, metrics } from "../../src/index.js";
import type { ClientOptions } from "../../src/index.js";
import { startBridge } from "./bridge.js";
import type { Bridge } from "./bridge.js";
import { capture, failing, later, sent, useTestTimers } from "./hook-kit.js";

useTestTimers();

/** Uses each kind of hook once. */
function useAll(bridge: Bridge): void {
  addBreadcrumb({ message: "step" });
  captureMessage("an error");
  logger.info("a log");
  metrics.count("a metric");
  capture("transaction", bridge);
}

type HookName = Extract<keyof ClientOptions, `before${string}` | "initialScope" | "tracesSampler">;

describe("the warning about a hook that throws says what happens to the data", () => {
  it.each<[HookName, string]>([
    ["beforeSend", "the event was dropped"],
    ["beforeSendTransaction", "the transaction was dropped"],
    ["beforeSendSpan", "the span is sent unchanged"],
    ["beforeBreadcrumb", "the breadcrumb is kept unchanged"],
    ["beforeSendLog", "the item was dropped"],
    ["beforeSendMetric", "the item was dropped"],
    ["tracesSampler", "the parent's decision or `tracesSampleRate` decides"],
    ["initialScope", "events carry the data that was set before the error"],
  ])("%s", async (hook, effect) => {
    const bridge = startBridge({ [hook]: failing });
    useAll(bridge);
    await bridge.flushed();
    expect(bridge.warnings).toEqual([`otel-sentry-bridge: \`${hook}\` threw an error: ${effect}`]);
    const droppedTo = Object.values(bridge.client.stats().byCategory).flatMap(({ dropped }) =>
      Object.keys(dropped),
    );
    expect(droppedTo.length > 0).toBe(effect.includes("dropped"));
    expect(new Set(droppedTo)).toEqual(new Set(droppedTo.length > 0 ? ["before_send"] : []));
  });

  it("an event processor", async () => {
    const bridge = startBridge();
    capture("error", bridge, failing);
    await bridge.flushed();
    expect(bridge.warnings).toEqual([
      "otel-sentry-bridge: `event processor` threw an error: it was skipped, and the event is kept",
    ]);
    expect(bridge.transport.errors()).toHaveLength(1);
  });

  it("the function that sets the data of one event", async () => {
    const bridge = startBridge();
    captureMessage("an error", failing);
    await bridge.flushed();
    expect(bridge.warnings).toEqual([
      "otel-sentry-bridge: `capture context` threw an error: the event is sent with the data that was set before the error",
    ]);
  });
});

it("a hook whose promise rejects is told with the same effect", async () => {
  const bridge = startBridge({ beforeSend: () => later(0).then(failing) });
  captureMessage("an error");
  await sent(1000);
  expect(bridge.warnings).toEqual([
    "otel-sentry-bridge: `beforeSend` returned a promise that rejected: the event was dropped",
  ]);
});

it("a sampler that returns neither a rate nor a boolean is told that nothing is sampled", async () => {
  const bridge = startBridge({ tracesSampler: () => "0.5" as never });
  capture("transaction", bridge);
  expect(await bridge.flushed()).toEqual([]);
  expect(bridge.warnings).toEqual([
    "otel-sentry-bridge: `tracesSampler` must return a number from 0 to 1 or a boolean, got string: the trace is not sampled",
  ]);
});
