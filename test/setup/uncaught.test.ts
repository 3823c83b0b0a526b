import { describe, expect, it } from "vitest";

import { NO_PROPERTY, expectSameEnd, run, runBoth, startServer, textsOf } from "./uncaught-kit.js";

const EXCEPTION = { type: "auto.node.onuncaughtexception", handled: false };
const REJECTION = { type: "auto.node.onunhandledrejection", handled: false };

describe("an error that nobody handles is reported, and ends the process as it would have", () => {
  it.each([
    { failure: "thrown", value: "thrown", mechanism: EXCEPTION },
    { failure: "typeError", value: NO_PROPERTY, mechanism: EXCEPTION },
    { failure: "withFields", value: "with members", mechanism: EXCEPTION },
    { failure: "timer", value: NO_PROPERTY, mechanism: EXCEPTION },
    { failure: "tick", value: NO_PROPERTY, mechanism: EXCEPTION },
    { failure: "emitter", value: NO_PROPERTY, mechanism: EXCEPTION },
    { failure: "async", value: "in an async function", mechanism: REJECTION },
    { failure: "rejection", value: "rejection", mechanism: REJECTION },
  ])("$failure, of the unit that it arose in", async ({ failure, value, mechanism }) => {
    const both = await runBoth({ failure, handlers: ["exit"], isTraced: true });
    expectSameEnd(both);
    expect(both.ours.said).toEqual(["exit 1"]);
    expect(textsOf(both.events)).toEqual([["fatal", value]]);
    const [event] = both.events;
    expect(event?.exception?.values.at(-1)?.mechanism).toMatchObject(mechanism);
    expect(event?.user).toEqual({ id: "unit" });
    expect(event?.contexts?.trace?.trace_id).toBe(both.ours.traceId);
  });

  // Whose unit it is, is lost in Node before version 24.
  it("microtask", async () => {
    const both = await runBoth({ failure: "microtask" });
    expectSameEnd(both);
    expect(textsOf(both.events)).toEqual([["fatal", NO_PROPERTY]]);
  });

  it.each([
    { failure: "rejectedText", reason: "text" },
    { failure: "rejectedNothing", reason: "undefined" },
  ])("$failure, in Node's own words", async ({ failure, reason }) => {
    const both = await runBoth({ failure });
    expectSameEnd(both);
    const [event] = both.events;
    expect(event?.exception?.values[0]?.value).toContain(`with the reason "${reason}"`);
    expect(event?.level).toBe("fatal");
  });

  it.each([
    { failure: "text", value: "text" },
    { failure: "nothing", value: "null" },
  ])("$failure, which is no error", async ({ failure, value }) => {
    const both = await runBoth({ failure });
    expectSameEnd(both);
    expect(both.ours.stderr).toMatch(new RegExp(`^${value}\n`));
    expect(both.events[0]?.exception?.values[0]?.stacktrace).toBeUndefined();
    expect(textsOf(both.events)).toEqual([["fatal", value]]);
  });
});

// The time that the process would be held up for, where a test says that it is not. The bound lies far below it and far above
// what a process takes to start and end, on any machine.
const LONG_MILLIS = 120_000;
const NOT_HELD_UP_MILLIS = 40_000;

describe("before the process ends", () => {
  it("a slow server gets the event", async () => {
    const server = await startServer();
    server.respondWith({ delayMillis: 400 }, "always");
    const ending = await run({ failure: "typeError" }, server);
    expect(ending.exitCode).toBe(1);
    expect(textsOf(server.errors())).toEqual([["fatal", NO_PROPERTY]]);
  });

  it("a server that hangs is waited for no longer than `shutdownTimeoutMillis`", async () => {
    const server = await startServer();
    server.respondWith("stall", "always");
    const plan = { failure: "typeError", shutdownTimeoutMillis: 500 };
    const { plain, ours } = await runBoth(plan, server);
    expect(ours.exitCode).toBe(plain.exitCode);
    // What is lost is told before Node prints the error, in one line.
    const end = ours.stderr.indexOf("\n") + 1;
    expect(ours.stderr.slice(0, end)).toMatch(
      /^otel-sentry-bridge: Lost: 1 error could not be delivered/,
    );
    expectSameEnd({ plain, ours: { ...ours, stderr: ours.stderr.slice(end) } });
    expect(ours.millis).toBeGreaterThan(450);
    // The request's own deadline.
    expect(ours.millis).toBeLessThan(15_000);
  });

  it("an error that comes meanwhile is reported, too, and the process ends for the first", async () => {
    const server = await startServer();
    server.respondWith({ delayMillis: 200 }, "always");
    const ending = await run({ failure: "twice", handlers: ["exit"] }, server);
    expect([ending.exitCode, ending.said]).toEqual([1, ["exit 1"]]);
    expect(ending.stderr).toContain("Error: first");
    expect(ending.stderr).not.toContain(NO_PROPERTY);
    expect(textsOf(server.errors())).toEqual([
      ["fatal", "first"],
      ["fatal", NO_PROPERTY],
    ]);
  });

  it("no more than 20 of those are reported, and the process ends when they are sent", async () => {
    const server = await startServer();
    server.respondWith({ delayMillis: 300 }, "always");
    const plan = { failure: "often", shutdownTimeoutMillis: LONG_MILLIS };
    const ending = await run(plan, server);
    expect(ending.exitCode).toBe(1);
    expect(server.errors()).toHaveLength(21);
    expect(ending.millis).toBeLessThan(NOT_HELD_UP_MILLIS);
  });

  it("the application may exit meanwhile: with the code and the error of its failure", async () => {
    const server = await startServer();
    server.respondWith("stall", "always");
    const plan = {
      failure: "exitMeanwhile",
      handlers: ["exit"],
      shutdownTimeoutMillis: LONG_MILLIS,
    };
    const ending = await run(plan, server);
    expect(ending.exitCode).toBe(1);
    expect(ending.stderr).toContain(`TypeError: ${NO_PROPERTY}`);
    expect(ending.millis).toBeLessThan(NOT_HELD_UP_MILLIS);
  });
});

it("a client that was closed leaves no listener, and reports nothing", async () => {
  const both = await runBoth({ failure: "close" });
  expectSameEnd(both);
  expect(both.events).toEqual([]);
});

it("two copies of the package report it each, and the process ends once", async () => {
  const server = await startServer();
  server.respondWith({ delayMillis: 100 }, "always");
  const both = await runBoth(
    { failure: "typeError", handlers: ["exit"], hasOtherCopy: true },
    server,
  );
  expectSameEnd(both);
  expect(textsOf(both.events)).toEqual([
    ["fatal", NO_PROPERTY],
    ["fatal", NO_PROPERTY],
  ]);
});
