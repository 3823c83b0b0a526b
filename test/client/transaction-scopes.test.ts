import { ROOT_CONTEXT } from "@opentelemetry/api";
import { afterEach, describe, expect, it } from "vitest";

import { forkIsolation, forkScope, getGlobalScope } from "../../src/index.js";
import { scopeJson } from "../../src/client/scope-json.js";
import { mergeScopes } from "../../src/scope/merge.js";
import { Scope } from "../../src/scope/scope.js";
import { contextOf, startBridge } from "./bridge.js";

afterEach(() => {
  getGlobalScope().clear();
});

describe("a transaction", () => {
  it("carries user, tags, contexts, extra and breadcrumbs of its scopes, the most specific winning", async () => {
    const bridge = startBridge();
    getGlobalScope()
      .setTag("layer", "global")
      .setTag("global", true)
      .setUser({ id: "g", email: "g@example.com" });
    const isolation = forkIsolation(ROOT_CONTEXT, (scope) => {
      scope
        .setTag("layer", "isolation")
        .setUser({ id: "i" })
        .setContext("order", { id: 7 })
        .setExtra("attempt", 2);
      scope
        .addBreadcrumb({ timestamp: 2, message: "second" })
        .addBreadcrumb({ timestamp: 1, message: "first" });
      scope.setLevel("fatal").setFingerprint(["f"]).setTransactionName("name").setAttribute("a", 1);
    });
    const current = forkScope(isolation, (scope) => scope.setTag("layer", "current"));
    bridge.tracer.startSpan("root", {}, current).end();
    const [transaction] = await bridge.flushed();
    expect(transaction).toMatchObject({
      transaction: "root",
      user: { id: "i", email: "g@example.com" },
      tags: { layer: "current", global: "true" },
      extra: { attempt: 2 },
    });
    expect(transaction?.contexts["order"]).toEqual({ id: 7 });
    expect(transaction?.breadcrumbs).toMatchObject({
      values: [{ message: "second" }, { message: "first" }].toReversed(),
    });
    for (const key of ["level", "fingerprint", "attributes"])
      expect(transaction).not.toHaveProperty(key);
  });

  it("carries what was set until it ended, on the unit in which it started", async () => {
    const bridge = startBridge();
    const ctx = forkIsolation(ROOT_CONTEXT, (scope) => scope.setTag("when", "before"));
    const root = bridge.tracer.startSpan("root", {}, ctx);
    forkIsolation(contextOf(root, ctx), (scope) => scope.setTag("when", "in another unit"));
    root.end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.tags).toEqual({ when: "before" });
  });

  it("has no field where its scopes have nothing", async () => {
    const bridge = startBridge();
    bridge.tracer.startSpan("root", {}, forkIsolation(ROOT_CONTEXT)).end();
    const [transaction] = await bridge.flushed();
    for (const key of ["user", "tags", "extra", "breadcrumbs"])
      expect(transaction).not.toHaveProperty(key);
    expect(Object.keys(transaction?.contexts ?? {}).toSorted()).toEqual([
      "otel",
      "runtime",
      "trace",
    ]);
  });

  it("keeps no more breadcrumbs than the option says", async () => {
    const bridge = startBridge({ maxBreadcrumbs: 3 });
    const ctx = forkIsolation(ROOT_CONTEXT, (scope) => {
      for (let index = 0; index < 10; index++)
        scope.addBreadcrumb({ timestamp: index, message: `${index}` });
    });
    bridge.tracer.startSpan("root", {}, ctx).end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.breadcrumbs).toMatchObject({
      values: [{ message: "7" }, { message: "8" }, { message: "9" }],
    });
  });

  it("never takes a context of the application for one of its own", async () => {
    const bridge = startBridge();
    const ctx = forkIsolation(ROOT_CONTEXT, (scope) => {
      for (const name of ["trace", "otel", "runtime", "response"])
        scope.setContext(name, { spoofed: true });
    });
    bridge.tracer.startSpan("root", {}, ctx).end();
    const [transaction] = await bridge.flushed();
    expect(JSON.stringify(transaction?.contexts)).not.toContain("spoofed");
  });
});

describe("the share of the scopes", () => {
  it("is bounded: breadcrumbs go first, then extra, then contexts; user and tags stay", () => {
    const scope = new Scope().setUser({ id: 1 }).setTag("a", "b");
    const text = "x".repeat(100);
    scope.addBreadcrumb({ message: text }).setExtra("e", text).setContext("c", { text });
    const merged = mergeScopes([scope.data], 100);
    const fieldsAt = (length: number): string[] => {
      const { event, contexts } = scopeJson(merged, { maxLength: length });
      return Object.keys(JSON.parse(`{${(event + contexts).slice(1)}}`) as object).toSorted();
    };
    expect(fieldsAt(1000)).toEqual(["breadcrumbs", "c", "extra", "tags", "user"]);
    expect(fieldsAt(300)).toEqual(["c", "extra", "tags", "user"]);
    expect(fieldsAt(150)).toEqual(["c", "tags", "user"]);
    expect(fieldsAt(50)).toEqual(["tags", "user"]);
  });
});
