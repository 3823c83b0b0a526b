import { ROOT_CONTEXT, SpanKind, context, trace } from "@opentelemetry/api";
import type { Context, Span } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import { captureException, setUser } from "../../src/index.js";
import { gateKit } from "./gate-kit.js";

const { tracer, found, open, query, theObserver, tracerOf } = gateKit();

/** Requests with a child; the contexts of the last run the work of the first, which get none. */
function shift(quantity: number, shifted: number): void {
  for (let index = 0; index < quantity; index += 1) {
    const { span, ctx } = open();
    if (index >= shifted) query(ctx);
    span.end();
    if (index >= quantity - shifted) query(ctx);
  }
}

describe("rule D4, of requests whose work others have run after their end,", () => {
  it.each([
    [60, 10, ["D4 warning"]],
    [60, 4, []],
    [40, 10, []],
  ])("of %i requests, %i without a child and as many late ones: %j", (all, shifted, expected) => {
    shift(all, shifted);

    expect(found()).toEqual(expected);
  });

  it("is quiet about work after the response of each, beside requests without any", () => {
    for (let index = 0; index < 60; index += 1) {
      const { span, ctx } = open();
      if (index % 4 > 0) query(ctx);
      span.end();
      if (index % 4 > 0) query(ctx);
    }

    expect(found()).toEqual([]);
  });
});

/** Has the context of one request, which is open, run the work of 59 others. */
function callBack(work: (ctx: Context, index: number) => void): void {
  const releaser = open();
  for (let index = 0; index < 59; index += 1) {
    const { span } = open();
    work(releaser.ctx, index);
    span.end();
  }
}

describe("rules D5 and D12, of a request that is open while its context runs the work of others,", () => {
  it("hint at its many children", () => {
    callBack((ctx) => query(ctx));

    expect(found()).toEqual(expect.arrayContaining(["D5 info"]));
  });

  it("are quiet about the one request that fills a cache", () => {
    callBack((ctx, index) => query(ctx, index < 20 ? 1 : 0));

    expect(found().filter((each) => !each.startsWith("D16"))).toEqual([]);
  });

  it("name the users of all that land on it", () => {
    callBack((ctx, index) => context.with(ctx, () => setUser({ id: index })));

    expect(found()).toEqual(["D12 error"]);
  });

  it("name users of HTTP requests, whose spans get their routes at the end", () => {
    const releaser = open("GET");
    for (let index = 0; index < 60; index += 1) {
      const { span } = open("GET");
      context.with(releaser.ctx, () => setUser({ id: index }));
      span.updateName("GET /users/:id").end();
    }
    releaser.span.updateName("GET /users/:id").end();

    expect(found().filter((each) => each.startsWith("D12"))).toEqual(["D12 error"]);
    expect(
      theObserver()
        .findings(false)
        .find(({ rule }) => rule === "D12")?.summary,
    ).toContain('"GET /users/:id"');
  });

  it("are quiet about a job that sets one user after the other, and about a login", () => {
    const { span, ctx } = open("job");
    for (let id = 0; id < 50; id += 1) context.with(ctx, () => setUser({ id }));
    span.end();
    for (let index = 0; index < 30; index += 1) {
      const login = open("POST /login");
      context.with(login.ctx, () => {
        setUser({ ip_address: "127.0.0.1" });
        setUser({ id: index });
      });
      login.span.end();
    }

    expect(found()).toEqual([]);
  });
});

/** Requests in which the context of an ended span is given to `run`, before they end. */
function leave(requests: number, run: (ctx: Context) => void): void {
  for (let index = 0; index < requests; index += 1) {
    const { span, ctx } = open();
    const left = tracer.startSpan("left", {}, ctx);
    left.end();
    run(trace.setSpan(ctx, left));
    span.end();
  }
}

describe("rule D8, of spans that are active after their end,", () => {
  it.each([
    [1, 5, ["D8 warning"]],
    [1, 4, []],
    [5, 1, ["D8 warning"]],
    [4, 1, []],
  ])("finds in %i spans below it in each of %i requests: %j", (spans, requests, expected) => {
    leave(requests, (ctx) =>
      context.with(ctx, () => {
        for (let each = 0; each < spans; each += 1) tracer.startSpan("query").end();
      }),
    );

    expect(found()).toEqual(expected);
  });

  it("is quiet about spans whose parent is given to them", () => {
    leave(20, (ctx) => query(ctx, 6));

    expect(found()).toEqual([]);
  });
});

/** Records an error in a request; has the contexts of these requests capture it. */
function fail(error: Error, ...captors: number[]): void {
  const requests = [open("GET /a"), open("GET /b"), open("GET /c")];
  requests[0]?.span.recordException(error);
  for (const index of captors) {
    const { ctx } = requests[index] ?? open();
    context.with(ctx, () => captureException(error));
  }
  for (const { span } of requests) span.end();
}

describe("rule D13, of errors that are captured in the context of another request,", () => {
  it.each([
    ["another request", [1], ["D13 warning"]],
    ["its own request", [0], []],
    ["its own request, and then another that shares it", [0, 1], []],
    ["another request twice, as by a handler of errors", [1, 1], ["D13 warning"]],
    ["two others, as with a cached promise", [1, 2], []],
    ["two others, of which one does so twice", [1, 1, 2, 2], []],
  ])("captured by %s", (_what, captors, expected) => {
    fail(new Error("failed"), ...captors);

    expect(found()).toEqual(expected);
  });
});

/** Requests with a query each, of which the first ones capture errors in turn after their end. */
function captureLate(requests: number, errors: number, captors: number): void {
  const ended = Array.from({ length: requests }, () => {
    const { span, ctx } = open("POST /rows");
    query(ctx);
    span.end();
    return ctx;
  });
  for (let index = 0; index < errors; index += 1)
    context.with(ended[index % captors] ?? ROOT_CONTEXT, () =>
      captureException(new Error(`row ${index}`)),
    );
}

describe("rule D13, of errors that a few requests capture after their end,", () => {
  it.each([
    ["a warning if there is one for each of the others", 20, 19, 1, "warning"],
    ["a warning if four have captured one for each", 40, 40, 4, "warning"],
    ["information if there are far fewer", 40, 19, 1, "info"],
    ["information if there are far more, as in work of its own", 20, 60, 1, "info"],
    ["information if four have captured far more", 20, 60, 4, "info"],
  ])("is %s", (...[, requests, errors, captors, severity]) => {
    captureLate(requests, errors, captors);

    expect(found()).toEqual([`D13 ${severity}`]);
  });
});

describe("an example of rule D13", () => {
  it("is not one of an error that two others have captured", () => {
    fail(new Error("shared"), 1, 2);
    fail(new Error("foreign"), 1);

    const [finding, ...others] = theObserver().findings(false);

    expect(others).toEqual([]);
    expect([finding?.count, finding?.evidence.length]).toEqual([1, 2]);
  });
});

/** Requests that end with the query of one. All get the name `route` before they end. */
function wait(quantity: number, route = "GET /"): void {
  const first = open();
  const startTime = Date.now() - 50;
  const others: Span[] = Array.from({ length: quantity }, () =>
    tracer.startSpan("GET /", { kind: SpanKind.SERVER, startTime }, ROOT_CONTEXT),
  );
  // At one time: the first end of a process can take longer than the rule waits.
  const endTime = Date.now();
  tracer.startSpan("query", { kind: SpanKind.CLIENT, startTime }, first.ctx).end(endTime);
  for (const each of [...others, first.span]) each.updateName(route).end(endTime);
}

describe("rule D16, of requests that wait for a span of another, in mode `deep`,", () => {
  it.each([
    [10, ["D16 info"]],
    [9, []],
  ])("finds in %i of them: %j", (quantity, expected) => {
    wait(quantity);

    expect(found()).toEqual(expected);
  });

  it("compares the names that spans have at their ends", () => {
    wait(10, "GET /users/:id");

    expect(found()).toEqual(["D16 info"]);
    expect(theObserver().findings(false)[0]?.summary).toContain('"GET /users/:id"');
  });

  it("is quiet about requests of another name", () => {
    const first = open("GET");
    const startTime = Date.now() - 50;
    const others = Array.from({ length: 10 }, () =>
      tracer.startSpan("GET", { kind: SpanKind.SERVER, startTime }, ROOT_CONTEXT),
    );
    query(first.ctx);
    const endTime = Date.now() + 1;
    for (const each of others) each.updateName("GET /health").end(endTime);
    first.span.updateName("GET /users/:id").end(endTime);

    expect(found()).toEqual([]);
  });
});

describe("a span in a context of another request than its parent's", () => {
  it.each([
    ["app", "links:"],
    ["shop-otel", "links:"],
    ["@opentelemetry/instrumentation-express", "bindContext("],
    ["@prisma/instrumentation", "bindContext("],
    ["@fastify/otel", "bindContext("],
  ])("by the tracer %s: the fix has `%s`", (name, code) => {
    const [own, other] = [open("GET /a"), open("GET /b")];
    tracerOf(name).startSpan("step", {}, trace.setSpan(other.ctx, own.span)).end();
    for (const { span } of [own, other]) span.end();

    const [foreign, ...others] = theObserver().findings(false);

    expect([foreign?.rule, others]).toEqual(["D3", []]);
    expect(foreign?.code).toContain(code);
  });
});
