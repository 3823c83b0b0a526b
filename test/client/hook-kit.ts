import { context } from "@opentelemetry/api";
import { afterEach, beforeEach, vi } from "vitest";

import { captureFeedback, captureMessage, withScope } from "../../src/index.js";
import type { EventProcessor } from "../../src/index.js";
import type { Bridge } from "./bridge.js";

/** The kinds of events that hooks see. */
export const KINDS = ["error", "transaction", "feedback"] as const;
export type Kind = (typeof KINDS)[number];

/** The hooks' deadline is a timer of the process: here it is the test's. */
export function useTestTimers(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}

/** A promise of the value after a time of the test's clock. */
export function later<T>(value: T, millis = 1000): Promise<T> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(value), millis);
  });
}

export function failing(): never {
  throw new Error("mine");
}

/** Captures an event of the kind, under a scope with the processor. */
export function capture(kind: Kind, bridge: Bridge, processor?: EventProcessor): void {
  withScope((scope) => {
    if (processor !== undefined) scope.addEventProcessor(processor);
    if (kind === "error") captureMessage("an error");
    else if (kind === "feedback") captureFeedback({ message: "feedback" });
    else {
      const root = bridge.tracer.startSpan("root", {}, context.active());
      bridge.child(root, "child").end();
      root.end();
    }
  });
}

/** Moves the clock, and lets the sender work. */
export async function sent(millis: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(millis);
  for (let turns = 0; turns < 3; turns++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
