import { SpanKind, SpanStatusCode, context } from "@opentelemetry/api";
import type { Attributes, Context, Span } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import { addBreadcrumb, captureException, forkIsolation } from "../../src/index.js";
import type { ReceivedBreadcrumb, ReceivedError } from "../../src/testing/received.js";
import type { Bridge } from "../client/bridge.js";
import { contextOf, startBridge } from "../client/bridge.js";

function call(bridge: Bridge, parent: Span, attributes: Attributes): void {
  const span = bridge.child(parent, "call", { kind: SpanKind.CLIENT, attributes });
  if (attributes["db.system.name"] !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

async function errorOf({ client, transport }: Bridge): Promise<ReceivedError> {
  await client.flush();
  const [event] = transport.errors();
  if (event === undefined) throw new Error("no event was sent");
  return event;
}

// An event's breadcrumbs are `{ values }` on the wire, or a list.
function crumbsOf({ breadcrumbs }: ReceivedError): readonly ReceivedBreadcrumb[] {
  const crumbs = breadcrumbs as unknown as { values?: readonly ReceivedBreadcrumb[] } | undefined;
  return crumbs?.values ?? [];
}

describe("the breadcrumbs of an error event", () => {
  it("are the finished client spans of its unit, beside the application's own, in order of time", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    await context.with(contextOf(root), async () => {
      call(bridge, root, {
        "http.request.method": "GET",
        "url.full": "https://api.example.com/items?page=2&token=hidden#top",
        "server.address": "api.example.com",
        "http.response.status_code": 503,
      });
      await new Promise((resolve) => void setTimeout(resolve, 3));
      addBreadcrumb({ message: "mine", category: "app" });
      await new Promise((resolve) => void setTimeout(resolve, 3));
      call(bridge, root, { "db.system.name": "postgresql", "db.query.text": "SELECT 1" });
      captureException(new Error("now"));
    });
    root.end();
    const crumbs = crumbsOf(await errorOf(bridge));
    expect(crumbs).toMatchObject([
      {
        type: "http",
        category: "http",
        level: "error",
        data: {
          url: "https://api.example.com/items",
          method: "GET",
          status_code: 503,
          "http.query": "page=2&token=[Filtered]",
          "http.fragment": "top",
        },
      },
      { message: "mine", category: "app" },
      { type: "query", category: "query", message: "SELECT 1", level: "error" },
    ]);
    for (const { timestamp } of crumbs) expect(timestamp).toBeGreaterThan(1.7e9);
  });

  it("are the newest of many spans, however many are buffered and of whatever kind", async () => {
    const bridge = startBridge({ maxBreadcrumbs: 3 });
    const root = bridge.tracer.startSpan("root");
    const query = (text: string): void =>
      call(bridge, root, { "db.system.name": "postgresql", "db.query.text": text });
    for (let count = 0; count < 1100; count++) query(`SELECT ${count}`);
    // Text that looks like the beginning of a span.
    query(`SELECT ',{"span_id":"0123456789abcdef","trace_id":"'`);
    bridge.child(root).end();
    query("SELECT 'last'");
    context.with(contextOf(root), () => captureException(new Error("now")));
    root.end();
    expect(crumbsOf(await errorOf(bridge)).map(({ message }) => message)).toEqual([
      "SELECT 1099",
      `SELECT ',{"span_id":"0123456789abcdef","trace_id":"'`,
      "SELECT 'last'",
    ]);
  });

  it("are whole spans, even of one whose attributes refer to other spans as JSON", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    const query = (text: string, more: object): void => {
      const attributes = { "db.system.name": "postgresql", "db.query.text": text };
      const span = bridge.child(root, "call", { kind: SpanKind.CLIENT, attributes });
      // Written directly, as some instrumentations do, because `setAttribute` refuses objects.
      if ("attributes" in span) Object.assign(span.attributes as object, more);
      span.end();
    };
    const reference = { span_id: "0123456789abcdef", trace_id: "0123456789abcdef0123456789abcdef" };
    query("SELECT 1", {});
    query("SELECT 2", { refersTo: [reference, reference] });
    context.with(contextOf(root), () => captureException(new Error("now")));
    root.end();
    const messages = crumbsOf(await errorOf(bridge)).map(({ message }) => message);
    expect(messages).toEqual(["SELECT 1", "SELECT 2"]);
  });

  it("are the same for each error of a request, and for each once filtered", async () => {
    const bridge = startBridge({ maxBreadcrumbs: 3 });
    const root = bridge.tracer.startSpan("root");
    const attributes = { "http.request.method": "GET", "url.full": "https://x.test/?token=hidden" };
    context.with(contextOf(root), () => {
      for (let count = 0; count < 3; count++) {
        call(bridge, root, attributes);
        captureException(new Error(`failed ${count}`));
      }
    });
    root.end();
    await bridge.client.flush();
    const each = bridge.transport.errors().map((error) => crumbsOf(error));
    expect(each.map(({ length }) => length)).toEqual([1, 2, 3]);
    for (const { data } of each.flat())
      expect(data).toMatchObject({ "http.query": "token=[Filtered]" });
    expect(each[2]?.slice(0, 2)).toEqual(each[1]);
  });

  it("are those that a flush sent meanwhile, too: the newest 20", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    const query = (number: number): void =>
      call(bridge, root, { "db.system.name": "pg", "db.query.text": `SELECT ${number}` });
    for (let number = 0; number < 30; number++) query(number);
    await bridge.client.flush();
    query(30);
    await bridge.client.flush();
    query(31);
    context.with(contextOf(root), () => captureException(new Error("failed")));
    root.end();
    const messages = crumbsOf(await errorOf(bridge)).map(({ message }) => message);
    expect(messages).toEqual(Array.from({ length: 21 }, (_, index) => `SELECT ${index + 11}`));
  });

  it("are the events of its spans, of the one that is still open, too", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    const done = bridge.child(root);
    done.addEvent("cache miss", { item: "a" });
    done.recordException(new Error("handled"));
    done.addEvent("score", { "sentry.measurement_value": 5, "sentry.measurement_unit": "none" });
    done.end();
    root.addEvent("retrying");
    context.with(contextOf(root), () => captureException(new Error("now")));
    root.end();
    expect(crumbsOf(await errorOf(bridge))).toMatchObject([
      { category: "span.event", message: "cache miss", data: { item: "a" } },
      { category: "span.event", message: "retrying" },
    ]);
  });

  it("are of its own unit and of what that was forked from, of no other", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    const inUnit = (name: string): void => {
      const active = bridge.tracer.startSpan(name);
      active.addEvent(name);
      active.end();
    };
    context.with(contextOf(root), () => inUnit("before the fork"));
    context.with(forkIsolation(contextOf(root)), () => inUnit("beside"));
    context.with(forkIsolation(contextOf(root)), () => {
      inUnit("inside");
      captureException(new Error("now"));
      inUnit("after");
    });
    context.with(forkIsolation(), () => inUnit("elsewhere"));
    root.end();
    expect(crumbsOf(await errorOf(bridge)).map(({ message }) => message)).toEqual([
      "before the fork",
      "inside",
    ]);
  });

  it("are client calls of its own unit, and of before it was forked, of no other", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    const callIn = (name: string): void =>
      call(bridge, root, { "http.request.method": "GET", "url.full": `http://${name}.example/` });
    context.with(contextOf(root), () => callIn("before"));
    await new Promise((resolve) => void setTimeout(resolve, 3));
    const inner = forkIsolation(contextOf(root));
    const beside = forkIsolation(contextOf(root));
    await new Promise((resolve) => void setTimeout(resolve, 3));
    const inUnit = (ctx: Context, name: string): void => {
      const attributes = { "http.request.method": "GET", "url.full": `http://${name}.example/` };
      bridge.tracer.startSpan("call", { kind: SpanKind.CLIENT, attributes }, ctx).end();
    };
    inUnit(inner, "inner");
    inUnit(beside, "beside");
    context.with(contextOf(root), () => callIn("after-the-fork"));
    context.with(inner, () => captureException(new Error("now")));
    root.end();
    const crumbs = crumbsOf(await errorOf(bridge));
    expect(crumbs.map(({ data }) => data?.["url"])).toEqual([
      "http://before.example/",
      "http://inner.example/",
    ]);
  });

  it("are client calls of an unsampled trace, too, and those that have no parent", async () => {
    const bridge = startBridge({ tracesSampleRate: 0 });
    const attributes = { "http.request.method": "GET", "url.full": "http://a.example/?key=x" };
    context.with(forkIsolation(), () => {
      bridge.tracer.startSpan("call", { kind: SpanKind.CLIENT, attributes }).end();
      bridge.tracer.startActiveSpan("root", (root) => {
        call(bridge, root, attributes);
        captureException(new Error("now"));
        root.end();
      });
    });
    const crumbs = crumbsOf(await errorOf(bridge));
    expect(crumbs.map(({ data }) => data)).toEqual(
      Array.from({ length: 2 }, () => ({
        url: "http://a.example/",
        method: "GET",
        "http.query": "key=[Filtered]",
      })),
    );
  });

  it("end with the time of an exception that was recorded earlier", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    call(bridge, root, { "http.request.method": "GET", "url.full": "http://a.example/" });
    const child = bridge.child(root);
    child.recordException(new Error("recorded"));
    child.end();
    await new Promise((resolve) => void setTimeout(resolve, 20));
    call(bridge, root, { "http.request.method": "GET", "url.full": "http://b.example/" });
    root.setStatus({ code: SpanStatusCode.ERROR }).end();
    const crumbs = crumbsOf(await errorOf(bridge));
    expect(crumbs.map(({ data }) => data?.["url"])).toEqual(["http://a.example/"]);
  });

  it("are the newest ones, at most as many as asked for", async () => {
    const bridge = startBridge({ maxBreadcrumbs: 5 });
    const root = bridge.tracer.startSpan("root");
    for (let count = 0; count < 40; count += 1) {
      const span = bridge.child(root);
      span.addEvent(`event ${count}`);
      span.end();
    }
    context.with(contextOf(root), () => captureException(new Error("now")));
    root.end();
    const messages = crumbsOf(await errorOf(bridge)).map(({ message }) => message);
    expect(messages).toEqual([35, 36, 37, 38, 39].map((count) => `event ${count}`));
  });

  it.each([{ spanBreadcrumbs: false }, { maxBreadcrumbs: 0 }])(
    "are none with %o",
    async (options) => {
      const bridge = startBridge(options);
      const root = bridge.tracer.startSpan("root");
      call(bridge, root, { "http.request.method": "GET", "url.full": "http://a.example/" });
      root.addEvent("event");
      context.with(contextOf(root), () => captureException(new Error("now")));
      root.end();
      expect((await errorOf(bridge)).breadcrumbs).toBeUndefined();
    },
  );

  it("pass beforeBreadcrumb, which may drop them", async () => {
    const bridge = startBridge({
      beforeBreadcrumb: (crumb) =>
        crumb.category === "http" ? null : { ...crumb, level: "debug" },
    });
    const root = bridge.tracer.startSpan("root");
    call(bridge, root, { "http.request.method": "GET", "url.full": "http://a.example/" });
    root.addEvent("event");
    context.with(contextOf(root), () => captureException(new Error("now")));
    root.end();
    expect(crumbsOf(await errorOf(bridge))).toMatchObject([{ message: "event", level: "debug" }]);
  });

  it("are not those of transactions, which have the spans themselves", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    call(bridge, root, { "http.request.method": "GET", "url.full": "http://a.example/" });
    root.end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.breadcrumbs).toBeUndefined();
  });
});
