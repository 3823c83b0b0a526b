import { trace } from "@opentelemetry/api";
import { CronJob } from "cron";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";

import { getIsolationScope, setTag, withIsolationScope } from "../../src/index.js";
import { instrumentCron } from "../../src/crons/instrument-cron.js";
import { byRun, checkInsOf, startGlobal, statusesOf } from "./monitor-kit.js";
import { forgetFaults } from "../support/fault-kit.js";

beforeEach(forgetFaults);

function ignore(): void {}

describe("instrumentCron", () => {
  it("makes each tick a run of the monitor", async () => {
    const bridge = startGlobal();
    const clock = ["setTimeout", "clearTimeout", "Date"] as const;
    vi.useFakeTimers({ toFake: [...clock], now: new Date("2026-01-01T00:00:30Z") });
    onTestFinished(() => void vi.useRealTimers());
    const Monitored = instrumentCron(CronJob, "nightly", { checkinMargin: 2 });
    const job = new Monitored("0 */5 * * JAN *", ignore, null, true, "Europe/Vienna");
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    await job.stop();
    vi.useRealTimers();
    const checkIns = await checkInsOf(bridge);
    expect(checkIns.map(({ status }) => status)).toEqual([
      "in_progress",
      "ok",
      "in_progress",
      "ok",
    ]);
    expect(checkIns[0]).toMatchObject({
      monitor_slug: "nightly",
      monitor_config: {
        schedule: { type: "crontab", value: "*/5 * * 1 *" },
        timezone: "Europe/Vienna",
        checkin_margin: 2,
      },
    });
  });

  it("leaves the class as it is, and makes jobs of it", () => {
    startGlobal();
    const before = Object.getOwnPropertyNames(CronJob).map(
      (key) => Reflect.get(CronJob, key) as unknown,
    );
    const Monitored = instrumentCron(CronJob, "nightly");
    const made = new Monitored("0 3 * * *", ignore);
    expect(made).toBeInstanceOf(CronJob);
    expect(made).toBeInstanceOf(Monitored);
    expect(made.isActive).toBe(false);
    expect(Monitored.from({ cronTime: "0 3 * * *", onTick: ignore })).toBeInstanceOf(Monitored);
    class OwnJob extends Monitored {}
    expect(new OwnJob("0 3 * * *", ignore)).toBeInstanceOf(OwnJob);
    expect(() => new Monitored("no cron", ignore)).toThrow("Unknown alias");
    const after = Object.getOwnPropertyNames(CronJob).map(
      (key) => Reflect.get(CronJob, key) as unknown,
    );
    expect(after).toEqual(before);
  });

  it("calls the function with its `this` and its arguments", async () => {
    startGlobal();
    const Monitored = instrumentCron(CronJob, "nightly");
    const seen: unknown[] = [];
    const shop = { name: "shop" };
    const job = Monitored.from({
      cronTime: "0 3 * * *",
      context: shop,
      onComplete: ignore,
      onTick(onComplete) {
        seen.push(this.name, typeof onComplete);
      },
    });
    await job.fireOnTick();
    expect(seen).toEqual(["shop", "function"]);
  });

  it.each([
    [
      "throws",
      (): void => {
        throw new Error("the job has a bug");
      },
    ],
    ["rejects", (): Promise<void> => Promise.reject(new Error("the job has a bug"))],
  ])(
    "of a job that %s passes the error on to its handler, and reports it",
    async (_how, onTick) => {
      const bridge = startGlobal();
      const Monitored = instrumentCron(CronJob, "nightly");
      const handled: unknown[] = [];
      const errorHandler = (error: unknown): void => void handled.push(String(error));
      const job = Monitored.from({ cronTime: "0 3 * * *", onTick, errorHandler });
      await job.fireOnTick();
      await vi.waitFor(() => expect(handled).toEqual(["Error: the job has a bug"]), 20_000);
      const [start, end] = await checkInsOf(bridge);
      expect(end?.["status"]).toBe("error");
      const [error, ...more] = bridge.transport.errors();
      expect(more).toEqual([]);
      expect(error?.exception?.values[0]?.mechanism).toMatchObject({
        type: "auto.function.cron",
        handled: false,
      });
      expect(start).toMatchObject({
        contexts: { trace: { trace_id: error?.contexts?.["trace"]?.["trace_id"] } },
      });
    },
  );

  it("runs a job that is made inside a request outside of it, the first run too", async () => {
    const bridge = startGlobal();
    const Monitored = instrumentCron(CronJob, "nightly");
    let tags: unknown;
    let jobTrace: string | undefined;
    const onTick = (): void => {
      tags = getIsolationScope().data.tags;
      jobTrace = trace.getActiveSpan()?.spanContext().traceId;
    };
    const requestTrace = withIsolationScope(() =>
      bridge.tracer.startActiveSpan("request", (request) => {
        setTag("request", "1");
        Monitored.from({ cronTime: "0 3 * * *", onTick, runOnInit: true });
        request.end();
        return request.spanContext().traceId;
      }),
    );
    expect(tags).toEqual({});
    expect(jobTrace).toMatch(/^[0-9a-f]{32}$/);
    expect(jobTrace).not.toBe(requestTrace);
    expect(await statusesOf(bridge)).toEqual(["in_progress", "ok"]);
  });

  it("keeps 20 overlapping runs apart", async () => {
    const bridge = startGlobal();
    const Monitored = instrumentCron(CronJob, "nightly");
    const releases: (() => void)[] = [];
    const onTick = (): Promise<void> => new Promise((resolve) => void releases.push(resolve));
    const job = Monitored.from({ cronTime: "0 3 * * *", onTick, waitForCompletion: false });
    const runs = Array.from({ length: 20 }, () => job.fireOnTick());
    for (const release of releases.toReversed()) release();
    await Promise.all(runs);
    await vi.waitFor(async () => expect(await statusesOf(bridge)).toHaveLength(40), 20_000);
    expect(byRun(await checkInsOf(bridge))).toEqual(
      Array.from({ length: 20 }, () => ["in_progress", "ok"]),
    );
  });

  it("takes a job's own name for its slug; without one, jobs of another schedule run unmonitored", async () => {
    const bridge = startGlobal();
    const Monitored = instrumentCron(CronJob, "nightly");
    const jobs = [
      Monitored.from({ cronTime: "0 3 * * *", onTick: ignore }),
      Monitored.from({ cronTime: "0 4 * * *", onTick: ignore, name: "at-four" }),
      Monitored.from({ cronTime: "0 5 * * *", onTick: ignore }),
      new Monitored("0 3 * * *", ignore),
    ];
    for (const job of jobs) await job.fireOnTick();
    const slugs = (await checkInsOf(bridge)).map((sent) => String(sent["monitor_slug"]));
    // Check-ins are in order within a run only: the end of one waits for its beginning.
    const expected = ["at-four", "at-four", "nightly", "nightly", "nightly", "nightly"];
    expect(slugs.toSorted()).toEqual(expected);
    expect(bridge.warnings).toEqual([
      expect.stringContaining("another job already uses the monitor"),
    ]);
  });

  it.each([
    { cronTime: new Date("2030-01-01T00:00:00Z") },
    { cronTime: "0 3 * * *", utcOffset: 60 },
  ])("tells Sentry no schedule where no crontab could tell it: %o", async (times) => {
    const bridge = startGlobal();
    const job = instrumentCron(CronJob, "nightly").from({ ...times, onTick: ignore });
    await job.fireOnTick();
    const configs = (await checkInsOf(bridge)).map((sent) => sent["monitor_config"]);
    expect(configs).toEqual([undefined, undefined]);
    expect(bridge.warnings).toEqual([]);
  });

  it("leaves a command as it is, and says so", () => {
    const bridge = startGlobal();
    const job = instrumentCron(CronJob, "nightly").from({ cronTime: "0 3 * * *", onTick: "true" });
    expect(job).toBeInstanceOf(CronJob);
    expect(bridge.warnings).toEqual([expect.stringContaining("its task is a command")]);
  });
});
