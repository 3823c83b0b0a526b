import { ROOT_CONTEXT, defaultTextMapGetter, trace } from "@opentelemetry/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { scopesOf } from "../../src/context/scope-context.js";
import { processScopes } from "../../src/scope/process-scopes.js";
import {
  TRACE,
  SPAN,
  OTHER_TRACE,
  OTHER_SPAN,
  SENTRY_TRACE,
  BAGGAGE,
  DSC,
  alone,
  w3c,
  last,
  everyOrder,
  extract,
  inject,
  spanOf,
  withSpan,
  throwing,
} from "./propagation-kit.js";
import type { CarrierHeaders } from "./propagation-kit.js";
import { runs } from "../property/runs.js";
import { CHARACTER } from "../property/characters.js";

describe("extract", () => {
  describe.each(everyOrder)("%s", (_order, propagator) => {
    it("continues the trace of sentry-trace and keeps its members", () => {
      const ctx = extract(
        { "sentry-trace": SENTRY_TRACE, baggage: `${BAGGAGE},x=1` },
        ROOT_CONTEXT,
        propagator,
      );
      expect(spanOf(ctx)).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags: 1, isRemote: true });
      expect(scopesOf(ctx).incoming).toEqual({ traceId: TRACE, sampled: true, dsc: DSC });
    });

    it("continues the trace of traceparent with its state", () => {
      const headers = { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: "a=1,b=2" };
      const ctx = extract(headers, ROOT_CONTEXT, propagator);
      expect(spanOf(ctx)).toMatchObject({
        traceId: TRACE,
        spanId: SPAN,
        traceFlags: 1,
        isRemote: true,
      });
      expect(spanOf(ctx)?.traceState?.serialize()).toBe("a=1,b=2");
      expect(scopesOf(ctx).incoming).toEqual({ traceId: TRACE, sampled: true, dsc: undefined });
    });

    it("keeps the trace state when both headers name one trace", () => {
      const headers = {
        "sentry-trace": SENTRY_TRACE,
        traceparent: `00-${TRACE}-${SPAN}-03`,
        tracestate: "a=1",
      };
      const span = spanOf(extract(headers, ROOT_CONTEXT, propagator));
      expect(span).toMatchObject({ traceId: TRACE, spanId: SPAN, traceFlags: 3 });
      expect(span?.traceState?.get("a")).toBe("1");
    });

    it("makes each request a unit of its own", () => {
      const headers = { "sentry-trace": SENTRY_TRACE, traceparent: `00-${TRACE}-${SPAN}-00` };
      for (const each of [
        headers,
        { traceparent: headers.traceparent },
        {},
        { "sentry-trace": "?" },
      ]) {
        const one = scopesOf(extract(each, ROOT_CONTEXT, propagator)).unit;
        const other = scopesOf(extract(each, ROOT_CONTEXT, propagator)).unit;
        one.isolation.setTag("who", "one");
        other.isolation.setTag("who", "other");
        expect(one.isolation.data.tags).toEqual({ who: "one" });
        expect(other.isolation.data.tags).toEqual({ who: "other" });
        expect(one.adoptable && other.adoptable).toBe(true);
        expect(one.depth).toBe(processScopes().defaultUnit.depth + 1);
      }
      expect(processScopes().defaultUnit.isolation.data.tags).toEqual({});
      expect(processScopes().unrecorded.size).toBe(0);
    });
  });

  it.each([
    ["-1", 1, true],
    ["-0", 0, false],
    ["", 1, undefined],
  ])("takes the decision %j for trace flags %d", (flag, traceFlags, sampled) => {
    const ctx = extract({ "sentry-trace": `${TRACE}-${SPAN}${flag}` });
    expect(spanOf(ctx)?.traceFlags).toBe(traceFlags);
    expect(scopesOf(ctx).incoming).toEqual({ traceId: TRACE, sampled, dsc: {} });
  });

  it.each([
    ["01", true],
    ["00", false],
  ])("takes the W3C flags %s for the decision %j", (flags, sampled) => {
    const ctx = extract({ traceparent: `00-${TRACE}-${SPAN}-${flags}` });
    expect(scopesOf(ctx).incoming?.sampled).toBe(sampled);
  });

  it("takes members beside traceparent for those of the trace that they name", () => {
    const traceparent = `00-${TRACE}-${SPAN}-01`;
    expect(scopesOf(extract({ traceparent, baggage: BAGGAGE })).incoming?.dsc).toEqual(DSC);
    const stale = BAGGAGE.replace(TRACE, OTHER_TRACE);
    expect(scopesOf(extract({ traceparent, baggage: stale })).incoming?.dsc).toBeUndefined();
  });

  it("lets sentry-trace win over what a W3C propagator read, without the state of the other trace", () => {
    const headers = {
      "sentry-trace": SENTRY_TRACE,
      traceparent: `00-${OTHER_TRACE}-${OTHER_SPAN}-01`,
      tracestate: "a=1",
    };
    for (const propagator of [alone, last]) {
      const span = spanOf(extract(headers, ROOT_CONTEXT, propagator));
      expect(span).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags: 1, isRemote: true });
    }
  });

  it("leaves the span that a W3C propagator set, when there is no sentry-trace", () => {
    const headers = { traceparent: `00-${TRACE}-${SPAN}-01` };
    const before = w3c.reduce((ctx, each) => extract(headers, ctx, each), ROOT_CONTEXT);
    expect(trace.getSpan(extract(headers, before))).toBe(trace.getSpan(before));
  });

  it("continues the trace that another propagator read from its own headers", () => {
    const before = withSpan({ isRemote: true, traceFlags: 0 });
    const ctx = extract({}, before);
    expect(trace.getSpan(ctx)).toBe(trace.getSpan(before));
    expect(scopesOf(ctx).incoming).toEqual({ traceId: TRACE, sampled: false, dsc: undefined });
  });

  it("takes the parent of a message over the one of the request around it", () => {
    const request = extract({ "sentry-trace": SENTRY_TRACE, baggage: BAGGAGE });
    const message = extract({ traceparent: `00-${OTHER_TRACE}-${OTHER_SPAN}-01` }, request);
    expect(spanOf(message)).toMatchObject({ traceId: OTHER_TRACE, spanId: OTHER_SPAN });
    expect(scopesOf(message).incoming?.traceId).toBe(OTHER_TRACE);
    expect(scopesOf(message).unit.depth).toBe(scopesOf(request).unit.depth + 1);
  });

  it("keeps the trace of the context if the carrier has no headers", () => {
    const request = extract({ "sentry-trace": SENTRY_TRACE, baggage: BAGGAGE });
    expect(scopesOf(extract({}, request)).incoming).toBe(scopesOf(request).incoming);
    const inside = withSpan({ spanId: OTHER_SPAN }, request);
    expect(scopesOf(extract({}, inside)).incoming?.dsc).toEqual(DSC);
    expect(trace.getSpan(extract({}, inside))).toBe(trace.getSpan(inside));
  });

  it("reads headers that come several times", () => {
    const ctx = extract({
      "sentry-trace": [SENTRY_TRACE, `${OTHER_TRACE}-${OTHER_SPAN}-0`],
      baggage: [`x=1,sentry-trace_id=${TRACE}`, "sentry-sample_rand=0.25,sentry-public_key=k"],
    });
    expect(spanOf(ctx)).toMatchObject({ traceId: TRACE, spanId: SPAN });
    expect(scopesOf(ctx).incoming?.dsc).toEqual(DSC);
  });

  it.each([
    {},
    { "sentry-trace": "" },
    { "sentry-trace": [] },
    { "sentry-trace": "garbage", traceparent: "garbage", tracestate: "=,=" },
    { "sentry-trace": TRACE },
    { "sentry-trace": `${"0".repeat(32)}-${SPAN}-1` },
    { traceparent: `ff-${TRACE}-${SPAN}-01` },
    { baggage: BAGGAGE },
  ])("starts no trace from %j", (headers: CarrierHeaders) => {
    const ctx = extract(headers);
    expect(spanOf(ctx)).toBeUndefined();
    expect(scopesOf(ctx).incoming).toBeUndefined();
    expect(scopesOf(ctx).unit.adoptable).toBe(true);
  });

  it("never throws, whatever a carrier holds", () => {
    const values = fc.oneof(fc.string({ unit: CHARACTER }), fc.array(fc.string()), fc.anything());
    const headers = fc.record({ "sentry-trace": values, baggage: values, tracestate: values });
    const valid = fc.constantFrom<CarrierHeaders>(
      {},
      { "sentry-trace": SENTRY_TRACE },
      { traceparent: `00-${TRACE}-${SPAN}-01` },
    );
    fc.assert(
      fc.property(headers, valid, (garbage, parent) => {
        const carrier = { ...garbage, ...parent };
        expect(() => alone.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter)).not.toThrow();
        expect(() => inject(withSpan(), { ...garbage } as CarrierHeaders)).not.toThrow();
      }),
      { numRuns: runs(5000) },
    );
  });

  it("forks also when the getter fails", () => {
    const ctx = alone.extract(ROOT_CONTEXT, {}, { get: throwing, keys: () => [] });
    expect(scopesOf(ctx).unit).not.toBe(processScopes().defaultUnit);
    expect(spanOf(alone.extract(ROOT_CONTEXT, null, defaultTextMapGetter))).toBeUndefined();
  });
});
