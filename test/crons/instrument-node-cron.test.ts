import { trace } from "@opentelemetry/api";
import cron from "node-cron";
import type { ScheduledTask, TaskOptions } from "node-cron";
import * as cronModule from "node-cron";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";

import { getIsolationScope, setTag, withIsolationScope } from "../../src/index.js";
import { instrumentNodeCron } from "../../src/crons/instrument-node-cron.js";
import { byRun, checkInsOf, startGlobal, statusesOf } from "./monitor-kit.js";
import { forgetFaults } from "../support/fault-kit.js";

beforeEach(forgetFaults);

const SILENT = { info: ignore, warn: ignore, error: ignore, debug: ignore };
const NIGHTLY: TaskOptions = { name: "nightly", timezone: "Europe/Vienna", logger: SILENT };

function ignore(): void {}

const monitored = instrumentNodeCron(cron, { maxRuntime: 5 });

function scheduled(task: ScheduledTask): ScheduledTask {
  onTestFinished(() => task.destroy());
  return task;
}

describe("instrumentNodeCron", () => {
  it("makes each tick a run of the monitor that has the job's name, schedule and zone", async () => {
    const bridge = startGlobal();
    const clock = ["setTimeout", "clearTimeout", "Date"] as const;
    vi.useFakeTimers({ toFake: [...clock], now: new Date("2026-01-01T00:00:30Z") });
    onTestFinished(() => void vi.useRealTimers());
    const seen: unknown[] = [];
    const task = scheduled(
      monitored.schedule("*/5 * * JAN *", (ctx) => seen.push(ctx.task?.name), NIGHTLY),
    );
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    await task.stop();
    vi.useRealTimers();
    expect(seen).toEqual(["nightly", "nightly"]);
    const checkIns = await checkInsOf(bridge);
    expect(byRun(checkIns)).toEqual([
      ["in_progress", "ok"],
      ["in_progress", "ok"],
    ]);
    expect(checkIns[0]).toMatchObject({
      monitor_slug: "nightly",
      monitor_config: {
        schedule: { type: "crontab", value: "*/5 * * 1 *" },
        timezone: "Europe/Vienna",
        max_runtime: 5,
      },
    });
  });

  it("leaves the library as it is, and gives what it gives", () => {
    startGlobal();
    const before = { ...cron };
    const wrapped = instrumentNodeCron(cronModule);
    expect(wrapped.validate("* * * * *")).toBe(true);
    expect({ ...cron }).toEqual(before);
    const task = scheduled(monitored.createTask("* * * * *", ignore, NIGHTLY));
    expect([task.name, task.getStatus()]).toEqual(["nightly", "stopped"]);
    expect(() => monitored.schedule("no cron", ignore, NIGHTLY)).toThrow("expected 5 or 6 fields");
  });

  it("passes errors on to node-cron, and reports them with the tags and the trace of the run", async () => {
    const bridge = startGlobal();
    const failed: unknown[] = [];
    const task = scheduled(
      monitored.createTask(
        "* * * * *",
        async () => {
          setTag("run", "1");
          await Promise.resolve();
          throw new Error("the job has a bug");
        },
        NIGHTLY,
      ),
    );
    task.on("execution:failed", (ctx) => void failed.push(ctx.execution?.error?.message));
    await expect(task.execute()).rejects.toThrow("the job has a bug");
    expect(failed).toEqual(["the job has a bug"]);
    const [start, end] = await checkInsOf(bridge);
    expect(end?.["status"]).toBe("error");
    const [error, ...more] = bridge.transport.errors();
    expect(more).toEqual([]);
    expect(error?.exception?.values[0]?.mechanism).toMatchObject({
      type: "auto.function.node-cron",
      handled: false,
    });
    expect(error?.tags).toEqual({ run: "1" });
    expect(start).toMatchObject({
      contexts: { trace: { trace_id: error?.contexts?.["trace"]?.["trace_id"] } },
    });
  });

  it("runs a job that is made inside a request outside of it", async () => {
    const bridge = startGlobal();
    const inside: unknown[] = [];
    const task = withIsolationScope(() =>
      bridge.tracer.startActiveSpan("request", (request) => {
        setTag("request", "1");
        const made = monitored.createTask(
          "* * * * *",
          () => {
            inside.push(
              getIsolationScope().data.tags,
              trace.getActiveSpan()?.spanContext().traceId,
            );
          },
          NIGHTLY,
        );
        inside.push(request.spanContext().traceId);
        request.end();
        return scheduled(made);
      }),
    );
    await task.execute();
    const [requestTrace, tags, jobTrace] = inside;
    expect(tags).toEqual({});
    expect(jobTrace).not.toBe(requestTrace);
    expect(await statusesOf(bridge)).toEqual(["in_progress", "ok"]);
  });

  it("keeps 8 overlapping runs apart", async () => {
    const bridge = startGlobal();
    const releases: (() => void)[] = [];
    const task = scheduled(
      monitored.createTask(
        "* * * * *",
        () => new Promise<void>((resolve) => void releases.push(resolve)),
        NIGHTLY,
      ),
    );
    const runs = Array.from({ length: 8 }, () => task.execute());
    await vi.waitFor(() => expect(releases).toHaveLength(8), 20_000);
    for (const release of releases.toReversed()) release();
    await Promise.all(runs);
    expect(byRun(await checkInsOf(bridge))).toEqual(
      Array.from({ length: 8 }, () => ["in_progress", "ok"]),
    );
  });

  it.each([
    ["0 30 3 * * *", { type: "crontab", value: "30 3 * * *" }, []],
    ["*/10 * * * * *", undefined, [expect.stringContaining("supports five, without seconds")]],
  ])("of a schedule with seconds (%s) tells Sentry %j", async (expression, schedule, warnings) => {
    const bridge = startGlobal();
    const task = scheduled(monitored.createTask(expression, ignore, NIGHTLY));
    await task.execute();
    const [start] = await checkInsOf(bridge);
    const config = start?.["monitor_config"] as { schedule?: unknown } | undefined;
    expect(config?.schedule).toEqual(schedule);
    expect(bridge.warnings).toEqual(warnings);
  });

  it("sends the time zone of the process for a job without one, as node-cron uses it", async () => {
    const bridge = startGlobal();
    const task = scheduled(monitored.createTask("* * * * *", ignore, { name: "nightly" }));
    await task.execute();
    const [start] = await checkInsOf(bridge);
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
    expect(start?.["monitor_config"]).toMatchObject({ timezone: timeZone });
  });

  it("without a name runs the job as it is, and says so", async () => {
    const bridge = startGlobal();
    const task = scheduled(monitored.createTask("* * * * *", () => 5));
    expect(await task.execute()).toBe(5);
    expect(await checkInsOf(bridge)).toEqual([]);
    expect(bridge.warnings).toEqual([expect.stringContaining("no `name`")]);
  });
});

describe("a background task of node-cron", () => {
  it("is looked for beside the file that names it, and runs unmonitored", async () => {
    const bridge = startGlobal();
    let path: string | undefined;
    const library = {
      schedule: (_expression: string, task: string) => {
        path = task;
      },
    };
    instrumentNodeCron(library).schedule("* * * * *", "./cron-background.mjs");
    expect(path).toBe(new URL("./cron-background.mjs", import.meta.url).href);
    expect(bridge.warnings).toEqual([expect.stringContaining("runs in another process")]);
  });
});
