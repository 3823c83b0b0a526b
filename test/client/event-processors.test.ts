import { context, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import {
  captureException,
  captureMessage,
  forkIsolation,
  getGlobalScope,
  stats,
  withIsolationScope,
  withScope,
} from "../../src/index.js";
import { startBridge } from "./bridge.js";

describe("event processors", () => {
  it("run from the most specific scope to the least, over errors and transactions, before the hooks", async () => {
    const order: string[] = [];
    const bridge = startBridge({
      beforeSend: (event) => (order.push("beforeSend"), event),
      beforeSendTransaction: (event) => (order.push("beforeSendTransaction"), event),
    });
    const global = getGlobalScope().addEventProcessor((event) => (order.push("global"), event));
    const root = bridge.tracer.startSpan("root");
    context.with(trace.setSpan(forkIsolation(), root), () => {
      withIsolationScope((isolation) => {
        isolation.addEventProcessor((event) => (order.push("isolation"), event));
        withScope((current) => {
          current.addEventProcessor((event) => (order.push("current"), event));
          captureException(new Error("seen"));
        });
      });
    });
    root.end();
    await bridge.client.flush();
    global.clear();
    expect(order).toEqual([
      "current",
      "isolation",
      "global",
      "beforeSend",
      "global",
      "beforeSendTransaction",
    ]);
  });

  it("drop with null, and what throws or returns nothing is passed over", async () => {
    const bridge = startBridge();
    withScope((scope) => {
      scope.addEventProcessor((event) => (event.tags?.["drop"] === "yes" ? null : event));
      scope.addEventProcessor(() => {
        throw new Error("mine");
      });
      scope.addEventProcessor(() => undefined as never);
      captureMessage("kept");
      captureMessage("dropped", { tags: { drop: "yes" } });
    });
    await bridge.client.flush();
    expect(bridge.transport.errors().map(({ logentry }) => logentry?.["message"])).toEqual([
      "kept",
    ]);
    expect(stats()?.errors.dropped).toEqual({ event_processor: 1 });
  });

  it("cannot take away what every event needs, nor bring a secret back that they removed", async () => {
    const bridge = startBridge();
    withIsolationScope((scope) => {
      scope.setUser({ id: "secret" });
      scope.addEventProcessor(({ user: _removed, ...event }) => ({ ...event, event_id: "x" }));
      captureException(new Error("kept"));
    });
    await bridge.client.flush();
    const [event] = bridge.transport.errors();
    expect(event?.event_id).toMatch(/^[0-9a-f]{32}$/);
    expect(event?.user).toBeUndefined();
  });
});
