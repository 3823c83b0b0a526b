import { SpanKind, context, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import {
  addBreadcrumb,
  addEventProcessor,
  captureException,
  captureFeedback,
  captureMessage,
  close,
  createClient,
  forkIsolation,
  getGlobalScope,
  getIsolationScope,
  isInitialized,
  lastEventId,
  logger,
  setClient,
  setTag,
} from "../../src/index.js";
import type { BreadcrumbHint } from "../../src/index.js";
import { createMemoryTransport } from "../../src/testing/testing.js";
import { DSN, startBridge } from "../client/bridge.js";

describe("initialScope", () => {
  it("is on errors, transactions and feedback of its client, below every scope, and on nothing else", async () => {
    const bridge = startBridge({
      initialScope: { tags: { region: "eu", team: "shop" }, user: { id: "default" } },
    });
    const transport = createMemoryTransport();
    const stranger = createClient({ dsn: DSN, transport });
    context.with(forkIsolation(), () => {
      setTag("team", "checkout");
      captureException(new Error("one"));
      captureFeedback({ message: "two" });
      bridge.tracer.startSpan("three", {}, context.active()).end();
      setClient(stranger);
      captureMessage("a stranger's");
    });
    await bridge.client.flush();
    await stranger.close();
    const expected = { tags: { region: "eu", team: "checkout" }, user: { id: "default" } };
    expect(bridge.transport.errors()).toEqual([expect.objectContaining(expected)]);
    expect(bridge.transport.transactions()).toEqual([expect.objectContaining(expected)]);
    expect(transport.errors()[0]?.tags).toEqual({ team: "checkout" });
    expect(getGlobalScope().data.tags).toEqual({});
  });

  it("may be a function, whose attributes are on logs; one that throws is a warning and keeps what it wrote", async () => {
    const bridge = startBridge({
      initialScope(scope) {
        scope.setTag("written", "yes").setAttribute("region", "eu");
        throw new Error("mine");
      },
    });
    captureMessage("kept");
    logger.info("with the attribute");
    await bridge.client.flush();
    expect(bridge.transport.errors()[0]?.tags).toEqual({ written: "yes" });
    const payloads = bridge.transport.envelopes.flatMap(({ items }) =>
      items.map(({ payload }) => Buffer.from(payload).toString()),
    );
    expect(payloads.join("")).toContain('"region":{"type":"string","value":"eu"}');
    expect(bridge.warnings.filter((text) => text.includes("initialScope"))).toHaveLength(1);
  });
});

describe("addEventProcessor", () => {
  it("sees the events of every unit, also when it is added inside of one", async () => {
    const bridge = startBridge();
    context.with(forkIsolation(), () =>
      addEventProcessor((event) => ({ ...event, tags: { ...event.tags, seen: "yes" } })),
    );
    context.with(forkIsolation(), () => captureMessage("in another unit"));
    await bridge.client.flush();
    getGlobalScope().clear();
    expect(bridge.transport.errors()[0]?.tags).toEqual({ seen: "yes" });
  });
});

describe("lastEventId", () => {
  it("is that of the unit, and not inherited by another", () => {
    startBridge();
    const ctx = forkIsolation();
    const id = context.with(ctx, () => captureMessage("one"));
    expect(context.with(ctx, lastEventId)).toBe(id);
    expect(context.with(forkIsolation(ctx), lastEventId)).toBeUndefined();
    expect(context.with(forkIsolation(), lastEventId)).toBeUndefined();
  });

  it("is known to the handler that captures an error of an inner unit, and to that unit", () => {
    startBridge();
    const error = new Error("inner");
    const [outer, inner] = [forkIsolation(), forkIsolation()];
    const first = context.with(inner, () => captureException(error));
    const again = context.with(outer, () => captureException(error));
    expect(context.with(inner, lastEventId)).toBe(first);
    expect(context.with(outer, lastEventId)).toBe(again);
  });

  it("does not count feedback", () => {
    startBridge();
    const ctx = forkIsolation();
    context.with(ctx, () => captureFeedback({ message: "good" }));
    expect(context.with(ctx, lastEventId)).toBeUndefined();
  });
});

describe("isInitialized", () => {
  it("is true from the first client until it is closed", async () => {
    setClient(undefined);
    expect(isInitialized()).toBe(false);
    createClient({ dsn: DSN, transport: createMemoryTransport() });
    expect(isInitialized()).toBe(true);
    await close();
    expect(isInitialized()).toBe(false);
    setClient(undefined);
  });
});

describe("beforeBreadcrumb", () => {
  it("gets the hint of addBreadcrumb, and the span or event that a breadcrumb was made of", async () => {
    const hints: BreadcrumbHint[] = [];
    const bridge = startBridge({
      beforeBreadcrumb: (breadcrumb, hint) => (hints.push(hint), breadcrumb),
    });
    const root = bridge.tracer.startSpan("root", {}, forkIsolation());
    context.with(trace.setSpan(context.active(), root), () => {
      addBreadcrumb({ message: "mine" }, { response: 404 });
      addBreadcrumb({ message: "mine, without" });
      const attributes = { "db.system.name": "redis" };
      bridge.tracer.startSpan("GET", { kind: SpanKind.CLIENT, attributes }, context.active()).end();
      root.addEvent("cache miss", { key: 5 });
      captureMessage("with breadcrumbs");
    });
    root.end();
    await bridge.client.flush();
    expect(hints).toEqual([
      { response: 404 },
      {},
      { spanEvent: { name: "cache miss", attributes: { key: 5 } } },
      {
        span: {
          name: expect.stringContaining("GET"),
          attributes: expect.objectContaining({ "db.system.name": "redis" }),
        },
      },
    ]);
  });
});

describe("scope", () => {
  it("takes objects, scopes and functions by update, and keeps what they do not name", () => {
    const scope = getIsolationScope().clone().clear().setTag("kept", "yes");
    const other = scope.clone().clear().setUser({ id: "1" }).setLevel("log").addBreadcrumb({});
    scope
      .update({ tags: { a: "1" }, contexts: { order: { id: 5 } }, fingerprint: ["f"] })
      .update(other)
      .update((each) => each.setExtra("x", 1));
    expect(scope.data).toMatchObject({
      tags: { kept: "yes", a: "1" },
      contexts: { order: { id: 5 } },
      fingerprint: ["f"],
      user: { id: "1" },
      level: "log",
      extra: { x: 1 },
      breadcrumbs: undefined,
    });
  });

  it.each([
    null,
    undefined,
    5,
    "tags",
    [],
    { tags: 5, contexts: [1], attachments: "no", level: "loud" },
  ])("is not changed by an update with %o", (change) => {
    const scope = getIsolationScope().clone().clear().setTag("kept", "yes");
    expect(scope.update(change as never).data.tags).toEqual({ kept: "yes" });
    expect(scope.data).toMatchObject({ level: undefined, attachments: [] });
  });

  it("passes over fields that throw", () => {
    const scope = getIsolationScope().clone().clear();
    const change = {
      get user(): never {
        throw new Error("mine");
      },
      tags: { a: "1" },
    };
    expect(scope.update(change).data).toMatchObject({ user: undefined, tags: { a: "1" } });
  });

  it("loses its breadcrumbs, and nothing else, by clearBreadcrumbs; a clone keeps them", () => {
    const scope = getIsolationScope()
      .clone()
      .clear()
      .setTag("a", "1")
      .addBreadcrumb({ message: "m" });
    const copy = scope.clone();
    expect(scope.clearBreadcrumbs().data).toMatchObject({
      breadcrumbs: undefined,
      tags: { a: "1" },
    });
    expect(copy.data.breadcrumbs?.entry).toMatchObject({ message: "m" });
  });
});
