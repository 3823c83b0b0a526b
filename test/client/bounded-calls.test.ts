import { describe, expect, it } from "vitest";

import {
  addBreadcrumb,
  captureEvent,
  captureException,
  captureFeedback,
  captureMessage,
  continueTrace,
  createClient,
  getCurrentScope,
  getTraceMetaTags,
  isOptionsError,
  logger,
  metrics,
  withIsolationScope,
  withMonitor,
  withScope,
} from "../../src/index.js";
import { assertSettled } from "../../src/testing/testing.js";
import { startBridge } from "./bridge.js";

const MAX_LENGTH = 1_048_576;

/** A list whose fields are counted when they are read; it says that it has 2 ** 32 - 1. */
function countedList(): { list: string[]; reads: () => number } {
  let reads = 0;
  const list = new Proxy([] as string[], {
    get: (target, key, receiver) => {
      reads += 1;
      if (reads > 1_000_000) throw new Error("read without end");
      if (key === "length") return 2 ** 32 - 1;
      return typeof key === "string" && /^\d+$/.test(key)
        ? "x"
        : Reflect.get(target, key, receiver);
    },
  });
  return { list, reads: () => reads };
}

const LONG = "x".repeat(5_000_000);

describe("a list that has no end is read as far as it is kept", () => {
  it.each<[string, (list: never) => unknown]>([
    ["tags", (list) => withScope((scope) => scope.setTags(list))],
    ["extra", (list) => withScope((scope) => scope.setExtra("list", list))],
    ["extras", (list) => withScope((scope) => scope.setExtras(list))],
    ["attributes", (list) => withScope((scope) => scope.setAttributes(list))],
    ["a context", (list) => withScope((scope) => scope.setContext("list", list))],
    ["the user", (list) => withScope((scope) => scope.setUser(list))],
    ["a fingerprint", (list) => withScope((scope) => scope.setFingerprint(list))],
    ["a breadcrumb", (list) => addBreadcrumb({ data: { list } })],
    [
      "a hint",
      (list) =>
        captureException(new Error("hinted"), {
          tags: list,
          extra: list,
          contexts: list,
          fingerprint: list,
          attachments: list,
        }),
    ],
    ["a thrown value", (list) => captureException(list)],
    ["a cause", (list) => captureException(new Error("outer", { cause: list }))],
    ["errors of a group", (list) => captureException(new AggregateError([], "group", list))],
    ["an event's members", (list) => captureEvent({ fingerprint: list, extra: { list } })],
    ["an event", (list) => captureEvent(list)],
    ["feedback", (list) => captureFeedback(list)],
    ["a log's attributes", (list) => logger.info("log", list)],
    ["a log's attribute", (list) => logger.info("log", { list })],
    [
      "a log's parameters",
      (list) => logger.info({ message: "", template: "%s", parameters: list }),
    ],
    ["a metric's attributes", (list) => metrics.count("metric", 1, { attributes: list })],
    ["headers", (list) => continueTrace({ baggage: list, "sentry-trace": list }, () => 1)],
    ["headers of a page", (list) => getTraceMetaTags(list)],
  ])("%s", async (_what, call) => {
    const bridge = startBridge();
    const { list, reads } = countedList();
    call(list as never);
    expect(reads()).toBeLessThan(20_000);
    await bridge.client.flush();
    assertSettled(bridge.client);
  });
});

describe("a text of megabytes where a record is expected", () => {
  it("is not read as a record", async () => {
    const bridge = startBridge();
    const text = LONG as never;
    withScope((scope) => {
      scope.update({ tags: text, extra: text, contexts: text, attributes: text, user: text });
      scope.setTags(text).setExtras(text).setContext("text", text).setUser(text);
      expect(Object.keys(scope.data.tags)).toEqual([]);
      expect(Object.keys(scope.data.contexts)).toEqual([]);
    });
    captureException(new Error("hinted"), { tags: text, contexts: text });
    await bridge.client.flush();
    expect(bridge.transport.errors()).toHaveLength(1);
  });
});

it("an event of long texts arrives, with as much of them as Sentry takes", async () => {
  const bridge = startBridge();
  withScope((scope) => {
    scope.setTag("long", LONG).setTag(LONG, "long").setTransactionName(LONG).setExtra(LONG, LONG);
    scope.setUser({ id: LONG, email: LONG }).setFingerprint([LONG]).setContext(LONG, { LONG });
    addBreadcrumb({ message: LONG, category: LONG, type: LONG });
    captureMessage(LONG);
  });
  await bridge.client.flush();
  const [event] = bridge.transport.errors();
  expect(JSON.stringify(event).length).toBeLessThan(MAX_LENGTH);
  expect(event?.tags?.["long"]).toBe("x".repeat(200));
  expect(event?.transaction).toBe("x".repeat(200));
  assertSettled(bridge.client);
});

describe("what a hook returns", () => {
  it("may hold values that JSON cannot: the rest of the event arrives", async () => {
    const bridge = startBridge({
      beforeSend: (event) => {
        const cyclic: Record<string, unknown> = { count: 10n };
        cyclic["self"] = cyclic;
        Object.defineProperty(cyclic, "bad", {
          enumerable: true,
          get: () => {
            throw new Error("unreadable");
          },
        });
        return { ...event, extra: { cyclic }, tags: { kept: "yes" } };
      },
    });
    captureMessage("hooked");
    await bridge.client.flush();
    const [event] = bridge.transport.errors();
    expect(event?.tags).toEqual({ kept: "yes" });
    expect(event?.extra).toEqual({
      cyclic: { count: "[BigInt: 10]", self: "[Circular ~]", bad: "**non-serializable**" },
    });
    assertSettled(bridge.client);
  });

  it("is read as far as it is kept", async () => {
    const { list, reads } = countedList();
    const bridge = startBridge({
      beforeSend: (event) => ({ ...event, fingerprint: list, extra: { list, LONG } }),
    });
    captureMessage("hooked");
    await bridge.client.flush();
    expect(reads()).toBeLessThan(60_000);
    expect(JSON.stringify(bridge.transport.errors()[0]).length).toBeLessThan(MAX_LENGTH);
    assertSettled(bridge.client);
  });
});

it("contexts that are written at once share one bound", () => {
  const wide = Object.fromEntries(
    Array.from({ length: 900 }, (_, index) => [`k${index}`, "v".repeat(90)]),
  );
  const contexts = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`c${index}`, wide]),
  );
  withScope((scope) => {
    scope.update({ contexts });
    expect(JSON.stringify(getCurrentScope().data.contexts).length).toBeLessThan(120_000);
  });
});

/** An object whose prototypes are proxies without end, and how often one of them was asked for. */
function endlessPrototypes(target: object): { value: never; asked: () => number } {
  let count = 0;
  const next = (): object =>
    new Proxy(target, {
      getPrototypeOf: () => {
        count += 1;
        return next();
      },
    });
  return { value: next() as never, asked: () => count };
}

describe("an object whose prototypes have no end", () => {
  const targets = {
    "an object": {},
    "an array": [],
    "an error": new Error("e"),
    "a Map": new Map(),
  };
  const calls: Readonly<Record<string, (value: never) => unknown>> = {
    "a thrown value": (value) => captureException(value),
    "a cause": (value) => captureException(new Error("outer", { cause: value })),
    "a member of a group": (value) => captureException(new AggregateError([value])),
    "an event": (value) => captureEvent(value),
    "an event's members": (value) => captureEvent({ extra: { value }, contexts: { value } }),
    "a message": (value) => captureMessage(value),
    feedback: (value) => captureFeedback(value),
    "a hint": (value) => captureException(new Error("hinted"), value),
    "an attachment": (value) =>
      withScope((scope) => scope.addAttachment({ filename: "f", data: value })),
    "scope data": (value) =>
      withScope((scope) => scope.setContext("c", { value }).setExtra("e", value).setUser(value)),
    "a breadcrumb": (value) => addBreadcrumb({ data: { value }, timestamp: value }),
    "a log": (value) => logger.info(value, { value }),
    "a metric": (value) => metrics.count("m", 1, { attributes: { value } }),
    headers: (value) => continueTrace(value, () => value),
    "a header": (value) => continueTrace({ baggage: value, "sentry-trace": value }, () => value),
    "a job's signal": (value) => withMonitor("job", () => value, { signal: value }),
    "what a function returns": (value) => withIsolationScope(() => value),
    "an option": (value) => {
      expect(() => createClient({ dsn: false, ignoreErrors: [value] })).toThrow("ignoreErrors");
    },
    "an options error": (value) => isOptionsError(value),
  };
  it.each(Object.entries(calls))(
    "has only the nearest prototypes read: %s",
    async (_what, call) => {
      const bridge = startBridge({ beforeSend: (event) => event });
      for (const target of Object.values(targets)) {
        const { value, asked } = endlessPrototypes(target);
        call(value);
        expect(asked()).toBeLessThan(2000);
      }
      await bridge.client.flush();
      assertSettled(bridge.client);
    },
  );

  it("is no result of a hook that takes long", async () => {
    const { value, asked } = endlessPrototypes({});
    const bridge = startBridge({ beforeSend: () => value, beforeSendTransaction: () => value });
    captureMessage("hooked");
    bridge.tracer.startSpan("work").end();
    await bridge.client.flush();
    expect(asked()).toBeLessThan(2000);
    assertSettled(bridge.client);
  });
});
