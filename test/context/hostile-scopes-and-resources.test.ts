import { ROOT_CONTEXT } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { describe, expect, it, vi } from "vitest";

import { forkIsolation } from "../../src/index.js";
import { startBridge } from "../client/bridge.js";
import { throwing } from "../otel/propagation-kit.js";

const UPPER_CASE = /\\ud[89a-f]/i;

function getter(key: string): object {
  return Object.defineProperty({ good: 1 }, key, { enumerable: true, get: throwing });
}

function cycle(): object {
  const value: Record<string, unknown> = { name: "cycle" };
  value["self"] = value;
  return value;
}

describe("hostile values in scopes", () => {
  it("do not harm the transaction that carries them", async () => {
    const bridge = startBridge();
    const ctx = forkIsolation(ROOT_CONTEXT, (scope) => {
      scope.setUser({
        id: "\ud800",
        cyclic: cycle(),
        bad: getter("x"),
        text: "x".repeat(10_000_000),
      });
      scope.setTags({
        "\ud800 key": "\udfff",
        text: "x".repeat(10_000_000),
        newline: "a\nb",
        big: 10n,
      });
      scope.setContext("\ud800", { "\udfff": "\ud800", cyclic: cycle() });
      for (const own of ["trace", "otel", "runtime", "response"])
        scope.setContext(own, { trace_id: "spoofed" });
      scope.setExtras({
        value: throwing,
        number: 5n,
        symbol: Symbol("s"),
        date: new Date(Number.NaN),
      });
      scope.addBreadcrumb({
        message: "\ud800",
        data: { cyclic: cycle(), text: "x".repeat(10_000_000) },
      });
    });
    const root = bridge.tracer.startSpan("root", {}, ctx);
    root.end();
    const [transaction] = await bridge.flushed();
    expect(transaction).toMatchObject({
      transaction: "root",
      tags: { "_-key": "\ufffd", newline: "a b" },
      user: { id: "\ufffd" },
    });
    expect(transaction?.contexts.trace?.trace_id).toBe(root.spanContext().traceId);
    expect(JSON.stringify(transaction)).not.toMatch(UPPER_CASE);
  });

  it.each<
    [string, (scope: Parameters<NonNullable<Parameters<typeof forkIsolation>[1]>>[0]) => void]
  >([
    [
      "tags",
      (scope) =>
        many(5000, (index) => scope.setTag(`key${index}`.padEnd(150, "k"), "v".repeat(200))),
    ],
    ["extra", (scope) => many(200, (index) => scope.setExtra(`key${index}`, "語".repeat(8000)))],
    [
      "contexts",
      (scope) => many(200, (index) => scope.setContext(`key${index}`, { text: "語".repeat(8000) })),
    ],
    [
      "breadcrumbs",
      (scope) =>
        many(100, (index) =>
          scope.addBreadcrumb({ message: `${index}`, data: { text: "語".repeat(8000) } }),
        ),
    ],
    [
      "a user",
      (scope) =>
        void scope.setUser(
          Object.fromEntries(
            Array.from({ length: 1000 }, (_, index) => [`key${index}`, "語".repeat(8000)]),
          ),
        ),
    ],
  ])("of great size (%s) cost no span", async (_, configure) => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root", {}, forkIsolation(ROOT_CONTEXT, configure));
    bridge.child(root, "child").end();
    root.end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.spans).toHaveLength(1);
  });
});

function many(count: number, act: (index: number) => unknown): void {
  for (let index = 0; index < count; index++) act(index);
}

describe("a hostile resource", () => {
  it.each<[string, Record<string, unknown>]>([
    ["a cycle", { "service.name": "shop", cyclic: cycle() }],
    ["a bigint", { "service.name": "shop", big: 5n }],
    ["a throwing getter inside", { "service.name": "shop", bad: getter("x") }],
    [
      "lone surrogates in keys and values",
      { "service.name": "shop", "\ud800": "\udfff", "service.version": "\ud800" },
    ],
    ["ten megabytes", { "service.name": "shop", text: "x".repeat(10_000_000) }],
    [
      "wrong types",
      {
        "service.name": 5,
        "service.version": {},
        "deployment.environment.name": [],
        "host.name": null,
      },
    ],
  ])("with %s costs no transaction", async (_, attributes) => {
    const bridge = startBridge({}, { resource: resourceFromAttributes(attributes as never) });
    const root = bridge.tracer.startSpan("root");
    bridge.child(root).end();
    root.end();
    const transactions = await bridge.flushed();
    expect(transactions).toMatchObject([{ transaction: "root", environment: "production" }]);
    expect(transactions[0]?.spans).toHaveLength(1);
  });

  it.each<[string, object]>([
    [
      "throws",
      {
        attributes: { "service.name": "shop" },
        asyncAttributesPending: true,
        waitForAsyncAttributes: throwing,
      },
    ],
    [
      "rejects",
      {
        attributes: { "service.name": "shop" },
        asyncAttributesPending: true,
        waitForAsyncAttributes: () => Promise.reject(new Error("not ours")),
      },
    ],
    ["is missing", { attributes: { "service.name": "shop" }, asyncAttributesPending: true }],
  ])(
    "whose wait for its attributes %s costs no transaction, and rejects nothing",
    async (_, resource) => {
      const unhandled = vi.fn<() => void>();
      process.on("unhandledRejection", unhandled);
      const bridge = startBridge();
      const span = bridge.tracer.startSpan("root");
      Object.defineProperty(span, "resource", { value: resource });
      span.end();
      await expect(bridge.processor.shutdown()).resolves.toBeUndefined();
      process.off("unhandledRejection", unhandled);
      expect(unhandled).not.toHaveBeenCalled();
      expect(bridge.transport.transactions()).toHaveLength(1);
    },
  );
});
