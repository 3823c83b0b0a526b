import schedule from "node-schedule";
import type { ScheduledJob } from "node-schedule";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";

import { instrumentNodeSchedule } from "../../src/index.js";
import { checkInsOf, startGlobal } from "./monitor-kit.js";
import { forgetFaults } from "../support/fault-kit.js";

beforeEach(forgetFaults);

const monitored = instrumentNodeSchedule(schedule, { maxRuntime: 5 });

/** Runs what is scheduled in ten minutes of a clock of the test's. */
async function tenMinutes(start: () => ScheduledJob | null): Promise<void> {
  const clock = ["setTimeout", "clearTimeout", "Date"] as const;
  vi.useFakeTimers({ toFake: [...clock], now: new Date("2026-01-01T00:00:30Z") });
  onTestFinished(() => void vi.useRealTimers());
  const job = start();
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  job?.cancel();
  vi.useRealTimers();
}

function rejecting(): Promise<never> {
  return Promise.reject(new Error("of the job"));
}

describe("instrumentNodeSchedule", () => {
  it("makes each run a run of the monitor that has the job's name and schedule", async () => {
    const bridge = startGlobal();
    const seen: unknown[] = [];
    await tenMinutes(() =>
      monitored.scheduleJob("nightly", "*/5 * * JAN *", (fireDate) => seen.push(fireDate)),
    );
    expect(seen).toEqual([expect.any(Date), expect.any(Date)]);
    const checkIns = await checkInsOf(bridge);
    expect(checkIns.map(({ status }) => status)).toEqual([
      "in_progress",
      "ok",
      "in_progress",
      "ok",
    ]);
    expect(checkIns[0]).toMatchObject({
      monitor_slug: "nightly",
      monitor_config: { schedule: { type: "crontab", value: "*/5 * * 1 *" }, max_runtime: 5 },
    });
  });

  it("takes the time zone of a rule, and reports what a job throws", async () => {
    const bridge = startGlobal();
    const rule = { rule: "*/5 * * * *", tz: "Europe/Vienna" };
    const failed: unknown[] = [];
    await tenMinutes(
      () =>
        monitored
          .scheduleJob("failing", rule, rejecting)
          ?.on("error", (error) => failed.push(error)) ?? null,
    );
    const checkIns = await checkInsOf(bridge);
    expect(checkIns[0]).toMatchObject({ monitor_config: { timezone: "Europe/Vienna" } });
    expect(checkIns.map(({ status }) => status)).toEqual([
      "in_progress",
      "error",
      "in_progress",
      "error",
    ]);
    expect(failed).toHaveLength(2);
    expect(bridge.transport.errors()[0]?.exception?.values[0]).toMatchObject({
      value: "of the job",
      mechanism: { type: "auto.function.node-schedule", handled: false },
    });
  });

  it.each([
    ["without a name", (run: () => void) => monitored.scheduleJob("*/5 * * * *", run)],
    ["at a date", (run: () => void) => monitored.scheduleJob(new Date(Date.now() + 1000), run)],
  ])("runs a job %s unmonitored, with a warning", async (_, start) => {
    const bridge = startGlobal();
    const run = vi.fn<() => void>();
    await tenMinutes(() => start(run));
    expect(run).toHaveBeenCalled();
    expect(await checkInsOf(bridge)).toEqual([]);
    expect(bridge.warnings.some((text) => text.includes("node-schedule"))).toBe(true);
  });

  it("leaves the library as it is, and gives what it gives", () => {
    const before = { ...schedule };
    const wrapped = instrumentNodeSchedule(schedule);
    expect({ ...schedule }).toEqual(before);
    expect(wrapped.scheduledJobs).toBe(schedule.scheduledJobs);
    expect(() => wrapped.scheduleJob("name", "* * * * *", undefined as never)).toThrow(RangeError);
  });
});
