import {
  ROOT_CONTEXT,
  context,
  createTraceState,
  defaultTextMapSetter,
  propagation,
} from "@opentelemetry/api";
import { suppressTracing } from "@opentelemetry/core";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";

import { TracePropagator } from "../../src/otel/propagator.js";
import type { TracePropagatorOptions } from "../../src/otel/propagator.js";
import {
  TRACE,
  SPAN,
  OTHER_TRACE,
  OTHER_SPAN,
  SENTRY_TRACE,
  BAGGAGE,
  DSC,
  alone,
  last,
  everyOrder,
  extract,
  inject,
  spanOf,
  withSpan,
  membersOf,
  prefixed,
  throwing,
} from "./propagation-kit.js";

describe("inject", () => {
  it("writes the given context, which need not be the active one", () => {
    expect(context.active()).toBe(ROOT_CONTEXT);
    expect(inject(withSpan())).toEqual({
      "sentry-trace": SENTRY_TRACE,
      traceparent: `00-${TRACE}-${SPAN}-01`,
    });
  });

  it("names the headers that it writes", () => {
    const source = new TracePropagator({ dscSource: () => DSC });
    const written = Object.keys(
      inject(withSpan({ traceState: createTraceState("a=1") }), {}, source),
    );
    expect(new Set(written)).toEqual(new Set(source.fields()));
  });

  describe.each(everyOrder)("%s", (_order, propagator) => {
    it("passes an incoming trace on with its members", () => {
      const headers = { "sentry-trace": SENTRY_TRACE, baggage: BAGGAGE };
      const request = extract(headers, ROOT_CONTEXT, propagator);
      const sent = inject(withSpan({ spanId: OTHER_SPAN }, request), {}, propagator);
      expect(sent["sentry-trace"]).toBe(`${TRACE}-${OTHER_SPAN}-1`);
      expect(sent["traceparent"]).toBe(`00-${TRACE}-${OTHER_SPAN}-01`);
      expect(membersOf(sent)).toEqual(prefixed(DSC));
    });

    it("passes the baggage of the context on, once", () => {
      const baggage = propagation.createBaggage({ tenant: { value: "å b" }, plan: { value: "1" } });
      const sent = inject(propagation.setBaggage(withSpan(), baggage), {}, propagator);
      expect(membersOf(sent)).toEqual({ tenant: "å b", plan: "1" });
    });
  });

  it.each([
    ["alone", alone],
    ["after the W3C propagators", last],
  ])("merges members, baggage and what the carrier has, %s", (_order, propagator) => {
    const request = extract(
      { "sentry-trace": SENTRY_TRACE, baggage: BAGGAGE },
      ROOT_CONTEXT,
      propagator,
    );
    const sentByUs = propagation.getBaggage(request) ?? propagation.createBaggage();
    const ctx = propagation.setBaggage(request, sentByUs.setEntry("tenant", { value: "1" }));
    const present = propagator === alone ? { baggage: "x=a b;p, sentry-release=stale" } : {};
    const { x: foreign, ...members } = membersOf(inject(ctx, present, propagator));
    expect(foreign).toBe(propagator === alone ? "a b;p" : undefined);
    expect(members).toEqual({ tenant: "1", ...prefixed(DSC) });
  });

  it("does not forward the sender's other baggage by itself", () => {
    const request = extract({ "sentry-trace": SENTRY_TRACE, baggage: `${BAGGAGE},secret=1` });
    expect(membersOf(inject(request))).toEqual(prefixed(DSC));
  });

  it("replaces members of another trace that are on the carrier", () => {
    expect(inject(withSpan(), { baggage: "sentry-trace_id=stale" })["baggage"]).toBe("");
    expect(inject(withSpan(), { baggage: "x = 1" })["baggage"]).toBe("x = 1");
  });

  it("adds the sample_rand by which this process decides, if the sender has none", () => {
    const request = extract({ "sentry-trace": SENTRY_TRACE, baggage: "sentry-sample_rate=0.5" });
    const members = membersOf(inject(request));
    expect(Number(members["sentry-sample_rand"])).toBeLessThan(0.5);
    expect(members["sentry-sample_rate"]).toBe("0.5");
  });

  it("sends no members when the sender sent none", () => {
    const source = new TracePropagator({ dscSource: () => DSC });
    const request = extract({ "sentry-trace": SENTRY_TRACE });
    expect(inject(request, {}, source)).not.toHaveProperty("baggage");
  });

  it("asks its source about traces that start here", () => {
    const dscSource = vi.fn<NonNullable<TracePropagatorOptions["dscSource"]>>(() => DSC);
    const source = new TracePropagator({ dscSource });
    expect(membersOf(inject(withSpan(), {}, source))).toEqual(prefixed(DSC));
    const { traceId, spanId } = { traceId: TRACE, spanId: SPAN };
    expect(dscSource).toHaveBeenCalledExactlyOnceWith(TRACE, { traceId, spanId, traceFlags: 1 });
    const w3cRequest = extract({ traceparent: `00-${TRACE}-${SPAN}-01` });
    expect(membersOf(inject(w3cRequest, {}, source))).toEqual(prefixed(DSC));
  });

  it("does not apply an incoming trace to a span of another trace", () => {
    const request = extract({ "sentry-trace": `${TRACE}-${SPAN}-0`, baggage: BAGGAGE });
    const sent = inject(withSpan({ traceId: OTHER_TRACE }, request));
    expect(sent).not.toHaveProperty("baggage");
    expect(sent["sentry-trace"]).toBe(`${OTHER_TRACE}-${SPAN}-1`);
  });

  it("writes traces without members when its source fails", () => {
    const failing = new TracePropagator({ dscSource: throwing });
    expect(inject(withSpan(), {}, failing)["sentry-trace"]).toBe(SENTRY_TRACE);
  });

  it.each([
    ["-1", 1, "-1"],
    ["-1", 0, "-0"],
    ["-0", 0, "-0"],
    // The pipeline records all, and Sentry's sampling has inherited the refusal.
    ["-0", 1, "-0"],
    ["", 1, "-1"],
    ["", 0, "-0"],
  ])("after the decision %j sends a span with flags %d as %j", (incoming, traceFlags, sent) => {
    const request = extract({ "sentry-trace": `${TRACE}-${SPAN}${incoming}` });
    const ctx = withSpan({ spanId: OTHER_SPAN, traceFlags }, request);
    expect(inject(ctx)["sentry-trace"]).toBe(`${TRACE}-${OTHER_SPAN}${sent}`);
  });

  it.each(["-1", "-0", ""])("passes the decision %j on where no span was started", (decision) => {
    const header = `${TRACE}-${SPAN}${decision}`;
    expect(inject(extract({ "sentry-trace": header }))["sentry-trace"]).toBe(header);
  });

  it("sends Sentry's refusal of a trace that starts here", () => {
    const source = new TracePropagator({ dscSource: () => ({ ...DSC, sampled: "false" }) });
    const sent = inject(withSpan(), {}, source);
    expect(sent["sentry-trace"]).toBe(`${TRACE}-${SPAN}-0`);
    expect(sent["traceparent"]).toBe(`00-${TRACE}-${SPAN}-01`);
  });

  it.each([
    ["no span", ROOT_CONTEXT],
    ["an invalid span", withSpan({ traceId: "0".repeat(32) })],
    ["tracing suppressed", suppressTracing(withSpan())],
  ])("writes nothing with %s", (_title, ctx) => {
    expect(inject(ctx)).toEqual({});
  });

  it.each(["sentry-trace", "Sentry-Trace"])("leaves a carrier alone that has %s", (name) => {
    const carrier = { [name]: "theirs", baggage: "sentry-trace_id=theirs" };
    expect(inject(withSpan(), { ...carrier })).toEqual(carrier);
  });

  it.each([
    ["an object with other case", { Baggage: "x=1" }],
    ["a list of values", { baggage: ["x=1"] }],
    ["bytes", { baggage: Buffer.from("x=1") }],
    ["a map", new Map([["baggage", "x=1"]])],
    ["fetch's headers", new Headers({ baggage: "x=1" })],
  ])("keeps what is on a carrier that is %s", (_title, carrier) => {
    const written = new Map<string, string>();
    const source = new TracePropagator({ dscSource: () => ({ trace_id: TRACE }) });
    source.inject(withSpan(), carrier, { set: (_carrier, key, value) => written.set(key, value) });
    expect(written.get("baggage")).toBe(`x=1,sentry-trace_id=${TRACE}`);
  });

  it("never throws, whatever the carrier is", () => {
    for (const carrier of [null, undefined, 1, "text", Object.freeze({}), { get: throwing }]) {
      expect(() => alone.inject(withSpan(), carrier, { set: throwing })).not.toThrow();
      expect(() => alone.inject(withSpan(), carrier, defaultTextMapSetter)).not.toThrow();
    }
  });

  it("reads back what it writes, for any ids", () => {
    const ids = fc.tuple(fc.bigInt(1n, 2n ** 128n - 1n), fc.bigInt(1n, 2n ** 64n - 1n));
    fc.assert(
      fc.property(ids, fc.constantFrom(0, 1, 2, 3), ([traceId, spanId], traceFlags) => {
        const span = {
          traceId: traceId.toString(16).padStart(32, "0"),
          spanId: spanId.toString(16).padStart(16, "0"),
          traceFlags,
        };
        const read = spanOf(extract(inject(withSpan(span))));
        expect(read).toEqual({ ...span, isRemote: true });
      }),
    );
  });

  it("passes the trace state on, alone and beside the W3C propagator", () => {
    const ctx = withSpan({ traceState: createTraceState("a=1") });
    expect(inject(ctx, {}, last)["tracestate"]).toBe("a=1");
    expect(inject(ctx)["tracestate"]).toBe("a=1");
    expect(inject(withSpan())).not.toHaveProperty("tracestate");
  });
});
