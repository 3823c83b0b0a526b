import {
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  trace,
} from "@opentelemetry/api";
import { CompositePropagator, W3CBaggagePropagator } from "@opentelemetry/core";
import { describe, expect, it } from "vitest";

import {
  SentryPropagator,
  continueTrace,
  getIsolationScope,
  getTraceData,
  getTraceHeaders,
  getTraceMetaTags,
  setTag,
  startNewTrace,
  suppressTracing,
  withIsolationScope,
} from "../../src/index.js";
import { startBridge } from "../client/bridge.js";

const TRACE = "4c79f60c11214eb38604f4ae0781bfb2";
const PARENT = "b0e6f15b45c36b12";
const HEADERS = {
  "sentry-trace": `${TRACE}-${PARENT}-1`,
  baggage: `sentry-trace_id=${TRACE},sentry-public_key=k,sentry-sample_rand=0.25,other=1`,
};

describe("continueTrace", () => {
  it("continues the sender's trace, in a unit of its own", async () => {
    const { tracer, ...bridge } = startBridge();
    withIsolationScope(() => {
      setTag("outer", "1");
      const result = continueTrace(HEADERS, () => {
        setTag("inner", "1");
        tracer.startSpan("job").end();
        return 5;
      });
      expect(result).toBe(5);
      expect(getIsolationScope().data.tags).toEqual({ outer: "1" });
    });
    const [transaction] = await bridge.flushed();
    expect(transaction?.contexts.trace).toMatchObject({ trace_id: TRACE, parent_span_id: PARENT });
    expect(transaction?.tags).toEqual({ outer: "1", inner: "1" });
  });

  it.each([{}, { "sentry-trace": "nonsense" }, { baggage: HEADERS.baggage }])(
    "begins a new trace where the headers are of no use: %o",
    async (headers) => {
      const { tracer, ...bridge } = startBridge();
      tracer.startActiveSpan("outer", (outer) => {
        continueTrace(headers, () => tracer.startSpan("job").end());
        outer.end();
      });
      const traces = (await bridge.flushed()).map(({ contexts }) => contexts.trace?.trace_id);
      expect(new Set(traces).size).toBe(2);
      expect(traces).not.toContain(TRACE);
    },
  );

  it("passes on what fn throws, and its trace survives an await", async () => {
    const { tracer, ...bridge } = startBridge();
    const failing = continueTrace(HEADERS, async () => {
      await Promise.resolve();
      tracer.startSpan("late").end();
      throw new Error("job");
    });
    await expect(failing).rejects.toThrow("job");
    expect((await bridge.flushed())[0]?.contexts.trace?.trace_id).toBe(TRACE);
  });
});

describe("startNewTrace", () => {
  it("begins traces of their own in the same unit of work", async () => {
    const { tracer, ...bridge } = startBridge();
    tracer.startActiveSpan("outer", (outer) => {
      setTag("unit", "1");
      startNewTrace(() => tracer.startSpan("one").end());
      startNewTrace(() => tracer.startSpan("two").end());
      outer.end();
    });
    const transactions = await bridge.flushed();
    expect(new Set(transactions.map(({ contexts }) => contexts.trace?.trace_id)).size).toBe(3);
    expect(transactions.map(({ tags }) => tags)).toEqual([
      { unit: "1" },
      { unit: "1" },
      { unit: "1" },
    ]);
  });
});

it("startNewTrace leaves the baggage of the trace that it leaves behind", () => {
  const { tracer } = startBridge();
  const composite = new CompositePropagator({
    propagators: [new SentryPropagator(), new W3CBaggagePropagator()],
  });
  const baggage = `${HEADERS.baggage},tenant=7`;
  const incoming = composite.extract(
    context.active(),
    { ...HEADERS, baggage },
    defaultTextMapGetter,
  );
  context.with(incoming, () =>
    startNewTrace(() => {
      const headers: Record<string, string> = {};
      const span = tracer.startSpan("new");
      composite.inject(trace.setSpan(context.active(), span), headers, defaultTextMapSetter);
      span.end();
      expect(headers["baggage"]).not.toContain(TRACE);
      expect(headers["baggage"]).toContain("tenant=7");
    }),
  );
});

describe("getTraceHeaders", () => {
  it("are what a request would carry, and continue the trace", () => {
    const { tracer } = startBridge();
    tracer.startActiveSpan("root", (root) => {
      const headers = getTraceHeaders();
      const { traceId, spanId } = root.spanContext();
      expect(headers["sentry-trace"]).toBe(`${traceId}-${spanId}-1`);
      expect(headers.traceparent).toBe(`00-${traceId}-${spanId}-01`);
      expect(headers.baggage).toContain(`sentry-trace_id=${traceId}`);
      continueTrace(headers, () => {
        expect(trace.getActiveSpan()?.spanContext().spanId).toBe(spanId);
      });
      root.end();
    });
  });

  it("pass a sender's trace on where there is no span of ours", () => {
    startBridge();
    continueTrace(HEADERS, () => {
      const headers = getTraceHeaders();
      expect(headers["sentry-trace"]).toBe(HEADERS["sentry-trace"]);
      expect(headers.baggage).toContain("sentry-sample_rand=0.25");
    });
  });

  it("are none where there is no trace, or it is suppressed", () => {
    const { tracer } = startBridge();
    expect(getTraceHeaders()).toEqual({});
    tracer.startActiveSpan("root", (root) => {
      expect(suppressTracing(() => getTraceHeaders())).toEqual({});
      root.end();
    });
  });
});

it("suppressTracing starts no spans, and returns what fn returns", async () => {
  const { tracer, client, ...bridge } = startBridge();
  expect(suppressTracing(() => tracer.startSpan("hidden").end() ?? 5)).toBe(5);
  expect(await bridge.flushed()).toEqual([]);
  expect(client.stats().spans.started).toBe(0);
});

it("headers of a continued trace keep what OTel's baggage has", () => {
  startBridge();
  const ctx = propagation.setBaggage(
    context.active(),
    propagation.createBaggage({ tenant: { value: "7" } }),
  );
  context.with(ctx, () =>
    continueTrace(HEADERS, () => {
      expect(getTraceHeaders().baggage?.startsWith("tenant=7,sentry-")).toBe(true);
    }),
  );
  expect(new SentryPropagator().fields()).toContain("baggage");
});

describe("getTraceMetaTags", () => {
  it("are the headers of the active span, which getTraceData gives, too", () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    context.with(trace.setSpan(context.active(), root), () => {
      const { baggage, "sentry-trace": header } = getTraceData();
      expect(header).toMatch(/^[0-9a-f]{32}-[0-9a-f]{16}-1$/);
      const tags = getTraceMetaTags();
      expect(tags).toContain(`<meta name="sentry-trace" content="${header}"/>`);
      expect(tags).toContain(`<meta name="baggage" content="${baggage}"/>`);
    });
    root.end();
    expect(getTraceMetaTags()).toBe("");
  });

  it("cannot be left by what a sender has put into the headers", () => {
    const baggage = `a="/><script>alert('&')</script>`;
    expect(getTraceMetaTags({ baggage })).toBe(
      `<meta name="baggage" content="a=&quot;/&gt;&lt;script&gt;alert('&amp;')&lt;/script&gt;"/>`,
    );
  });
});
