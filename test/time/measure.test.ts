import { setTimeout as delay } from "node:timers/promises";

import { expect, it } from "vitest";

import { block } from "../delivery/http/http-servers.js";
import { cpuTime, ownTime, wallTime } from "./measure.js";

async function paused(): Promise<void> {
  await delay(50);
  block(500);
  await delay(50);
}

it("a process's own time leaves out a pause, which the wall clock counts", async () => {
  const { result: own, millis: wall } = await wallTime(() => ownTime(paused));
  expect(wall).toBeGreaterThan(590);
  expect(own.millis).toBeGreaterThan(0);
  expect(own.millis).toBeLessThan(wall - 400);
});

it("CPU time counts work, and not the wait of another process", () => {
  const waited = new Int32Array(new SharedArrayBuffer(4));
  const idle = cpuTime();
  Atomics.wait(waited, 0, 0, 500);
  const idleMillis = idle();
  const busy = cpuTime();
  block(500);
  expect(idleMillis).toBeLessThan(busy());
});
