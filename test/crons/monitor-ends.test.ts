import { getEventListeners } from "node:events";

import { SpanStatusCode, trace } from "@opentelemetry/api";
import type { SpanProcessor } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";

import { setClient } from "../../src/index.js";
import { withMonitor } from "../../src/crons/monitor.js";
import { checkInsOf, sentCheckIns, startGlobal, statusesOf } from "./monitor-kit.js";

interface Job {
  readonly promise: Promise<string>;
  readonly resolve: (value: string) => void;
  readonly reject: (error: Error) => void;
}

function newJob(): Job {
  let settle: Pick<Job, "reject" | "resolve"> | undefined;
  const promise = new Promise<string>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return {
    promise,
    resolve: (value) => settle?.resolve(value),
    reject: (error) => settle?.reject(error),
  };
}

describe("a run of a monitored job", () => {
  it("has failed when it gives its span the status ERROR, and returns what it returns", async () => {
    const bridge = startGlobal();
    const result = withMonitor("job", () => {
      trace.getActiveSpan()?.setStatus({ code: SpanStatusCode.ERROR });
      return 5;
    });
    expect(result).toBe(5);
    expect(await statusesOf(bridge)).toEqual(["in_progress", "error"]);
  });

  it("has its configuration with both check-ins, of which either may get lost", async () => {
    const bridge = startGlobal();
    const schedule = { type: "interval", value: 1, unit: "hour" } as const;
    withMonitor("job", () => undefined, { schedule });
    const configs = (await checkInsOf(bridge)).map((sent) => sent["monitor_config"]);
    expect(configs).toEqual([{ schedule }, { schedule }]);
  });

  it("goes on without a configuration that Sentry could not use, and says so once", async () => {
    const bridge = startGlobal();
    const schedule = { type: "crontab", value: "*/5 * * * * *" } as const;
    withMonitor("job", () => undefined, { schedule });
    const configs = (await checkInsOf(bridge)).map((sent) => sent["monitor_config"]);
    expect(configs).toEqual([undefined, undefined]);
    expect(bridge.warnings).toEqual([expect.stringContaining("supports five, without seconds")]);
  });

  it("sends both check-ins to the client and in the context that it began with", async () => {
    const bridge = startGlobal();
    const job = newJob();
    const run = withMonitor("job", () => job.promise);
    setClient(undefined);
    job.resolve("done");
    await run;
    const [start, end] = await checkInsOf(bridge);
    expect(end).toMatchObject({ status: "ok", contexts: start?.["contexts"] });
  });
});

const LATE = new Error("late");

const BROKEN: SpanProcessor = {
  onStart: () => undefined,
  onEnd: () => {
    throw new Error("another processor");
  },
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};

describe("the signal of a run", () => {
  it.each<[string, (job: Job) => void, PromiseSettledResult<string>]>([
    ["resolves", (job) => job.resolve("late"), { status: "fulfilled", value: "late" }],
    ["rejects", (job) => job.reject(LATE), { status: "rejected", reason: LATE }],
  ])(
    "ends it as `error` at once; that the job %s later is told to its caller only",
    async (_how, settle, outcome) => {
      const bridge = startGlobal();
      const controller = new AbortController();
      const job = newJob();
      const run = withMonitor("job", () => job.promise, { signal: controller.signal });
      controller.abort();
      expect(await statusesOf(bridge)).toEqual(["in_progress", "error"]);
      settle(job);
      expect(await Promise.allSettled([run])).toEqual([outcome]);
      expect(await statusesOf(bridge)).toEqual(["in_progress", "error"]);
      expect(bridge.transport.transactions()[0]?.contexts.trace?.status).toBe("internal_error");
    },
  );

  it("that has aborted before ends it before it begins", async () => {
    const bridge = startGlobal();
    expect(withMonitor("job", () => 5, { signal: AbortSignal.abort() })).toBe(5);
    expect(await statusesOf(bridge)).toEqual(["in_progress", "error"]);
  });

  it("is heard by one listener for 100 runs, and by none after them", async () => {
    const bridge = startGlobal();
    const { signal } = new AbortController();
    const jobs = Array.from({ length: 100 }, newJob);
    const runs = jobs.map((job) => withMonitor("job", () => job.promise, { signal }));
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    for (const job of jobs) job.resolve("done");
    await Promise.all(runs);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    const ends = (await statusesOf(bridge)).filter((status) => status === "ok");
    expect(ends).toHaveLength(100);
  });

  it("ends all runs that share it, and those after it", async () => {
    const bridge = startGlobal();
    const controller = new AbortController();
    const { signal } = controller;
    const jobs = Array.from({ length: 5 }, newJob);
    const runs = jobs.map((job) => withMonitor("job", () => job.promise, { signal }));
    controller.abort();
    withMonitor("job", () => undefined, { signal });
    for (const job of jobs) job.resolve("late");
    await Promise.all(runs);
    const ends = (await statusesOf(bridge)).filter((status) => status !== "in_progress");
    expect(ends).toEqual(Array.from({ length: 6 }, () => "error"));
  });

  it("has nothing to do with what another processor throws at the end of the run's span", async () => {
    const bridge = startGlobal({}, { after: [BROKEN] });
    const controller = new AbortController();
    const job = newJob();
    const run = withMonitor("job", () => job.promise, { signal: controller.signal });
    controller.abort();
    job.resolve("late");
    expect(await run).toBe("late");
    expect(await statusesOf(bridge)).toEqual(["in_progress", "error"]);
    expect(bridge.warnings).toEqual([expect.stringContaining("could not be ended")]);
  });

  it("of a wrong type is ignored", async () => {
    const bridge = startGlobal();
    const signal = {} as AbortSignal;
    expect(withMonitor("job", () => 5, { signal })).toBe(5);
    expect(await statusesOf(bridge)).toEqual(["in_progress", "ok"]);
  });
});

describe("runs that have not ended when the client is closed", () => {
  it("have failed; what becomes of them later is no second end", async () => {
    const bridge = startGlobal();
    const jobs = Array.from({ length: 3 }, newJob);
    const runs = jobs.map((job) => withMonitor("job", () => job.promise));
    withMonitor("job", () => undefined);
    await bridge.client.close();
    for (const job of jobs) job.resolve("late");
    expect(await Promise.all(runs)).toEqual(["late", "late", "late"]);
    const ends = sentCheckIns(bridge.transport).map(({ status }) => status);
    // Check-ins of different runs come in any order.
    expect(ends.filter((status) => status === "ok")).toHaveLength(1);
    expect(ends.filter((status) => status === "error")).toHaveLength(3);
    expect(bridge.transport.transactions()).toHaveLength(4);
    expect(bridge.client.stats().byCategory.monitor).toMatchObject({ captured: 8, sent: 8 });
  });

  it("are not touched by a flush", async () => {
    const bridge = startGlobal();
    const job = newJob();
    const run = withMonitor("job", () => job.promise);
    expect(await statusesOf(bridge)).toEqual(["in_progress"]);
    job.resolve("done");
    await run;
    expect(await statusesOf(bridge)).toEqual(["in_progress", "ok"]);
  });

  it("are remembered up to 1000", async () => {
    const bridge = startGlobal();
    const jobs = Array.from({ length: 1001 }, newJob);
    for (const job of jobs) void withMonitor("job", () => job.promise);
    await bridge.client.close();
    const ends = sentCheckIns(bridge.transport).map(({ status }) => status);
    expect(ends.filter((status) => status === "error")).toHaveLength(1000);
    for (const job of jobs) job.resolve("done");
  });
});
