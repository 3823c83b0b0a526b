import { setTimeout as pause } from "node:timers/promises";

import { ROOT_CONTEXT } from "@opentelemetry/api";
import { expect, it } from "vitest";

import { DoctorObserver } from "../../src/doctor/observer.js";
import { Retention } from "../../src/doctor/retention.js";
import { assignUnit } from "../../src/context/scope-context.js";
import { emptyUnit } from "../../src/scope/unit.js";
import type { Unit } from "../../src/scope/unit.js";
import type { FinishedSpan } from "../../src/trace/span.js";
import { collectGarbage } from "../client/collect-garbage.js";

// Starts and ends the root of a unit, which it returns.
function unitOf(observer: DoctorObserver): Unit {
  const unit = emptyUnit();
  const span: FinishedSpan = {
    name: "GET /",
    kind: 1,
    attributes: {},
    links: [],
    events: [],
    startTime: [1, 0],
    endTime: [2, 0],
    status: { code: 0 },
    resource: { attributes: {} },
    instrumentationScope: { name: "test" },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    spanContext: () => ({ traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1 }),
  };
  assignUnit(span, unit);
  observer.started(span, ROOT_CONTEXT);
  observer.ended(span);
  return unit;
}

async function collect(): Promise<void> {
  await collectGarbage();
  // The collector's entries reach an observer in a later turn.
  await pause(20);
}

it("the doctor names units of work that stay in memory, and none that are collected", async () => {
  const observer = new DoctorObserver(new Retention(0));
  const names = (): string[] =>
    observer.findings(false).map(({ rule, count }) => `${rule} ${count}`);

  for (let index = 0; index < 50; index += 1) unitOf(observer);
  await collect();
  await collect();
  expect(names()).toEqual([]);

  const kept = Array.from({ length: 20 }, () => unitOf(observer));
  await collect();
  await collect();
  expect(names()).toEqual(["D17 20"]);
  expect(kept).toHaveLength(20);
});
