import { describe, expect, it } from "vitest";

import {
  addBreadcrumb,
  captureEvent,
  captureException,
  captureFeedback,
  captureMessage,
  logger,
  metrics,
  withScope,
} from "../../src/index.js";
import { attachmentItems } from "../../src/client/attachments.js";
import { assertSettled } from "../../src/testing/testing.js";
import { startBridge } from "./bridge.js";

const numbered = <T>(count: number, valueOf: (index: number) => T): Record<string, T> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, valueOf(index)]));

/** An object of 1000 properties, of which each read is counted. */
function countedObject(): { value: object; reads: () => number } {
  let reads = 0;
  const properties = numbered(1000, () => ({
    enumerable: true,
    get: () => {
      reads += 1;
      return "x";
    },
  }));
  return { value: Object.defineProperties({}, properties), reads: () => reads };
}

const PARAMETER = "sentry.message.parameter.";

/** All that one call reads of the application's objects, however many it is given. */
const MAX_READS = 20_000;

describe("the values of one call share one bound", () => {
  const calls: Readonly<Record<string, (many: Record<string, object>) => unknown>> = {
    "an event": (many) => captureEvent({ extra: many, contexts: { many }, tags: many as never }),
    "a hint": (many) => captureMessage("hinted", { extra: many, contexts: many, attributes: many }),
    "a log's attributes": (many) => logger.info("log", many),
    "a log's message": (many) => logger.fmt(["a"] as never, ...Object.values(many)),
    "a log's parameters": (many) =>
      logger.info("log", {
        "sentry.message.template": "%s",
        ...Object.fromEntries(Object.entries(many).map(([key, value]) => [PARAMETER + key, value])),
      }),
    "a metric's attributes": (many) => metrics.count("metric", 1, { attributes: many }),
    "scope data": (many) => withScope((scope) => scope.setExtras(many)),
    "a breadcrumb": (many) => addBreadcrumb({ data: many }),
    "a thrown value": (many) => captureException(many),
  };
  it.each(Object.entries(calls))("%s", async (_what, call) => {
    const bridge = startBridge();
    const { value, reads } = countedObject();
    call(numbered(200, () => value));
    expect(reads()).toBeLessThan(MAX_READS);
    await bridge.client.flush();
    assertSettled(bridge.client);
  });
});

describe("of long texts, few are read in one call", () => {
  const long = numbered(50, (index) => `${index}`.padEnd(1_000_000, "x"));

  it("of tags", () => {
    withScope((scope) => {
      scope.setTags(long);
      expect(Object.keys(scope.data.tags).length).toBeLessThan(4);
      scope.setTags({ short: "tag" });
      expect(scope.data.tags).toHaveProperty("short", "tag");
    });
  });

  it("of feedback", async () => {
    const bridge = startBridge();
    const text = "x".repeat(3_000_000);
    captureFeedback({ message: text, name: "Ada", email: text, url: text, source: text });
    await bridge.client.flush();
    const feedback = bridge.transport.envelopes
      .flatMap(({ items }) => items)
      .find(({ header }) => header.type === "feedback");
    const { contexts } = JSON.parse(Buffer.from(feedback?.payload ?? []).toString()) as {
      contexts: { feedback: object };
    };
    expect(Object.keys(contexts.feedback)).toEqual(["message", "name"]);
  });

  it("of names of attachments", () => {
    const secret = "token=a&password=b&".repeat(200);
    const { items, refused } = attachmentItems(
      Array.from({ length: 100 }, () => ({ filename: secret, data: "x" })),
    );
    expect([items.length, refused]).toEqual([100, 0]);
    const names = items.map(({ headerJson }) => headerJson.length);
    expect(names.filter((length) => length > 100).length).toBeLessThan(30);
    for (const { headerJson } of items) expect(headerJson).not.toMatch(/=[ab]/);
  });
});

describe("values that `toJSON` makes count for their size", () => {
  const large = numbered(20_000, () => 1);
  it.each<[string, (made: object) => unknown]>([
    ["of which nothing is read", (made) => ({ a: { b: made } })],
    ["of which some is read", (made) => made],
  ])("also those %s", (_what, place) => {
    for (const result of [large, Object.values(large), "x".repeat(3_000_000)]) {
      let calls = 0;
      const made = {
        toJSON: () => ((calls += 1), typeof result === "string" ? result : structuredClone(result)),
      };
      withScope((scope) => scope.setExtras(numbered(50, () => place({ ...made }))));
      expect(calls).toBeLessThan(5);
    }
  });
});

it("an event that is too large is made smaller, its texts last", async () => {
  const text = "\u20AC".repeat(10_000);
  const bridge = startBridge({
    beforeSend: (event) => ({
      ...event,
      extra: { text },
      contexts: { ...event.contexts, many: numbered(60, () => text) },
    }),
  });
  captureMessage("large");
  await bridge.client.flush();
  const [event] = bridge.transport.errors();
  expect(event).not.toHaveProperty("extra");
  expect(event?.contexts?.["many"]).toEqual(numbered(60, () => `${"\u20AC".repeat(1021)}...`));
  expect(event?.contexts).toHaveProperty("trace");
});
