import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  context,
  createContextKey,
  trace,
} from "@opentelemetry/api";
import type { Attributes, Context, Span } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import { captureEvent, captureException, captureMessage } from "../../src/index.js";
import { startBridge } from "../client/bridge.js";
import type { Bridge } from "../client/bridge.js";

const SERVED = { "http.request.method": "GET", "url.path": "/api/users/7" };
const RPC = createContextKey("OpenTelemetry SDK Context Key RPC_METADATA");

function startRequest(bridge: Bridge, more: Attributes = {}, name = "GET"): Span {
  return bridge.tracer.startSpan(name, {
    kind: SpanKind.SERVER,
    attributes: { ...SERVED, ...more },
  });
}

function inSpan(span: Span, fn: () => void, ctx: Context = ROOT_CONTEXT): void {
  context.with(trace.setSpan(ctx, span), fn);
}

async function namesOf(bridge: Bridge): Promise<unknown[]> {
  await bridge.flushed();
  return bridge.transport.errors().map(({ transaction }) => transaction);
}

describe("an event inside of a request is named after", () => {
  it.each<[string, () => unknown]>([
    ["exception", () => captureException(new Error("in the handler"))],
    ["message", () => captureMessage("in the handler")],
    ["event of one's own", () => captureEvent({ message: "in the handler" })],
  ])("the route of the active span: %s", async (_, capture) => {
    const bridge = startBridge();
    const root = startRequest(bridge);
    const handler = bridge.child(root, "handler", {
      attributes: { "http.route": "/api/users/:id" },
    });
    inSpan(handler, capture);
    handler.end();
    root.end();
    expect(await namesOf(bridge)).toEqual(["GET /api/users/:id"]);
  });

  it("the route of a span around the active one, as Nest's", async () => {
    const bridge = startBridge();
    const root = startRequest(bridge);
    const outer = bridge.child(root, "Users.find", {
      attributes: { "nestjs.type": "request_context", "http.route": "/api/users/:id" },
    });
    const handler = bridge.child(outer, "find", { attributes: { "nestjs.type": "handler" } });
    const own = bridge.child(handler, "load the user");
    inSpan(own, () => captureMessage("in the handler"));
    for (const span of [own, handler, outer, root]) span.end();
    expect(await namesOf(bridge)).toEqual(["GET /api/users/:id"]);
  });

  it("the route of a span that has ended", async () => {
    const bridge = startBridge();
    const root = startRequest(bridge);
    bridge.child(root, "router", { attributes: { "http.route": "/api/users/:id" } }).end();
    inSpan(root, () => captureMessage("in the handler"));
    root.end();
    expect(await namesOf(bridge)).toEqual(["GET /api/users/:id"]);
  });

  it.each([
    ["of its own trace", (root: Span) => root, "GET /api/users/:id"],
    [
      "unless it is that of another trace",
      () =>
        trace.wrapSpanContext({ traceId: "1".repeat(32), spanId: "1".repeat(16), traceFlags: 1 }),
      undefined,
    ],
  ])("the route that a framework has left in the context, %s", async (_, spanOf, name) => {
    const bridge = startBridge();
    const root = startRequest(bridge);
    const metadata = { type: "http", route: "/api/users/:id", span: spanOf(root) };
    inSpan(root, () => captureMessage("in the handler"), ROOT_CONTEXT.setValue(RPC, metadata));
    root.end();
    expect(await namesOf(bridge)).toEqual([name]);
  });

  it.each([7, null, {}, { route: 7 }, { route: "/x" }, { route: "/x", span: {} }])(
    "nothing where the context has %j instead",
    async (metadata) => {
      const bridge = startBridge();
      const root = startRequest(bridge);
      inSpan(root, () => captureMessage("in the handler"), ROOT_CONTEXT.setValue(RPC, metadata));
      root.end();
      expect(await namesOf(bridge)).toEqual([undefined]);
    },
  );

  it("the handler's route rather than where its router is mounted", async () => {
    const bridge = startBridge();
    const root = startRequest(bridge);
    const metadata = { type: "http", route: "/api", span: root };
    const handler = bridge.child(root, "handler", {
      attributes: { "http.route": "/api/users/:id" },
    });
    inSpan(handler, () => captureMessage("in the handler"), ROOT_CONTEXT.setValue(RPC, metadata));
    handler.end();
    root.end();
    expect(await namesOf(bridge)).toEqual(["GET /api/users/:id"]);
  });

  it("a name that the application chose", async () => {
    const bridge = startBridge();
    const root = startRequest(bridge, {}, "show a user");
    const handler = bridge.child(root, "handler", {
      attributes: { "http.route": "/api/users/:id" },
    });
    inSpan(handler, () => captureMessage("in the handler"));
    handler.end();
    root.end();
    expect(await namesOf(bridge)).toEqual(["show a user"]);
  });
});

describe("an exception that a span recorded", () => {
  it.each(["before its request has ended", "after it was sent"])(
    "has the final name of its request: %s",
    async (when) => {
      const bridge = startBridge();
      const root = startRequest(bridge);
      const late = bridge.child(root, "late");
      const inner = bridge.child(root, "inner");
      inner.recordException(new Error("recorded"));
      inner.setStatus({ code: SpanStatusCode.ERROR });
      root.setStatus({ code: SpanStatusCode.ERROR });
      if (when === "after it was sent") {
        bridge.child(root, "handler", { attributes: { "http.route": "/api/users/:id" } }).end();
        root.end();
        late.end();
        await bridge.client.flush();
        inner.end();
      } else {
        inner.end();
        late.setAttribute("http.route", "/api/users/:id").end();
        root.end();
      }
      expect(await namesOf(bridge)).toEqual(["GET /api/users/:id"]);
    },
  );
});
