import { describe, expect, it } from "vitest";

import type { Plan } from "./uncaught-kit.js";
import { NO_PROPERTY, expectSameEnd, runBoth, runModule, textsOf } from "./uncaught-kit.js";

describe("what the application has of its own behaves as without a client", () => {
  it.each<Plan & { readonly level?: string; readonly says: string }>([
    { failure: "typeError", handlers: ["exit", "exitCode"], says: "exit 1" },
    {
      failure: "typeError",
      handlers: ["monitor"],
      says: `monitor ${NO_PROPERTY} uncaughtException`,
    },
    {
      failure: "typeError",
      handlers: ["uncaughtException", "exit"],
      level: "error",
      says: "exit 0",
    },
    { failure: "typeError", handlers: ["captureCallback", "exit"], level: "error", says: "exit 0" },
    {
      failure: "rejection",
      handlers: ["uncaughtException"],
      level: "error",
      says: "uncaught rejection unhandledRejection",
    },
    {
      failure: "rejection",
      handlers: ["unhandledRejection"],
      level: "error",
      says: "rejection rejection",
    },
    {
      failure: "rejectedText",
      handlers: ["unhandledRejection"],
      level: "error",
      says: "rejection text",
    },
    { failure: "rejection", handlers: ["removedRejection", "exit"], says: "left 0" },
  ])("$handlers at $failure", async ({ level = "fatal", says, ...plan }) => {
    const both = await runBoth(plan);
    expectSameEnd(both);
    expect(both.ours.said).toContain(says);
    expect(both.events.map((event) => event.level)).toEqual([level]);
  });

  it("a listener that ends the process by itself does so in its own time", async () => {
    const { plain, ours } = await runBoth({ failure: "typeError", handlers: ["exitingException"] });
    expect([plain.exitCode, ours.exitCode]).toEqual([9, 9]);
  });

  it("a listener that throws what was rejected ends the process", async () => {
    const both = await runBoth({ failure: "rejection", handlers: ["throwingRejection", "exit"] });
    expectSameEnd(both);
    expect(textsOf(both.events)).toEqual([["error", "rejection"]]);
  });

  it("a listener that comes while the process is held up gets the error, and decides", async () => {
    const { plain, ours, events } = await runBoth({
      failure: "listensMeanwhile",
      handlers: ["monitor"],
    });
    expect([plain.exitCode, plain.said]).toEqual([1, ["monitor first uncaughtException"]]);
    expect(ours).toMatchObject({ exitCode: 0, stderr: "" });
    expect(ours.said).toContain("uncaught first uncaughtException");
    expect(textsOf(events)).toEqual([["fatal", "first"]]);
  });

  it("an error in an exit listener ends the process at once", async () => {
    const both = await runBoth({ failure: "inExit" });
    expectSameEnd(both);
    expect(both.ours.exitCode).toBe(both.plain.exitCode);
  });
});

const THROWS = `throw new Error("failed");`;
const REJECTS = `void Promise.reject(new Error("failed"));`;

function listenersThatSay(when: string): string {
  return `process.on("uncaughtExceptionMonitor", (error) => console.log("${when}", error.message));
    process.on("exit", (code) => console.log("${when}", code));`;
}

describe("as without a client ends", () => {
  it.each([
    { name: "an ES module", extension: "mjs", isWorker: false, failure: THROWS },
    { name: "a CommonJS module", extension: "cjs", isWorker: false, failure: THROWS },
    { name: "an ES module in a worker", extension: "mjs", isWorker: true, failure: REJECTS },
    { name: "a CommonJS module in a worker", extension: "cjs", isWorker: true, failure: THROWS },
  ] as const)("$name, with listeners from before and after", async ({ failure, ...plan }) => {
    const before = listenersThatSay("before");
    const after = `${listenersThatSay("after")}\n${failure}`;
    const both = await runModule({ ...plan, before, after });
    expectSameEnd(both);
    expect(both.ours.said.filter((text) => text === "after failed")).toHaveLength(1);
    expect(textsOf(both.events)).toEqual([["fatal", "failed"]]);
  });
});

describe("--unhandled-rejections", () => {
  it.each<Plan & { readonly levels: readonly string[] }>([
    { execArgv: ["--unhandled-rejections=strict"], failure: "rejection", levels: ["fatal"] },
    { execArgv: ["--unhandled-rejections=throw"], failure: "rejection", levels: ["fatal"] },
    { execArgv: ["--unhandled-rejections=warn"], failure: "rejection", levels: ["error"] },
    { execArgv: ["--unhandled-rejections", "none"], failure: "rejection", levels: ["error"] },
    { execArgv: ["--unhandled-rejections=warn-with-error-code"], failure: "rejection", levels: [] },
    {
      execArgv: ["--unhandled-rejections=warn-with-error-code"],
      handlers: ["unhandledRejection"],
      failure: "rejection",
      levels: ["error"],
    },
    {
      execArgv: ["--unhandled-rejections=strict"],
      handlers: ["unhandledRejection", "uncaughtException"],
      failure: "rejection",
      levels: ["error"],
    },
  ])("$execArgv with $handlers does what it does", async ({ levels, ...plan }) => {
    const both = await runBoth({ ...plan, handlers: [...(plan.handlers ?? []), "exit"] });
    expectSameEnd(both);
    expect(both.events.map((event) => event.level)).toEqual(levels);
  });

  it("lets an exception end the process where rejections do not", async () => {
    const both = await runBoth({
      failure: "thrown",
      execArgv: ["--unhandled-rejections=none"],
      handlers: ["exit"],
    });
    expectSameEnd(both);
    expect(textsOf(both.events)).toEqual([["fatal", "thrown"]]);
  });
});
