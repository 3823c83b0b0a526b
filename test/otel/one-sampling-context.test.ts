import { ROOT_CONTEXT, SpanKind, context, trace } from "@opentelemetry/api";
import type { Span } from "@opentelemetry/api";
import { AlwaysOffSampler } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";

import { captureMessage, continueTrace, getTraceHeaders } from "../../src/index.js";
import { parseBaggage } from "../../src/trace/baggage.js";
import type { Bridge } from "../client/bridge.js";
import { startBridge } from "../client/bridge.js";

/** The sampling context in the headers that a request within the span would carry. */
function sentDsc(span: Span): { dsc: Record<string, string>; flag: string | undefined } {
  const headers = getTraceHeaders(trace.setSpan(ROOT_CONTEXT, span));
  const members = parseBaggage(headers.baggage ?? "").map(({ key, value }) => [
    key.replace(/^sentry-/, ""),
    value,
  ]);
  return {
    dsc: Object.fromEntries(members) as Record<string, string>,
    flag: headers["sentry-trace"]?.split("-")[2],
  };
}

async function envelopeDscs(bridge: Bridge): Promise<unknown[]> {
  await bridge.flushed();
  return bridge.transport.envelopes.map(({ header }) => header["trace"]);
}

describe("the sampling context of a trace that starts here", () => {
  it("is one and the same in all headers, in errors and in the transaction", async () => {
    const bridge = startBridge({ release: "shop@1", tracesSampleRate: 1 });
    const root = bridge.tracer.startSpan("checkout");
    const first = sentDsc(root);
    context.with(trace.setSpan(context.active(), root), () => captureMessage("in the trace"));
    const child = bridge.child(root);
    expect(sentDsc(child)).toEqual(first);
    child.end();
    root.end();
    expect(await envelopeDscs(bridge)).toEqual([first.dsc, first.dsc]);
    expect(first.dsc).toMatchObject({
      trace_id: root.spanContext().traceId,
      release: "shop@1",
      sample_rate: "1",
      sampled: "true",
      transaction: "checkout",
    });
  });

  it("does not change in headers once it was sent; the transaction's envelope has its final name", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("early name");
    expect(sentDsc(root).dsc["transaction"]).toBe("early name");
    root.updateName("late name");
    expect(sentDsc(root).dsc["transaction"]).toBe("early name");
    root.end();
    expect(await envelopeDscs(bridge)).toMatchObject([{ transaction: "late name" }]);
  });

  it("has no name where the transaction is named by a URL after all", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("checkout", { kind: SpanKind.SERVER });
    expect(sentDsc(root).dsc["transaction"]).toBe("checkout");
    root.updateName("GET").setAttributes({ "http.request.method": "GET", "url.path": "/orders/7" });
    root.end();
    expect((await envelopeDscs(bridge))[0]).not.toHaveProperty("transaction");
  });

  it("names no route that an inner span may still replace", async () => {
    const bridge = startBridge();
    const attributes = { "http.request.method": "GET", "url.path": "/api/7", "http.route": "/api" };
    const root = bridge.tracer.startSpan("GET", { kind: SpanKind.SERVER, attributes });
    expect(sentDsc(root).dsc).not.toHaveProperty("transaction");
    root.setAttribute("http.route", "/api/:id");
    root.end();
    const other = bridge.tracer.startSpan("GET", {
      kind: SpanKind.SERVER,
      attributes: { ...attributes, "http.route": "/api/:id" },
    });
    expect(sentDsc(other).dsc["transaction"]).toBe("GET /api/:id");
    other.end();
    await bridge.flushed();
  });

  it("has the final name if no header was sent before the end", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("early name");
    root.updateName("late name");
    root.end();
    expect(await envelopeDscs(bridge)).toMatchObject([{ transaction: "late name" }]);
  });

  it("has no name that is a URL", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("GET", {
      kind: SpanKind.SERVER,
      attributes: { "http.request.method": "GET", "url.path": "/orders/7" },
    });
    expect(sentDsc(root).dsc).not.toHaveProperty("transaction");
    root.end();
    expect((await envelopeDscs(bridge))[0]).not.toHaveProperty("transaction");
  });
});

describe("the decision in the headers", () => {
  it.each([
    [1, "1", "true"],
    [0, "0", "false"],
    [0.5, undefined, undefined],
  ])("is the sampler's: rate %s", async (rate, flag, sampled) => {
    let asked = 0;
    const bridge = startBridge({
      tracesSampler: () => {
        asked += 1;
        return rate;
      },
    });
    const root = bridge.tracer.startSpan("root");
    const told = sentDsc(root);
    root.end();
    const isSent = (await bridge.flushed()).length === 1;
    expect(told.flag).toBe(flag ?? (isSent ? "1" : "0"));
    expect(told.dsc["sampled"]).toBe(sampled ?? String(isSent));
    expect(told.dsc["sample_rate"]).toBe(String(rate));
    expect(asked).toBe(1);
  });

  it("is the provider's sampler's where that has refused", () => {
    const bridge = startBridge({}, { sampler: new AlwaysOffSampler() });
    const told = sentDsc(bridge.tracer.startSpan("root"));
    expect(told.flag).toBe("0");
    expect(told.dsc).toMatchObject({ sampled: "false" });
    expect(told.dsc).not.toHaveProperty("sample_rate");
  });
});

it("a sender's sampling context goes on as it came, with the rate that was applied here", async () => {
  const traceId = "4c79f60c11214eb38604f4ae0781bfb2";
  const dsc = `sentry-trace_id=${traceId},sentry-public_key=k,sentry-sample_rand=0.25,sentry-sample_rate=0.5,sentry-sampled=true,sentry-unknown=1`;
  const headers = { "sentry-trace": `${traceId}-b0e6f15b45c36b12-1`, baggage: dsc };
  const bridge = startBridge({ tracesSampler: () => 0.75 });
  const root = continueTrace(headers, () => bridge.tracer.startSpan("root"));
  const told = sentDsc(root).dsc;
  expect(told).toMatchObject({ sample_rand: "0.25", sample_rate: "0.75", unknown: "1" });
  root.end();
  expect(await envelopeDscs(bridge)).toEqual([told]);
});

it("an error in a continued trace has the sender's sampling context, sampled or not", async () => {
  const traceId = "4c79f60c11214eb38604f4ae0781bfb2";
  const headers = {
    "sentry-trace": `${traceId}-b0e6f15b45c36b12-0`,
    baggage: `sentry-trace_id=${traceId},sentry-public_key=k,sentry-sample_rand=0.9,sentry-sampled=false`,
  };
  const bridge = startBridge();
  continueTrace(headers, () => {
    captureMessage("no span of ours");
    bridge.tracer.startActiveSpan("root", (root) => {
      captureMessage("in a span that is not sent");
      root.end();
    });
  });
  const expected = { trace_id: traceId, public_key: "k", sample_rand: "0.9", sampled: "false" };
  expect(await envelopeDscs(bridge)).toEqual([expected, expected]);
});
