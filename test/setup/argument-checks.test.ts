import { currentDiagnostics } from "../../src/context/global-client.js";
import { DiagLogLevel, ROOT_CONTEXT, diag } from "@opentelemetry/api";
import { describe, expect, it, onTestFinished } from "vitest";

import { publicFunctions } from "../../src/setup/public-functions.js";
import { DSN, startBridge } from "../client/bridge.js";

type Doors = typeof publicFunctions;
type DoorName =
  | Exclude<keyof Doors, "logger" | "metrics">
  | `logger.${keyof Doors["logger"]}`
  | `metrics.${keyof Doors["metrics"]}`;

/** Arguments that make no sense, what the message says is needed, and what it says was given. */
type Nonsense = readonly [args: readonly unknown[], wanted: string, got: string];

const ordinary = (): number => 1;
const notRun: Nonsense = [[undefined], "a function as its first argument", "undefined"];
const noContext: Nonsense = [["context"], "an OpenTelemetry context", "a string"];
const noLogAttributes: Nonsense = [
  ["message", 5],
  "an object or nothing as its second",
  "a number",
];
const noMetricName: Nonsense = [[Symbol("name"), 1], "a string as its first", "a symbol"];
const noHint: Nonsense = [[new Error("e"), 7], "an object, a function or nothing", "a number"];
const noName: Nonsense = [[{}, 1], "a string as its first argument", "an object"];
const noFields: Nonsense = [["text"], "an object as its first argument", "a string"];
const noLibrary = (kind: string): Nonsense => [[null, "slug"], kind, "null"];
const noTimeout: Nonsense = [["soon"], "a number of milliseconds", "a string"];

// A function without an argument that could be wrong is listed with none.
const NONSENSE: Readonly<Record<DoorName, readonly Nonsense[]>> = {
  addBreadcrumb: [noFields],
  addEventProcessor: [notRun, [[{}], "a function", "an object"]],
  attachToGlobalProvider: [[[{}], "no `onStart` and `onEnd`", "not a span processor"]],
  bindContext: [notRun, [[[1]], "a function", "an array"]],
  captureCheckIn: [[[5], "", "check-in"]],
  captureEvent: [
    [[5], "it is not an object", ""],
    [[{}, "hint"], "an object, a function or nothing as its second", "a string"],
  ],
  captureException: [noHint],
  captureFeedback: [[[5], "captureFeedback did not send the feedback", ""]],
  captureHandlerError: [noHint],
  captureMessage: [
    [[undefined], "a string as its first argument", "undefined"],
    [["m", 5], "a level, an object", "a number"],
  ],
  close: [noTimeout, [[-1], "not negative", "a number"]],
  continueTrace: [
    [[{}, "fn"], "a function as its second argument", "a string"],
    [["headers", ordinary], "an object as its first argument", "a string"],
  ],
  continueTraceFromEnvironment: [notRun],
  // It throws an error that names the option.
  createClient: [],
  flush: [noTimeout, [[10n], "a number of milliseconds", "a bigint"]],
  forkIsolation: [
    noContext,
    [[ROOT_CONTEXT, 5], "a function or nothing as its second", "a number"],
  ],
  forkScope: [noContext, [[ROOT_CONTEXT, {}], "a function or nothing as its second", "an object"]],
  getClient: [],
  getCurrentScope: [noContext],
  getGlobalScope: [],
  getIsolationScope: [noContext],
  getTraceHeaders: [noContext],
  getTraceMetaTags: [[["html"], "an object or nothing", "a string"]],
  instrumentCron: [noLibrary("the class `CronJob`")],
  instrumentNodeCron: [noLibrary("the library `node-cron`")],
  instrumentNodeSchedule: [noLibrary("the library `node-schedule`")],
  isInitialized: [],
  isOptionsError: [],
  lastEventId: [],
  "logger.debug": [noLogAttributes],
  "logger.error": [noLogAttributes],
  "logger.fatal": [noLogAttributes],
  "logger.fmt": [],
  "logger.info": [noLogAttributes],
  "logger.trace": [noLogAttributes],
  "logger.warn": [noLogAttributes],
  "metrics.count": [
    noMetricName,
    [["m", 1, "unit"], "an object or nothing as its third", "a string"],
  ],
  "metrics.distribution": [noMetricName],
  "metrics.gauge": [noMetricName],
  // Whether what it returns is given a function is seen when that is called.
  monitor: [],
  setAttribute: [noName],
  setAttributes: [noFields],
  setClient: [[[{}], "a value that is not a client", ""]],
  setContext: [noName, [["name", 5], "an object or null as its second argument", "a number"]],
  setExtra: [noName],
  setExtras: [noFields],
  setTag: [noName],
  setTags: [noFields],
  setUser: [[["ada"], "an object or null", "a string"]],
  startNewTrace: [notRun],
  stats: [],
  suppressTracing: [notRun],
  traceEnvironment: [[["env"], "an object or nothing", "a string"]],
  withIsolationScope: [notRun],
  withMonitor: [[["job", "fn"], "a function as its second argument", "a string"]],
  withScope: [notRun, [[Promise.resolve()], "a function as its first argument", "an object"]],
};

function doorOf(name: string): (...args: unknown[]) => unknown {
  const field = name
    .split(".")
    .reduce<unknown>((holder, key) => Reflect.get(Object(holder), key), publicFunctions);
  return field as (...args: unknown[]) => unknown;
}

function ignore(): void {}

function renderPage(): void {
  doorOf("setTags")(5);
}

function warnings(): string[] {
  const messages: string[] = [];
  const log = (message: string): void => void messages.push(message);
  diag.setLogger(
    { error: log, warn: log, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true },
  );
  onTestFinished(() => diag.disable());
  return messages;
}

function bridgeWarnings(): string[] {
  startBridge({ dsn: DSN });
  return warnings();
}

function flatNames(): string[] {
  return Object.entries(publicFunctions).flatMap(([name, field]) =>
    typeof field === "function" ? [name] : Object.keys(field).map((key) => `${name}.${key}`),
  );
}

it("the table names every function of the package", () => {
  expect(Object.keys(NONSENSE).toSorted()).toEqual(flatNames().toSorted());
});

const cases = Object.entries(NONSENSE).flatMap(([name, all]) =>
  all.map(([args, wanted, got]) => ({ name, args, wanted, got })),
);

describe("a function that is given nonsense says once what it needs and what it got", () => {
  it.each(cases)("$name: $wanted", async ({ name, args, wanted, got }) => {
    const messages = bridgeWarnings();
    await doorOf(name)(...args);
    const about = messages.filter((message) => message.includes(wanted) && message.includes(got));
    expect(about).toHaveLength(1);
    await doorOf(name)(...args);
    expect(messages.filter((message) => message === about[0]).length).toBeLessThanOrEqual(
      name === "attachToGlobalProvider" ? 2 : 1,
    );
  });

  it("and where it was called", () => {
    const messages = bridgeWarnings();
    renderPage();
    expect(messages).toEqual([
      expect.stringMatching(
        /^otel-sentry-bridge: `setTags`, called at renderPage \(.*argument-checks\.test\.ts:\d+:\d+\), needs an object as its first argument but got a number: the call has no effect\. Correct the call$/,
      ),
    ]);
  });

  it("runs nothing, and returns what a function of its kind returns", () => {
    bridgeWarnings();
    const fork = doorOf("withScope");
    expect(fork("no function")).toBeUndefined();
    expect(doorOf("bindContext")(5)).toBe(5);
    expect(publicFunctions.monitor("job")(5 as never)).toBe(5);
  });

  it("also where there is no client", () => {
    const messages = warnings();
    publicFunctions.setClient(undefined);
    doorOf("setTags")(5);
    doorOf("withIsolationScope")(null);
    expect(messages.filter((message) => message.includes("as its first argument"))).toHaveLength(2);
  });
});

it("says nothing about arguments that are left out, or of the right kind", async () => {
  const messages = bridgeWarnings();
  publicFunctions.setUser(null);
  publicFunctions.setContext("name", null);
  publicFunctions.setTag("key", undefined);
  publicFunctions.captureException(new Error("e"));
  publicFunctions.captureException(new Error("e"), (scope) => scope.setTag("a", "b"));
  publicFunctions.captureMessage("m", "warning");
  publicFunctions.captureMessage("m", { tags: { a: "b" } });
  publicFunctions.logger.info("m");
  publicFunctions.logger.info("m", { a: 1 });
  publicFunctions.metrics.count("name");
  publicFunctions.getCurrentScope();
  publicFunctions.getIsolationScope(ROOT_CONTEXT);
  publicFunctions.forkScope(ROOT_CONTEXT, (scope) => scope.setTag("a", "b"));
  publicFunctions.getTraceHeaders();
  publicFunctions.continueTrace({}, ordinary);
  publicFunctions.withScope(ordinary);
  publicFunctions.traceEnvironment();
  await publicFunctions.flush();
  await publicFunctions.flush(Infinity);
  expect(messages.filter((message) => message.includes(" needs "))).toEqual([]);
});

it("a wrong argument and a failure of the same function are kinds of their own", () => {
  publicFunctions.setTag(5 as never, "value");
  expect(currentDiagnostics().counts()).toMatchObject({ "argument:setTag": expect.any(Number) });
  expect(currentDiagnostics().counts()["call:setTag"]).toBeUndefined();
});

it("a client that is none of this package's makes no function throw", async () => {
  const messages = warnings();
  publicFunctions.setClient({ core: { captureTransaction: ordinary } } as never);
  expect([await publicFunctions.flush(), await publicFunctions.close()]).toEqual([false, false]);
  expect(publicFunctions.stats()).toBeUndefined();
  publicFunctions.setClient(undefined);
  expect(messages.filter((message) => message.includes("`flush` failed"))).toHaveLength(1);
});
