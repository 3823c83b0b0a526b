import { ROOT_CONTEXT } from "@opentelemetry/api";
import { describe, expect, it, vi } from "vitest";

import { addBreadcrumb, captureException, forkIsolation } from "../../src/index.js";
import type { ClientOptions, TransactionEvent } from "../../src/index.js";
import { startBridge } from "../client/bridge.js";
import type { Bridge } from "../client/bridge.js";
import { throwing } from "./propagation-kit.js";

const PREFIX = "otel-sentry-bridge:";

function ours({ warnings }: Bridge): string[] {
  return warnings.filter((text) => text.startsWith(PREFIX));
}

async function run(bridge: Bridge, times: number = 3): Promise<void> {
  for (let count = 0; count < times; count++) {
    const root = bridge.tracer.startSpan(`root ${count}`);
    bridge.child(root, "one").end();
    bridge.child(root, "two").end();
    root.end();
  }
  await bridge.client.flush();
}

async function rejecting(): Promise<never> {
  throw new Error("not ours");
}

describe("a callback that throws is caught and logged once:", () => {
  it("tracesSampler is ignored", async () => {
    const bridge = startBridge({ tracesSampler: throwing });
    await run(bridge);
    expect(bridge.transport.transactions()).toHaveLength(3);
    expect(ours(bridge)).toEqual([expect.stringContaining("tracesSampler")]);
  });

  it("beforeSendSpan leaves the span as it was", async () => {
    const bridge = startBridge({
      beforeSendSpan(span) {
        span.description = "half changed";
        throw new Error("not ours");
      },
    });
    await run(bridge);
    const names = bridge.transport
      .transactions()
      .flatMap(({ spans }) => spans.map(({ description }) => description));
    expect(names).toEqual(["one", "two", "one", "two", "one", "two"]);
    expect(ours(bridge)).toEqual([expect.stringContaining("beforeSendSpan")]);
  });

  it("beforeSendTransaction drops and counts its own transaction only", async () => {
    const bridge = startBridge({
      beforeSendTransaction: (event) => (event.transaction === "root 1" ? throwing() : event),
    });
    await run(bridge);
    expect(bridge.transport.transactions().map(({ transaction }) => transaction)).toEqual([
      "root 0",
      "root 2",
    ]);
    expect(bridge.client.stats().spans).toMatchObject({
      started: 9,
      sent: 6,
      dropped: { before_send: 3 },
    });
    expect(bridge.client.stats().transactions.dropped).toEqual({ before_send: 1 });
    expect(ours(bridge)).toEqual([expect.stringContaining("beforeSendTransaction")]);
  });

  it("beforeSend drops and counts its own error only", async () => {
    const bridge = startBridge({ beforeSend: throwing });
    expect(() => captureException(new Error("one"))).not.toThrow();
    captureException(new Error("two"));
    await run(bridge, 1);
    expect(bridge.transport.errors()).toEqual([]);
    expect(bridge.client.stats().errors.dropped).toEqual({ before_send: 2 });
    expect(bridge.transport.transactions()).toHaveLength(1);
    expect(ours(bridge)).toEqual([expect.stringContaining("beforeSend")]);
  });

  it("beforeBreadcrumb leaves the breadcrumb as it was", async () => {
    const bridge = startBridge({ beforeBreadcrumb: throwing });
    addBreadcrumb({ message: "hostile-callbacks: kept" });
    addBreadcrumb({ message: "hostile-callbacks: kept too" });
    captureException(new Error("with breadcrumbs"));
    await bridge.client.flush();
    const messages = bridge.transport.errors()[0];
    expect(JSON.stringify(messages?.breadcrumbs)).toContain("hostile-callbacks: kept too");
    expect(ours(bridge)).toEqual([expect.stringContaining("beforeBreadcrumb")]);
  });
});

describe("a callback that is asynchronous", () => {
  it.each<[string, ClientOptions]>([
    ["tracesSampler", { tracesSampler: rejecting as never }],
    ["beforeSendSpan", { beforeSendSpan: rejecting as never }],
    ["beforeSendTransaction", { beforeSendTransaction: rejecting }],
    ["beforeSend", { beforeSend: rejecting }],
    ["beforeBreadcrumb", { beforeBreadcrumb: rejecting as never }],
  ])("and rejects (%s) does not end the process by an unhandled rejection", async (_, options) => {
    const unhandled = vi.fn<() => void>();
    process.on("unhandledRejection", unhandled);
    const bridge = startBridge(options);
    addBreadcrumb({ message: "before" });
    captureException(new Error("one"));
    await run(bridge);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    expect(ours(bridge)).toHaveLength(1);
  });
});

describe("a callback that returns garbage", () => {
  const garbage: [string, unknown][] = [
    ["undefined", undefined],
    ["a number", 5],
    ["a text", "event"],
    ["true", true],
    ["an empty object", {}],
    ["a list", []],
    ["a promise of a number", Promise.resolve(5)],
    ["a function", throwing],
  ];

  // A promise is a fault in the set-up, reported once per process: see async-hooks.test.ts.
  const notAwaited = garbage.filter(([, value]) => !(value instanceof Promise));

  it.each(notAwaited)("beforeSendSpan: %s leaves the span as it was", async (_, value) => {
    const bridge = startBridge({ beforeSendSpan: () => value as never });
    await run(bridge);
    expect(bridge.client.stats().spans).toMatchObject({ started: 9, sent: 9 });
    expect(ours(bridge)).toHaveLength(1);
  });

  it.each(garbage)("beforeSendTransaction: %s drops the transaction, counted", async (_, value) => {
    const bridge = startBridge({ beforeSendTransaction: () => value as never });
    await run(bridge);
    expect(bridge.transport.transactions()).toEqual([]);
    expect(bridge.client.stats().spans).toMatchObject({
      started: 9,
      sent: 0,
      dropped: { before_send: 9 },
    });
  });

  it.each(garbage.filter(([name]) => name !== "an empty object"))(
    "beforeSend: %s drops the error, counted",
    async (_, value) => {
      const bridge = startBridge({ beforeSend: () => value as never });
      captureException(new Error("one"));
      await bridge.client.flush();
      expect(bridge.transport.errors()).toEqual([]);
      expect(bridge.client.stats().errors.dropped).toEqual({ before_send: 1 });
    },
  );

  it.each<[string, (event: TransactionEvent) => void]>([
    ["no start", (event) => Reflect.deleteProperty(event, "start_timestamp")],
    ["an end that is NaN", (event) => void (event.timestamp = Number.NaN)],
    ["an end at infinity", (event) => void (event.timestamp = Number.POSITIVE_INFINITY)],
    ["an end before the start", (event) => void (event.timestamp = 1)],
    ["no contexts", (event) => Reflect.deleteProperty(event, "contexts")],
    ["no spans", (event) => Reflect.deleteProperty(event, "spans")],
    ["null among the spans", (event) => void event.spans.push(null as never)],
    [
      "a span without times among the spans",
      (event) => void event.spans.push({ span_id: "a".repeat(16) } as never),
    ],
    [
      "a span that ends before it starts",
      (event) => event.spans.forEach((span) => (span.timestamp = 1)),
    ],
    ["a trace context without ids", (event) => void (event.contexts = { trace: {} })],
    ["a cycle", (event) => void (event.extra = { event })],
    ["a bigint", (event) => void (event.extra = { value: 5n })],
    ["a throwing toJSON", (event) => void (event.extra = { value: { toJSON: throwing } })],
    ["lone surrogates in values and keys", (event) => void (event.extra = { "\ud800": "\udfff" })],

    ["two megabytes of extra", (event) => void (event.extra = { text: "x".repeat(2_000_000) })],
  ])(
    "beforeSendTransaction: an event with %s is mended or dropped, and counted",
    async (_, change) => {
      const bridge = startBridge({
        beforeSendTransaction(event) {
          change(event);
          return event;
        },
      });
      await run(bridge);
      const { spans } = bridge.client.stats();
      expect(
        spans.sent + (spans.dropped.before_send ?? 0) + (spans.dropped.internal_sdk_error ?? 0),
      ).toBe(9);
    },
  );

  it("tracesSampler: an invalid rate means `not sampled`, with one diagnostic", async () => {
    for (const value of [undefined, null, "1", Number.NaN, -1, 2, {}]) {
      const bridge = startBridge({ tracesSampler: () => value as never });
      // One after the other: a client per value.
      await run(bridge);
      expect(bridge.client.stats().spans.dropped).toEqual({ sample_rate: 9 });
      expect(ours(bridge)).toHaveLength(1);
    }
  });

  it("forkIsolation: what its callback throws is the application's own", () => {
    expect(() => forkIsolation(ROOT_CONTEXT, throwing)).toThrow("not ours");
  });
});
