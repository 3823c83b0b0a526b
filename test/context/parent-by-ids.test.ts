import { ROOT_CONTEXT, SpanKind, context, trace } from "@opentelemetry/api";
import type { Context, Span, SpanContext } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import {
  captureException,
  captureMessage,
  forkIsolation,
  getClient,
  getIsolationScope,
  getTraceHeaders,
  setTag,
  setUser,
  withIsolationScope,
} from "../../src/index.js";
import { openRoots } from "../../src/context/open-roots.js";
import { useRulesKit } from "../isolation/rules-kit.js";
import { extracted, traceIdOf, unrecorded } from "../isolation/units.js";

const kit = useRulesKit();

/** Ways to name a parent by its ids. */
const WAYS: [string, (span: Span, ctx: Context) => Context][] = [
  ["setSpanContext", (span, ctx) => trace.setSpanContext(ctx, span.spanContext())],
  [
    "wrapSpanContext",
    (span, ctx) => trace.setSpan(ctx, trace.wrapSpanContext({ ...span.spanContext() })),
  ],
  [
    "ids that were written down",
    (span, ctx) => {
      const { traceId, spanId } = span.spanContext();
      const written = JSON.parse(JSON.stringify({ traceId, spanId, traceFlags: 1 })) as SpanContext;
      return trace.setSpanContext(ctx, written);
    },
  ],
];

function inRequest<T>(name: string, body: (span: Span) => T): T {
  return kit.tracer.startActiveSpan(name, { kind: SpanKind.SERVER }, body);
}

function parentsOf(
  spans: readonly { description?: string; parent_span_id?: string; span_id: string }[],
) {
  const names = new Map(spans.map((span) => [span.span_id, span.description]));
  return Object.fromEntries(
    spans.map(({ description, parent_span_id }) => [description, names.get(parent_span_id ?? "")]),
  );
}

describe.each(WAYS)("a child whose parent is named by %s", (_name, byIds) => {
  it.each<[string, () => Context]>([
    ["outside of the request's context", () => ROOT_CONTEXT],
    ["in the request's context", () => context.active()],
    ["in a fork around nothing", () => forkIsolation(ROOT_CONTEXT)],
  ])("is in its parent's transaction (%s)", async (_, base) => {
    inRequest("request", (request) => {
      setUser({ id: "anna" });
      kit.tracer.startActiveSpan("operation", (operation) => {
        const query = kit.tracer.startSpan("query", {}, byIds(operation, base()));
        kit.tracer.startSpan("nested", {}, byIds(query, base())).end();
        kit.tracer.startSpan("inside", {}, trace.setSpan(base(), query)).end();
        query.end();
        operation.end();
      });
      request.end();
    });
    const transactions = await kit.sent();
    expect([...transactions.keys()]).toEqual(["request"]);
    const { user, spans = [] } = transactions.get("request") ?? {};
    expect(user?.id).toBe("anna");
    expect(parentsOf(spans)).toEqual({
      operation: undefined,
      query: "operation",
      nested: "query",
      inside: "query",
    });
    expect(openRoots.size).toBe(0);
  });

  it("is so after its root's end, while others of its spans are open", async () => {
    inRequest("request", (request) => {
      const open = kit.tracer.startSpan("open");
      request.end();
      kit.tracer.startSpan("late", {}, byIds(open, ROOT_CONTEXT)).end();
      open.end();
    });
    const transactions = await kit.sent();
    expect([...transactions.keys()]).toEqual(["request"]);
    expect(transactions.get("request")?.spans).toHaveLength(2);
  });

  it("shares scope data and captured errors with the request", async () => {
    inRequest("request", (request) => {
      context.with(byIds(request, ROOT_CONTEXT), () => {
        setUser({ id: "anna" });
        captureException(new Error("failed"));
        captureMessage("said");
      });
      request.end();
    });
    const transaction = (await kit.sent()).get("request");
    expect(transaction?.user?.id).toBe("anna");
    const errors = await kit.sentErrors();
    expect(errors).toHaveLength(2);
    for (const { user, contexts } of errors) {
      expect(user?.id).toBe("anna");
      expect(contexts?.trace?.trace_id).toBe(transaction?.contexts.trace?.trace_id);
    }
  });

  it("sends the segment's sampling context on", () => {
    inRequest("request", (request) => {
      const here = getTraceHeaders().baggage;
      expect(here).toContain("sentry-trace_id=");
      expect(getTraceHeaders(byIds(request, ROOT_CONTEXT)).baggage).toBe(here);
      request.end();
    });
  });

  it("is of the deeper unit where its context is a fork inside of the request", async () => {
    inRequest("request", (request) => {
      setUser({ id: "outer" });
      withIsolationScope(() => {
        setUser({ id: "inner" });
        const child = kit.tracer.startSpan("child", {}, byIds(request, context.active()));
        child.recordException(new Error("failed"));
        captureMessage("inside");
        expect(getIsolationScope(trace.setSpan(ROOT_CONTEXT, child)).data.user?.id).toBe("inner");
        child.end();
      });
      request.end();
    });
    expect((await kit.sent()).get("request")?.user?.id).toBe("outer");
    expect((await kit.sentErrors())[0]?.user?.id).toBe("inner");
  });

  it("is of its own request in the context of another one", async () => {
    inRequest("anna", (anna) => {
      setUser({ id: "anna" });
      context.with(extracted({}, ROOT_CONTEXT), () =>
        inRequest("bert", (bert) => {
          setUser({ id: "bert" });
          context.with(byIds(anna, context.active()), () => setTag("set", "for anna"));
          bert.end();
        }),
      );
      anna.end();
    });
    const transactions = await kit.sent();
    expect(transactions.get("anna")?.tags?.["set"]).toBe("for anna");
    expect(transactions.get("bert")?.tags).not.toHaveProperty("set");
    expect(transactions.get("bert")?.user?.id).toBe("bert");
  });

  it("belongs to the one of a service's calls to itself that its parent is in", async () => {
    inRequest("caller", (caller) => {
      setUser({ id: "caller" });
      const before = kit.tracer.startSpan("before");
      const call = kit.tracer.startSpan("call", { kind: SpanKind.CLIENT });
      const { traceId, spanId } = call.spanContext();
      context.with(extracted({ "sentry-trace": `${traceId}-${spanId}-1` }, ROOT_CONTEXT), () =>
        inRequest("callee", (callee) => {
          setUser({ id: "callee" });
          const inner = kit.tracer.startSpan("inner");
          for (const [name, parent] of Object.entries({ caller, before, callee, inner }))
            kit.tracer.startSpan(`under ${name}`, {}, byIds(parent, ROOT_CONTEXT)).end();
          context.with(byIds(before, ROOT_CONTEXT), () => setTag("set", "in the caller"));
          inner.end();
          callee.end();
        }),
      );
      call.end();
      before.end();
      caller.end();
    });
    const transactions = await kit.sent();
    const namesIn = (name: string): unknown[] =>
      transactions.get(name)?.spans.map((span) => span.description) ?? [];
    expect([...transactions.keys()].toSorted()).toEqual(["callee", "caller"]);
    expect(namesIn("caller")).toEqual(["under caller", "under before", "call", "before"]);
    expect(namesIn("callee")).toEqual(["under callee", "under inner", "inner"]);
    expect(transactions.get("caller")?.tags?.["set"]).toBe("in the caller");
    expect(transactions.get("callee")?.tags).not.toHaveProperty("set");
  });

  it("begins a transaction where its trace has no open root, with its parent's ids", async () => {
    const request = inRequest("request", (span) => {
      span.end();
      return span;
    });
    kit.tracer.startSpan("after", {}, byIds(request, ROOT_CONTEXT)).end();
    const { trace_id, parent_span_id } = (await kit.sent()).get("after")?.contexts.trace ?? {};
    const { traceId, spanId } = request.spanContext();
    expect({ trace_id, parent_span_id }).toEqual({ trace_id: traceId, parent_span_id: spanId });
  });
});

it("a remote parent is no local one, also where its trace is open in the process", async () => {
  inRequest("request", (request) => {
    const remote = trace.setSpanContext(ROOT_CONTEXT, { ...request.spanContext(), isRemote: true });
    kit.tracer.startSpan("callee", { kind: SpanKind.SERVER }, remote).end();
    request.end();
  });
  expect([...(await kit.sent()).keys()]).toEqual(["callee", "request"]);
});

it.each([
  ["none", {}],
  ["its own", { baggage: "sentry-trace_id=__,sentry-public_key=theirs,sentry-sample_rand=0.25" }],
])(
  "a child of a span that is not sampled has its trace's sampling context, where the sender sent %s",
  (_what, given: { baggage?: string }) => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const baggage = given.baggage?.replace("__", traceId);
    const headers = {
      "sentry-trace": `${traceId}-b7ad6b7169203331-1`,
      ...(baggage && { baggage }),
    };
    const ctx = extracted(headers);
    const request = kit.tracer.startSpan("request", { kind: SpanKind.SERVER }, ctx);
    const child = kit.tracer.startSpan("child", {}, unrecorded(traceId));
    const { baggage: sent } = getTraceHeaders(trace.setSpan(ROOT_CONTEXT, child));
    expect(sent).toBe(getTraceHeaders(trace.setSpan(ROOT_CONTEXT, request)).baggage);
    expect(sent?.includes("theirs") ?? false).toBe(baggage !== undefined);
    child.end();
    request.end();
  },
);

it("an unsampled span is not matched to the open root of its trace", () => {
  inRequest("request", (request) => {
    const { traceId } = request.spanContext();
    const dropped = { traceId, spanId: "d".repeat(16), traceFlags: 0 };
    context.with(trace.setSpanContext(ROOT_CONTEXT, dropped), () => setUser({ id: "bert" }));
    expect(getIsolationScope().data.user).toBeUndefined();
    request.end();
  });
});

it("roots that never end are forgotten, the oldest first", () => {
  const before = getClient()?.stats().spans.open ?? 0;
  for (let index = 0; index < 12_000; index++) {
    const ctx = trace.setSpanContext(ROOT_CONTEXT, {
      traceId: traceIdOf(index),
      spanId: "a".repeat(16),
      traceFlags: 1,
      isRemote: true,
    });
    kit.tracer.startSpan("never ends", {}, ctx);
  }
  expect(openRoots.size).toBeLessThanOrEqual(10_000);
  expect((getClient()?.stats().spans.open ?? 0) - before).toBe(12_000);
});
