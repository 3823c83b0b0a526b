import { describe, expect, it } from "vitest";

import { encodeCheckIn } from "../../src/crons/send-check-in.js";
import type { CheckIn, MonitorConfig } from "../../src/protocol/items.js";

const SCHEDULE = { type: "crontab", value: "0 3 * * *" } as const;
const IN_PROGRESS: CheckIn = { monitorSlug: "job", status: "in_progress" };

function configSent(config: unknown): { sent: unknown; problems: readonly string[] } {
  const { fields, problems } = encodeCheckIn(IN_PROGRESS, config as MonitorConfig);
  expect(fields).toMatchObject({ monitor_slug: "job", status: "in_progress" });
  return { sent: fields?.["monitor_config"], problems };
}

describe("a check-in's duration", () => {
  it.each([
    [0, 0],
    [1.5, 1.5],
    [-1, undefined],
    [Number.NaN, undefined],
    [Infinity, undefined],
    ["2" as unknown as number, undefined],
  ])("%j is sent as %j", (duration, sent) => {
    const { fields } = encodeCheckIn({ monitorSlug: "job", status: "ok", duration }, undefined);
    expect(fields?.["duration"]).toBe(sent);
  });
});

describe("a check-in's id", () => {
  it.each([
    ["c3a5f1c0d4a54c9d9f1c2b3a4d5e6f70", true],
    ["c3a5f1c0-d4a5-4c9d-9f1c-2b3a4d5e6f70", true],
    ["0".repeat(32), true],
    ["", false],
    ["run-1", false],
  ])("%j may be sent: %j", (checkInId, isSent) => {
    const { fields, problems } = encodeCheckIn({ ...IN_PROGRESS, checkInId }, undefined);
    expect(fields !== undefined).toBe(isSent);
    expect(problems).toHaveLength(isSent ? 0 : 1);
  });
});

describe("a monitor's configuration", () => {
  it("is sent in the protocol's words, with a schedule as Sentry reads it", () => {
    const config: MonitorConfig = {
      schedule: { type: "crontab", value: "0 3 * JAN MON" },
      checkinMargin: 5,
      maxRuntime: 30,
      timezone: "Europe/Vienna",
      failureIssueThreshold: 2,
      recoveryThreshold: 3,
      owner: "team:4",
    };
    expect(configSent(config)).toEqual({
      sent: {
        schedule: { type: "crontab", value: "0 3 * 1 1" },
        checkin_margin: 5,
        max_runtime: 30,
        timezone: "Europe/Vienna",
        failure_issue_threshold: 2,
        recovery_threshold: 3,
        owner: "team:4",
      },
      problems: [],
    });
    const schedule = { type: "interval", value: 2, unit: "hour" };
    expect(configSent({ schedule })).toEqual({ sent: { schedule }, problems: [] });
  });

  it.each([
    [{}, 'must be "crontab" or "interval"'],
    [{ schedule: null }, 'must be "crontab" or "interval"'],
    [{ schedule: { type: "crontab", value: 5 } }, "its crontab must be a string"],
    [
      { schedule: { type: "crontab", value: "*/10 * * * * *" } },
      'its crontab "*/10 * * * * *" has six fields; Sentry supports five, without seconds. Use minute, hour, ',
    ],
    [{ schedule: { type: "interval", value: 0, unit: "day" } }, "must be an integer above 0"],
    [{ schedule: { type: "interval", value: 1.5, unit: "day" } }, "must be an integer above 0"],
    [
      { schedule: { type: "interval", value: 1, unit: "second" } },
      "must be one of day, hour, minute",
    ],
    [
      { schedule: SCHEDULE, timezone: "Mars/Olympus" },
      'its time zone "Mars/Olympus" is unknown. Use a name',
    ],
    [{ schedule: SCHEDULE, timezone: "+01:00" }, 'its time zone "+01:00" is unknown'],
    [{ schedule: SCHEDULE, timezone: 1 }, "its time zone (of type number) is unknown"],
  ])("that says no time (%j) is left out, and the check-in is not: %s", (config, problem) => {
    expect(configSent(config)).toEqual({
      sent: undefined,
      problems: [expect.stringContaining(problem)],
    });
  });

  it.each([
    ["checkinMargin", 0],
    ["maxRuntime", 1.5],
    ["failureIssueThreshold", "2"],
    ["recoveryThreshold", -1],
    ["owner", 7],
  ])("goes without a %s of %j", (key, value) => {
    expect(configSent({ schedule: SCHEDULE, [key]: value })).toEqual({
      sent: { schedule: SCHEDULE },
      problems: [expect.stringContaining(`monitor job: \`${key}\` is not sent`)],
    });
  });

  it("that throws when it is read is left out", () => {
    const config = {
      get schedule(): never {
        throw new Error("hostile");
      },
    };
    expect(configSent(config)).toEqual({
      sent: undefined,
      problems: [expect.stringContaining("reading it threw an error")],
    });
  });
});
