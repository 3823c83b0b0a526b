import { ROOT_CONTEXT, SpanKind, context, trace } from "@opentelemetry/api";
import type { Span } from "@opentelemetry/api";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  InMemorySpanExporter,
} from "@opentelemetry/sdk-trace-base";
import { afterEach, describe, expect, it } from "vitest";

import { DoctorObserver } from "../../src/doctor/observer.js";
import { checkTraffic } from "../../src/doctor/process-check.js";
import {
  addBreadcrumb,
  captureException,
  getIsolationScope,
  setTag,
  setUser,
} from "../../src/index.js";
import { observation } from "../../src/support/observation.js";
import { gateKit } from "./gate-kit.js";

const { tracer, found, theObserver, open, over, query } = gateKit();

/** Starts queries without a parent while a request is open, and others that have one. */
function lose(quantity: number, areAtOnce: boolean): void {
  const { span, ctx } = open();
  const lost: Span[] = [];
  for (let index = 0; index < quantity; index += 1) {
    lost.push(tracer.startSpan("query", { kind: SpanKind.CLIENT }, ROOT_CONTEXT));
    query(ctx);
    if (!areAtOnce) lost.at(-1)?.end();
  }
  for (const each of lost) each.end();
  span.end();
}

/** Handles messages at once in one unit; each runs its own function. */
function handleAtOnce(...handlers: (() => void)[]): void {
  const { span, ctx } = open("receive");
  const spans = handlers.map(() => tracer.startSpan("process", { kind: SpanKind.CONSUMER }, ctx));
  for (const [index, handler] of handlers.entries())
    context.with(trace.setSpan(ctx, spans[index] ?? span), handler);
  for (const each of [...spans, span]) each.end();
}

function note(): void {
  addBreadcrumb({ message: "m" });
}

describe("rule D1, of spans that start after the end of their parent, is quiet", () => {
  it("for four of them", () => {
    query(over(), 4);

    expect(found()).toEqual([]);
  });

  it("if each request of the name has them", () => {
    for (let index = 0; index < 30; index += 1) query(over(), 6);

    expect(found()).toEqual([]);
  });
});

describe("rule D1, of spans that start after the end of their parent,", () => {
  it("warns of five below the only request", () => {
    query(over(), 5);

    expect(found()).toEqual(["D1 warning"]);
  });

  it("warns if few requests have them, and the others children of their own", () => {
    query(over(), 20);
    for (let index = 0; index < 19; index += 1) {
      const { span, ctx } = open();
      query(ctx);
      span.end();
    }

    expect(found()).toEqual(["D1 warning"]);
  });

  it("is an error if the other requests have no child at all", () => {
    query(over(), 20);
    for (let index = 0; index < 19; index += 1) over();

    expect(found()).toEqual(["D1 error"]);
  });
});

describe("rule D6, of servers that listen within a span,", () => {
  it("is quiet about requests that an open request makes to its own process", () => {
    const { span, ctx } = open();
    for (let index = 0; index < 10; index += 1)
      tracer.startSpan("GET /inner", { kind: SpanKind.SERVER }, ctx).end();
    span.end();

    expect(found()).toEqual([]);
  });
});

describe("rule D9, of spans without a parent,", () => {
  it.each([
    [19, true, []],
    [20, true, ["D9 warning"]],
    [20, false, ["D9 info"]],
  ])("finds in %i of them, at once: %s, %j", (quantity, areAtOnce, expected) => {
    lose(quantity, areAtOnce);

    expect(found()).toEqual(expected);
  });
});

describe("rules about scope data are quiet", () => {
  it.each<[string, () => void]>([
    ["a removed user", () => setUser(null)],
    ["the user that it has already", () => setUser({ id: "1" })],
    ["a removed tag", () => setTag("a", undefined)],
    ["an invalid level", () => void getIsolationScope().setLevel("nonsense" as "error")],
    ["breadcrumbs", () => addBreadcrumb({ message: "late" })],
  ])("about %s after the end", (_what, write) => {
    const { span, ctx } = open();
    context.with(ctx, () => {
      setUser({ id: "1" });
      setTag("a", "1");
      span.end();
      for (let index = 0; index < 10; index += 1) write();
    });

    expect(found()).toEqual([]);
  });
});

describe("rules about messages that share a unit", () => {
  it("are quiet about different tags of two of them", () => {
    handleAtOnce(
      () => setTag("x", 1),
      () => setTag("y", 1),
      () => setTag("x", 1),
    );

    expect(found()).toEqual([]);
  });

  it("name a tag that two of them set", () => {
    handleAtOnce(
      () => setTag("x", 1),
      () => setTag("x", 2),
    );

    expect(found()).toEqual(["D12 error"]);
  });

  it("do not take breadcrumbs for data", () => {
    // Within a CONSUMER span, as in a batch.
    const root = tracer.startSpan("batch", {}, ROOT_CONTEXT);
    const ctx = trace.setSpan(ROOT_CONTEXT, root);
    const spans = Array.from({ length: 7 }, () =>
      tracer.startSpan("process", { kind: SpanKind.CONSUMER }, ctx),
    );
    for (const each of spans) context.with(trace.setSpan(ctx, each), note);
    for (const each of [...spans, root]) each.end();

    expect(found()).toEqual(["D11 warning"]);
  });
});

describe("rule D19, of requests that fail without an error,", () => {
  const FAILED = { "http.response.status_code": 500 };

  it("is quiet for two", () => {
    over("GET /", FAILED);
    over("GET /", FAILED);

    expect(found()).toEqual([]);
  });

  it("takes only an exception for an error", () => {
    for (let index = 0; index < 3; index += 1) {
      const { span } = open("GET /", FAILED);
      span.addEvent("cache.miss");
      span.end();
    }

    expect(found()).toEqual(["D19 warning"]);
  });

  it("is quiet about recorded exceptions", () => {
    for (let index = 0; index < 3; index += 1) {
      const { span } = open("GET /", FAILED);
      span.recordException(new Error("failed"));
      span.end();
    }

    expect(found()).toEqual([]);
  });
});

function failedRequests(capturing: number): void {
  for (let index = 0; index < 5; index += 1) {
    const { span, ctx } = open("GET /", { "http.response.status_code": 500 });
    span.end();
    if (index < capturing) context.with(ctx, () => captureException(new Error("failed")));
  }
}

describe("rule D19, of errors that are captured after the response,", () => {
  it("is quiet", () => {
    failedRequests(5);

    expect(found()).not.toContain("D19 warning");
  });

  it("counts the requests for which none was", () => {
    failedRequests(2);

    expect(found()).toContain("D19 warning");
  });
});

describe("more open roots than are watched", () => {
  it("do not make the doctor believe that requests overlap", () => {
    const sockets = Array.from({ length: 10_010 }, () => tracer.startSpan("s", {}, ROOT_CONTEXT));
    for (let index = 0; index < 60; index += 1) {
      over();
      query(ROOT_CONTEXT);
    }
    for (const each of sockets) each.end();

    expect(found()).toEqual([]);
  });
});

const TRAFFIC = { requests: 0, isUnpatched: false, isUsed: false, isUnused: false };

class Custom extends BatchSpanProcessor {}

/** Registers a provider whose processors may hold one of this package. */
function registerProvider(): void {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new Custom(exporter)] }),
  );
}

afterEach(() => trace.disable());

function namesOf(traffic: Partial<typeof TRAFFIC>): string[] {
  return checkTraffic(theObserver(), { ...TRAFFIC, ...traffic }).map(({ name }) => name);
}

describe("a process without any span", () => {
  it("is idle with a provider, unless it captures errors or check-ins only", () => {
    registerProvider();

    expect(namesOf({})).toEqual(["no-spans"]);
    expect(namesOf({ isUsed: true })).toEqual([]);
    expect(namesOf({ isUsed: true, requests: 20 })).toEqual(["http-not-traced"]);
  });

  it("without a provider needs one if there is a processor, and else uses no traces", () => {
    expect(namesOf({ isUnused: true })).toEqual(["not-traced"]);
    expect(namesOf({ isUnused: true, requests: 100 })).toEqual(["not-traced"]);
    expect(namesOf({ requests: 100 })).toEqual([]);
  });
});

describe("requests that are not traced", () => {
  it.each([
    [0, 19, ["no-spans warning"]],
    [0, 20, ["http-not-traced warning"]],
    [0, 100, ["http-not-traced error"]],
    [1, 19, []],
    [1, 100, ["http-not-traced warning"]],
  ])("%i other spans and %i requests: %j", (spans, requests, expected) => {
    query(ROOT_CONTEXT, spans);

    registerProvider();

    const findings = checkTraffic(theObserver(), { ...TRAFFIC, requests });

    expect(findings.map(({ name, severity }) => `${name} ${severity}`)).toEqual(expected);
  });
});

describe("a span in a context of another request than its parent's", () => {
  it.each([0, 1, 5])("is found after %i spans in the parent's own context", (quantity) => {
    // Without the rules of mode `deep`, most spans have no data of their own.
    const observer = new DoctorObserver();
    observation.observer = observer;
    const [own, other] = [open("GET /a"), open("GET /b")];
    query(own.ctx, quantity);
    query(trace.setSpan(other.ctx, own.span), 2);
    query(own.ctx, quantity);
    for (const { span } of [own, other]) span.end();

    expect(observer.findings(false).map(({ rule, count }) => [rule, count])).toEqual([["D3", 2]]);
  });
});
