import { trace } from "@opentelemetry/api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { getIsolationScope, setTag } from "../../src/index.js";
import { captureCheckIn, monitor, withMonitor } from "../../src/crons/monitor.js";
import { startBridge } from "../client/bridge.js";
import { byRun, checkInsOf, startGlobal } from "./monitor-kit.js";
import { forgetFaults } from "../support/fault-kit.js";

beforeEach(forgetFaults);

const CONFIG = {
  schedule: { type: "crontab", value: "0 3 * * *" },
  checkinMargin: 5,
  maxRuntime: 30,
  timezone: "Europe/Vienna",
} as const;

describe("captureCheckIn", () => {
  it("sends what the protocol asks for", async () => {
    const bridge = startBridge({ release: "shop@2", environment: "production" });
    const checkInId = captureCheckIn({ monitorSlug: "nightly", status: "in_progress" }, CONFIG);
    captureCheckIn({ monitorSlug: "nightly", status: "ok", checkInId, duration: 2.5 });
    const common = {
      check_in_id: checkInId,
      monitor_slug: "nightly",
      release: "shop@2",
      environment: "production",
      contexts: { trace: expect.anything() },
    };
    expect(await checkInsOf(bridge)).toEqual([
      {
        ...common,
        status: "in_progress",
        monitor_config: {
          schedule: CONFIG.schedule,
          checkin_margin: 5,
          max_runtime: 30,
          timezone: "Europe/Vienna",
        },
      },
      { ...common, status: "ok", duration: 2.5 },
    ]);
    expect(bridge.client.stats().byCategory.monitor).toMatchObject({ captured: 2, sent: 2 });
  });

  it.each([
    { monitorSlug: "", status: "ok" as const },
    { monitorSlug: " ", status: "ok" as const },
    { monitorSlug: "job", status: "done" as "ok" },
    { monitorSlug: "job", status: "ok" as const, checkInId: "run-1" },
  ])("tells of one that Sentry could not use, and does not send it: %o", async (checkIn) => {
    const bridge = startBridge();
    const known = "checkInId" in checkIn ? checkIn.checkInId : undefined;
    expect(captureCheckIn(checkIn)).toMatch(known ?? /^[0-9a-f]{32}$/);
    expect(await checkInsOf(bridge)).toEqual([]);
    expect(bridge.warnings).toEqual([expect.stringContaining("an invalid check-in was not sent")]);
  });
});

afterEach(() => trace.disable());

describe("a run of a monitor with an invalid slug", () => {
  it.each([
    ["Nightly Report", "nightly-report"],
    ["a".repeat(60), /^a{41}-[0-9a-f]{8}$/],
  ])(
    "is sent for a valid one, both check-ins for the same, with one warning: %s",
    async (slug, sent) => {
      const bridge = startBridge();
      withMonitor(slug, () => undefined, CONFIG);
      const checkIns = await checkInsOf(bridge);
      const slugs = new Set(checkIns.map(({ monitor_slug }) => monitor_slug));
      expect(checkIns).toHaveLength(2);
      expect([...slugs]).toEqual([expect.stringMatching(sent)]);
      expect(bridge.warnings).toEqual([expect.stringContaining("the monitor slug")]);
      expect(bridge.client.stats().byCategory.monitor).toMatchObject({ captured: 2, sent: 2 });
    },
  );
});

describe("withMonitor", () => {
  it("ends the run of an iterator when the function returns it", async () => {
    const bridge = startGlobal();
    const parts = withMonitor("parts", function* parts() {
      yield 1;
    });
    const sent = await checkInsOf(bridge);
    expect(sent.map(({ status }) => status)).toEqual(["in_progress", "ok"]);
    expect([...parts]).toEqual([1]);
  });

  it("sends a pair of one id around a run, which has a unit and a trace of its own", async () => {
    const bridge = startGlobal();
    let inside: string | undefined;
    bridge.tracer.startActiveSpan("request", (request) => {
      const result = withMonitor("job", () => {
        setTag("run", "1");
        inside = trace.getActiveSpan()?.spanContext().traceId;
        return 5;
      });
      expect(result).toBe(5);
      expect(getIsolationScope().data.tags).toEqual({});
      expect(inside).not.toBe(request.spanContext().traceId);
      request.end();
    });
    const [start, end] = await checkInsOf(bridge);
    expect(start).toMatchObject({
      status: "in_progress",
      contexts: { trace: { trace_id: inside } },
    });
    expect(end).toMatchObject({ status: "ok", check_in_id: start?.["check_in_id"] });
    expect(end?.["duration"]).toBeGreaterThanOrEqual(0);
    const run = bridge.transport.transactions().find(({ transaction }) => transaction === "job");
    expect(run?.tags).toEqual({ run: "1" });
    expect(run?.contexts.trace).toMatchObject({ op: "cron", trace_id: inside });
  });

  it.each([
    [
      "throws",
      (): never => {
        throw new Error("job");
      },
    ],
    ["rejects", (): Promise<never> => Promise.reject(new Error("job"))],
  ])("of a run that %s passes the error on and ends with `error`", async (_how, fn) => {
    const bridge = startGlobal();
    await expect((async () => withMonitor("job", fn))()).rejects.toThrow("job");
    expect((await checkInsOf(bridge)).map(({ status }) => status)).toEqual([
      "in_progress",
      "error",
    ]);
  });

  it("of 100 overlapping runs sends 100 pairs, none mixed", async () => {
    const bridge = startGlobal();
    const releases: (() => void)[] = [];
    const runs = Array.from({ length: 100 }, (_, index) =>
      withMonitor("job", async () => {
        await new Promise<void>((resolve) => {
          releases.push(resolve);
        });
        if (index % 3 === 0) throw new Error("every third");
      }),
    );
    for (const release of releases.toReversed()) release();
    await Promise.allSettled(runs);
    const ends = byRun(await checkInsOf(bridge)).map(([first, last, ...more]) => {
      expect([first, more]).toEqual(["in_progress", []]);
      return last;
    });
    expect(ends.filter((end) => end === "error")).toHaveLength(34);
    expect(ends.filter((end) => end === "ok")).toHaveLength(66);
  });
});

describe("monitor", () => {
  it("makes a job of a function, whose calls are runs with their own arguments and `this`", async () => {
    const bridge = startGlobal();
    class Store {
      readonly name = "shop";
      backUp = monitor(
        "back-up",
        CONFIG,
      )(async function backUp(this: Store, ...parts: string[]) {
        return Promise.resolve([this.name, ...parts]);
      });
    }
    expect(await new Store().backUp("users", "orders")).toEqual(["shop", "users", "orders"]);
    const [start, end] = await checkInsOf(bridge);
    expect(start).toMatchObject({ status: "in_progress", monitor_slug: "back-up" });
    expect(start?.["monitor_config"]).toMatchObject({ schedule: CONFIG.schedule });
    expect(end).toMatchObject({ status: "ok", check_in_id: start?.["check_in_id"] });
  });
});

describe("a configuration that Sentry could not use", () => {
  it.each([
    [
      { schedule: { type: "crontab" as const, value: "*/10 * * * * *" } },
      'its crontab "*/10 * * * * *" has six fields; Sentry supports five, without seconds. Use minute, hour,',
    ],
    [
      { schedule: { type: "crontab" as const, value: "every day" } },
      'its crontab "every day" does not have five fields. Use minute, hour,',
    ],
    [
      { schedule: { type: "crontab" as const, value: "0 3 * * *" }, timezone: "Vienna" },
      'its time zone "Vienna" is unknown. Use a name from the IANA time zone database',
    ],
  ])("is one set-up fault, however often the job runs: %o", (config, problem) => {
    const bridge = startGlobal();
    withMonitor("job", () => {}, config);
    withMonitor("job", () => {}, config);
    expect(bridge.warnings).toEqual([
      expect.stringContaining(
        `monitor job: its check-ins are sent without a schedule, so Sentry does not detect missed runs: ${problem}`,
      ),
    ]);
  });
});
