import { SpanKind, SpanStatusCode, context } from "@opentelemetry/api";
import type { Attributes, Span } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import { captureException, captureHandlerError } from "../../src/index.js";
import type { ClientOptions } from "../../src/index.js";
import type { Bridge } from "../client/bridge.js";
import { contextOf, startBridge } from "../client/bridge.js";

const { CLIENT, CONSUMER, INTERNAL, PRODUCER, SERVER } = SpanKind;
const FAILED = { code: SpanStatusCode.ERROR };
const FINE = { code: SpanStatusCode.OK };

function fail(span: Span, error: Error | string): Span {
  span.recordException(error);
  return span.setStatus(FAILED);
}

function answer(root: Span, status: number): void {
  root.setAttribute("http.response.status_code", status);
  if (status >= 500) root.setStatus(FAILED);
  root.end();
}

/** The messages and `handled` of what was reported. */
async function reported({ client, transport }: Bridge): Promise<string[]> {
  await client.flush();
  return transport.errors().map(({ exception }) => {
    const { value, mechanism } = exception?.values.at(-1) ?? {};
    return `${value}${mechanism?.["handled"] === true ? ", handled" : ""}`;
  });
}

function startRequest(options: ClientOptions = {}) {
  const bridge = startBridge(options);
  const root = bridge.tracer.startSpan("GET /orders", { kind: SERVER });
  const call = (parent: Span, message: string, attributes: Attributes = {}): Span =>
    fail(bridge.child(parent, "GET", { kind: CLIENT, attributes }), new Error(message));
  return { bridge, root, call };
}

describe("a request", () => {
  it("that a middleware refuses with 401 has no event, although its span has status ERROR", async () => {
    const { bridge, root } = startRequest();
    fail(root, new Error("sign in first"));
    answer(root, 401);
    expect(await reported(bridge)).toEqual([]);
  });

  it("whose layers all record what passes through them has one event", async () => {
    const { bridge, root } = startRequest();
    const error = new Error("thrown in the route");
    const outer = bridge.child(root);
    const inner = bridge.child(outer);
    for (const layer of [inner, outer]) fail(layer, error).end();
    answer(root, 500);
    expect(await reported(bridge)).toEqual(["thrown in the route"]);
  });

  it("whose procedure wraps the failure of a call has one event, of the wrapper", async () => {
    const { bridge, root } = startRequest();
    const procedure = bridge.child(root, "trpc.orders.list");
    const cause = new Error("connection lost");
    fail(bridge.child(procedure, "query", { kind: CLIENT }), cause).end();
    fail(procedure, new Error("INTERNAL_SERVER_ERROR", { cause })).end();
    answer(root, 500);
    expect(await reported(bridge)).toEqual(["INTERNAL_SERVER_ERROR"]);
  });

  it("that retries until it succeeds, and fails later of something else, has one event of that", async () => {
    const { bridge, root, call } = startRequest();
    const retry = bridge.child(root, "with retries");
    for (let count = 0; count < 3; count += 1) {
      const attempt = bridge.child(retry, "attempt");
      call(attempt, `attempt ${count}`).end();
      fail(attempt, new Error(`attempt ${count}`)).end();
    }
    retry.setStatus(FINE).end();
    fail(bridge.child(root, "render"), new Error("no template")).end();
    answer(root, 500);
    expect(await reported(bridge)).toEqual(["no template"]);
  });

  it("that waits for two calls, both of which fail, has one event where nothing else records it", async () => {
    const { bridge, root, call } = startRequest();
    const calls = [call(root, "first"), call(root, "last")];
    for (const each of calls) each.end();
    answer(root, 500);
    expect(await reported(bridge)).toEqual(["last"]);
  });

  it("with two calls at once, one of which has a fallback, has one event of the other", async () => {
    const { bridge, root } = startRequest();
    const fatal = new Error("card refused");
    const [handled, other] = [0, 1].map(() => bridge.child(root, "GET", { kind: CLIENT }));
    if (handled === undefined || other === undefined) throw new Error("no calls");
    fail(other, fatal).end();
    fail(handled, new Error("cache is down")).end();
    fail(root, fatal);
    answer(root, 500);
    expect(await reported(bridge)).toEqual(["card refused"]);
  });

  it("whose earlier layer had a fallback for a call has one event of the layer that failed", async () => {
    const { bridge, root, call } = startRequest();
    const session = bridge.child(root, "middleware - session");
    call(session, "cache is down").end();
    session.end();
    fail(bridge.child(root, "request handler"), new Error("no such column")).end();
    answer(root, 500);
    expect(await reported(bridge)).toEqual(["no such column"]);
  });

  it.each([
    ["captureHandlerError", (error: Error) => captureHandlerError(error)],
    [
      "a capture that is not handled",
      (error: Error) => captureException(error, { mechanism: { type: "mine", handled: false } }),
    ],
  ])("whose error handler has told by %s has no event of a call before", async (_name, tell) => {
    const { bridge, root, call } = startRequest();
    call(root, "cache is down").end();
    context.with(contextOf(root), () => tell(new Error("no such column")));
    answer(root, 500);
    expect(await reported(bridge)).toEqual(["no such column"]);
  });

  it("that has captured something it could handle has an event of the call that it failed of", async () => {
    const { bridge, root, call } = startRequest();
    context.with(contextOf(root), () => captureException(new Error("handled")));
    call(root, "fatal").end();
    answer(root, 500);
    expect(await reported(bridge)).toEqual(["handled, handled", "fatal"]);
  });

  it("with a SERVER span of its framework inside has one event of what both have seen", async () => {
    const { bridge, root } = startRequest();
    const inner = bridge.child(root, "resolve page", { kind: SERVER });
    const error = new Error("thrown in the page");
    fail(inner, error);
    answer(inner, 500);
    answer(root, 500);
    expect(await reported(bridge)).toEqual(["thrown in the page"]);
  });

  it("that asks its own router, which refuses, has no event of that when it fails later", async () => {
    const { bridge, root } = startRequest();
    const inner = bridge.child(root, "GET /inner", { kind: SERVER });
    fail(bridge.child(inner, "authorize"), new Error("forbidden")).end();
    answer(inner, 403);
    fail(root, new Error("later"));
    answer(root, 500);
    expect(await reported(bridge)).toEqual(["later"]);
  });

  it("whose layer is still open when it ends has an event of what failed below", async () => {
    const { bridge, root } = startRequest();
    const layer = bridge.child(root);
    fail(bridge.child(layer), new Error("below")).end();
    answer(root, 500);
    layer.end();
    expect(await reported(bridge)).toEqual(["below"]);
  });

  it("whose spans have partly left, or are ignored, is judged as a whole", async () => {
    const { bridge, root } = startRequest({ ignoreSpans: ["ignored"] });
    const [fine, open] = ["ignored", "kept"].map((name) => bridge.child(root, name));
    if (fine === undefined || open === undefined) throw new Error("no spans");
    fail(bridge.child(fine), new Error("handled")).end();
    fail(bridge.child(open, "ignored"), new Error("fatal")).end();
    await bridge.client.flush();
    fine.setStatus(FINE).end();
    open.end();
    answer(root, 500);
    expect(await reported(bridge)).toEqual(["fatal"]);
  });

  it("whose service gives up before its call has failed has one event, of the service", async () => {
    const { bridge, root, call } = startRequest();
    const service = bridge.child(root);
    const slow = call(service, "aborted");
    const slower = bridge.child(service, "GET", { kind: CLIENT });
    fail(service, new Error("timed out")).end();
    slow.end();
    answer(root, 500);
    fail(slower, new Error("aborted, too")).end();
    expect(await reported(bridge)).toEqual(["timed out"]);
  });

  it("of Connect is judged by the code that it answered", async () => {
    const { bridge, root } = startRequest();
    root.setAttribute("rpc.connect_rpc.error_code", "not_found");
    fail(root, new Error("no such user")).end();
    const other = bridge.tracer.startSpan("pay", { kind: SERVER });
    other.setAttribute("rpc.connect_rpc.error_code", "internal");
    other.recordException(new Error("no ledger"));
    other.end();
    expect(await reported(bridge)).toEqual(["no ledger"]);
  });

  it("has one event for late calls, and none if a call was reported before", async () => {
    const { bridge, root, call } = startRequest();
    const calls = ["first", "second", "third"].map((message) => call(root, message));
    calls[0]?.end();
    answer(root, 500);
    for (const each of calls.slice(1)) each.end();
    expect(await reported(bridge)).toEqual(["first"]);
  });
});

describe("outside of requests", () => {
  it("a root that stays open has events of its ended spans at shutdown, and none of its own", async () => {
    const bridge = startBridge({}, { leavesOpen: true });
    const root = fail(bridge.tracer.startSpan("socket"), new Error("on the root"));
    fail(bridge.child(root), new Error("on a child")).end();
    await bridge.client.flush();
    expect(bridge.transport.errors()).toEqual([]);
    await bridge.provider.shutdown();
    expect(await reported(bridge)).toEqual(["on a child, handled"]);
  });

  it.each([CLIENT, PRODUCER])("a call that fails (kind %i) has no event", async (kind) => {
    const bridge = startBridge();
    const root = fail(bridge.tracer.startSpan("poll", { kind }), new Error("refused"));
    fail(bridge.child(root, "tcp.connect"), new Error("refused")).end();
    root.end();
    expect(await reported(bridge)).toEqual([]);
  });

  it('a failed call is a handled event with `spanExceptions: "all"`', async () => {
    const bridge = startBridge({ spanExceptions: "all" });
    fail(bridge.tracer.startSpan("poll", { kind: CLIENT }), new Error("refused")).end();
    expect(await reported(bridge)).toEqual(["refused, handled"]);
  });

  it("a consumer has an event of each message that failed", async () => {
    const bridge = startBridge();
    for (const message of ["first", "second", "third"]) {
      const root = bridge.tracer.startSpan("process orders", { kind: CONSUMER });
      if (message !== "second") fail(root, new Error(message));
      root.end();
    }
    expect(await reported(bridge)).toEqual(["first", "third"]);
  });
});

describe("what a framework swallows", () => {
  it("is an event of the resolver, as handled, and one where the operation wraps it", async () => {
    const { bridge, root } = startRequest();
    const attributes = { "graphql.operation.type": "query" };
    const operation = bridge.child(root, "query Orders", { attributes });
    const resolver = bridge.child(operation, "graphql.resolve orders", {
      attributes: { "graphql.field.path": "orders" },
    });
    const originalError = new Error("no such order");
    fail(resolver, originalError).end();
    const wrapper = Object.assign(new Error("no such order"), { originalError });
    fail(operation, wrapper).end();
    answer(root, 200);
    expect(await reported(bridge)).toEqual(["no such order, handled"]);
  });

  it("is an event beside what the request has failed of, and none of the calls below it", async () => {
    const { bridge, root, call } = startRequest();
    const attributes = { "gen_ai.operation.name": "execute_tool" };
    const tool = bridge.child(root, "execute_tool search", { kind: INTERNAL, attributes });
    call(tool, "timeout").end();
    fail(tool, new Error("search failed")).end();
    fail(root, new Error("no answer"));
    answer(root, 500);
    expect(await reported(bridge)).toEqual(["no answer", "search failed, handled"]);
  });

  it("is not handled where the same error has reached the root", async () => {
    const { bridge, root } = startRequest();
    const attributes = { "graphql.field.path": "orders" };
    const error = new Error("thrown on");
    fail(bridge.child(root, "graphql.resolve orders", { attributes }), error).end();
    fail(root, error);
    answer(root, 500);
    expect(await reported(bridge)).toEqual(["thrown on"]);
  });
});
