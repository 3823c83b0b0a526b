import { ROOT_CONTEXT } from "@opentelemetry/api";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { DoctorObserver } from "../../src/doctor/observer.js";
import { captureMessage, createClient, setClient } from "../../src/index.js";
import { Scope } from "../../src/scope/scope.js";
import { SentrySpanProcessor } from "../../src/setup/otel-classes.js";
import { observation } from "../../src/support/observation.js";
import { createMemoryTransport } from "../../src/testing/memory-transport.js";

const transport = createMemoryTransport();
let observer = new DoctorObserver();
beforeEach(() => {
  observer = new DoctorObserver();
  observation.observer = observer;
});
afterEach(() => {
  observation.observer = undefined;
  observation.warnings.clear();
});

const LONG = "x".repeat(300);

function namesOf(...rules: readonly string[]): string[] {
  const evidence = rules.flatMap((rule) => observer.refused.seen(rule).evidence ?? []);
  return evidence.map(({ name }) => name);
}

it.each<[string, Record<string, string>, string]>([
  ["refused tags", { good: "1", bad: LONG, fine: "2", worse: LONG }, "set tag bad, tag worse"],
  ["a tag that has the value of before", { good: "1", known: LONG }, "set tag known"],
])("a call of setTags is shown with its %s only", (_, tags, expected) => {
  new Scope().setTag("known", LONG).setTags(tags);

  expect(namesOf("tagValue").at(-1)).toBe(expected);
});

it("a key is shown without secrets and without characters that control the terminal", () => {
  new Scope().setTag("\u001B[2J", LONG).setTag("password=hunter2", LONG);

  const names = namesOf("tagKey", "tagValue").join(" ");
  expect(names).toMatch(/^set tag/);
  expect(names).not.toContain("\u001B");
  expect(names).not.toContain("hunter2");
});

it("a value without a key is shown by its setter", () => {
  new Scope().setLevel("loud" as "error");

  expect(namesOf("level")).toEqual(["set level"]);
});

describe("a refused value that no setter was called with", () => {
  it("of a span's attribute is shown by the end of the span", async () => {
    const processor = new SentrySpanProcessor({ dsn: "http://key@127.0.0.1:9/1", transport });
    const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer("app");
    tracer.startSpan("job", { attributes: { "sentry.origin": "not valid!" } }, ROOT_CONTEXT).end();
    await processor.shutdown();

    expect(namesOf("origin")).toEqual([
      "ended the span, or captured the event, that has the value",
    ]);
    const [call] = observer.refused.seen("origin").evidence ?? [];
    expect(call?.at).toMatch(/refused-values\.test\.ts:\d+:\d+/);
  });

  it("of a transaction that was held is shown by no call: it is encoded when another root ends", async () => {
    const processor = new SentrySpanProcessor({
      dsn: "http://key@127.0.0.1:9/1",
      transport,
      beforeSendTransaction: (event) => ({ ...event, user: { id: {} } }),
    });
    const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer("app");
    for (let index = 0; index < 64; index += 1) tracer.startSpan("job", {}, ROOT_CONTEXT).end();
    await processor.shutdown();

    expect(observation.warnings.has("value:user")).toBe(true);
    expect(observer.refused.seen("user")).toEqual({});
  });

  it("of a hook is shown by the capture", async () => {
    const client = createClient({
      dsn: "http://key@127.0.0.1:9/1",
      transport,
      beforeSend: (event) => ({ ...event, user: { id: {} } }),
    });
    captureMessage("failed");
    await client.close();
    setClient(undefined);

    const [call] = observer.refused.seen("user").evidence ?? [];
    expect(call?.at).toMatch(/refused-values\.test\.ts:\d+:\d+/);
  });
});
