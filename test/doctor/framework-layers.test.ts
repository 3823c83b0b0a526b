import { ROOT_CONTEXT, SpanKind, propagation, trace } from "@opentelemetry/api";
import type { Context, Span } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import { gateKit } from "./gate-kit.js";

const { tracer, found, query, theObserver } = gateKit();

interface Handled {
  readonly span: Span;
  readonly handler: Span;
  /** The context of its handler. */
  readonly ctx: Context;
}

/** Starts a request as Express's instrumentation does: with a span of each middleware, and one of the handler. */
function serve(startTime = Date.now()): Handled {
  const extracted = propagation.extract(ROOT_CONTEXT, {});
  const span = tracer.startSpan("GET", { kind: SpanKind.SERVER, startTime }, extracted);
  const ctx = trace.setSpan(extracted, span);
  const start = (name: string, type: string): Span =>
    tracer.startSpan(name, { attributes: { "express.type": type }, startTime }, ctx);
  start("middleware - json", "middleware").end();
  const handler = start("request handler", "request_handler");
  return { span, handler, ctx: trace.setSpan(ctx, handler) };
}

function end({ span, handler }: Handled, endTime?: number): void {
  handler.end(endTime);
  span.updateName("GET /units").end(endTime);
}

describe("a request with no children but the layers of its framework", () => {
  it("has given its work to another one: rule D5", () => {
    const heavy = serve();
    for (let index = 0; index < 59; index += 1) {
      const waiting = serve();
      query(heavy.ctx);
      end(waiting);
    }
    end(heavy);

    expect(found()).toEqual(expect.arrayContaining(["D5 info"]));
  });

  it("has given its work to one that is over: rule D1 is an error", () => {
    const over = serve();
    end(over);
    query(over.ctx, 20);
    for (let index = 0; index < 19; index += 1) end(serve());

    expect(found()).toEqual(["D1 error"]);
    expect(theObserver().findings(false)[0]?.summary).toMatch(
      /^Spans "query" started below "request handler" of "GET \/units" after it had ended/,
    );
  });

  it("has waited for a span of another one: rule D16", () => {
    const [first, ...others] = Array.from({ length: 11 }, () => serve(Date.now() - 50));
    const endTime = Date.now();
    if (first !== undefined)
      tracer
        .startSpan("query", { kind: SpanKind.CLIENT, startTime: endTime - 5 }, first.ctx)
        .end(endTime);
    for (const each of [...others, ...(first === undefined ? [] : [first])]) end(each, endTime);

    expect(found()).toEqual(["D16 info"]);
  });

  it("is answered by a cache, and sees the end of another's span by chance: nothing is found", () => {
    for (let index = 0; index < 20; index += 1) end(serve());
    const miss = serve();
    const hits = Array.from({ length: 15 }, () => serve(Date.now() - 50));
    query(miss.ctx);
    for (const each of [...hits, miss]) end(each, Date.now() + 1);

    expect(found()).toEqual([]);
  });

  it("works after its end, as all of its route: nothing is found", () => {
    for (let index = 0; index < 20; index += 1) {
      const each = serve();
      end(each);
      query(each.ctx, 6);
    }

    expect(found()).toEqual([]);
  });
});

describe("a request whose own work comes after the layers", () => {
  it("has done it: another one with many children is no fault", () => {
    const heavy = serve();
    query(heavy.ctx, 60);
    for (let index = 0; index < 59; index += 1) {
      const each = serve();
      query(each.ctx);
      end(each);
    }
    end(heavy);

    expect(found()).toEqual([]);
  });
});

/** Serves 21 requests, of which one has late queries; gives another one late children. */
function withLate(addTo: (ctx: Context) => void): void {
  const first = serve();
  end(first);
  query(first.ctx, 20);
  for (let index = 0; index < 19; index += 1) end(serve());
  const other = serve();
  end(other);
  addTo(other.ctx);
}

describe("of 21 requests one has late queries, and another counts only once as one with a child if it has", () => {
  it("twelve late layers of its framework", () => {
    withLate((ctx) => {
      for (let index = 0; index < 12; index += 1)
        tracer.startSpan("layer", { attributes: { "express.type": "middleware" } }, ctx).end();
    });

    expect(new Set(found())).toEqual(new Set(["D1 error"]));
  });

  it("twelve late messages", () => {
    withLate((ctx) => {
      for (let index = 0; index < 12; index += 1)
        tracer.startSpan("message", { kind: SpanKind.CONSUMER }, ctx).end();
    });

    expect(new Set(found())).toEqual(new Set(["D1 error"]));
  });
});

it.each([
  ["SERVER", SpanKind.SERVER],
  ["CONSUMER", SpanKind.CONSUMER],
])("a request that is open and starts a %s span is not without a child", (_, kind) => {
  const over = serve();
  end(over);
  query(over.ctx, 20);
  for (let index = 0; index < 19; index += 1) {
    const each = serve();
    tracer.startSpan("inner", { kind }, trace.setSpan(each.ctx, each.span)).end();
    end(each);
  }

  expect(found()).toEqual(["D1 warning"]);
});
