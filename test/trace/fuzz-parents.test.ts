import { ROOT_CONTEXT, defaultTextMapGetter, trace } from "@opentelemetry/api";
import { propagationContextFromHeaders } from "@sentry/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { getTraceHeaders } from "../../src/index.js";
import { CarrierReader } from "../../src/otel/carrier.js";
import { readRemoteParent } from "../../src/otel/remote-parent.js";
import type { RemoteParent } from "../../src/otel/remote-parent.js";
import { formatSentryTrace, formatTraceparent } from "../../src/trace/headers.js";
import { validFields } from "../../src/trace/dsc.js";
import { sampleRandOf } from "../../src/trace/sample-rand.js";
import { startBridge } from "../client/bridge.js";
import { decisions, ids, near } from "./fuzz-texts.js";
import { times } from "../property/runs.js";

function read(headers: Readonly<Record<string, string>>): RemoteParent | undefined {
  return readRemoteParent(new CarrierReader(headers, defaultTextMapGetter));
}

const steps = fc.integer({ min: 0, max: 1_000_000 }).map((step) => String(step / 1_000_000));
const numbers = fc.oneof(
  { weight: 3, arbitrary: steps },
  fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }).map(String),
  fc.constantFrom("", "1", "1.5", "-0.1", "0.50", ".5", "1e-3", "0.5x", "NaN", "true"),
);
const texts = {
  trace_id: ids(32),
  sample_rate: numbers,
  sample_rand: numbers,
  release: fc.string(),
};
const members = fc.record(texts, { requiredKeys: [] }).map((dsc) =>
  Object.entries(dsc)
    .map(([key, value]) => `sentry-${key}=${encodeURIComponent(value)}`)
    .join(","),
);
const sentryTraces = fc
  .tuple(ids(32), ids(16), decisions)
  .map(([traceId, spanId, sampled]) => formatSentryTrace(traceId, spanId, sampled));
const traceparents = fc
  .tuple(ids(32), ids(16), fc.nat(3))
  .map(([traceId, spanId, flags]) => formatTraceparent(traceId, spanId, flags));

/** A number by the specification: a decimal in [0, 1). Sentry's own parser also accepts 1 and `0.5x`. */
function randIn(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const value = Number(text);
  return value >= 0 && value < 1 ? value : undefined;
}

describe("20,000 random senders", () => {
  it("that speak Sentry's headers are understood as the vendor understands them", () => {
    fc.assert(
      fc.property(sentryTraces, members, (sentryTrace, baggage) => {
        const ours = read({ "sentry-trace": sentryTrace, baggage });
        const theirs = propagationContextFromHeaders(sentryTrace, baggage);
        expect(ours?.span).toMatchObject({
          traceId: theirs.traceId,
          spanId: theirs.parentSpanId,
          isRemote: true,
        });
        expect(ours?.incoming.sampled).toBe(theirs.sampled);
        // Sentry's SDK replaces the sender's members by its own.
        const { sample_rand: given, ...rest } = { ...ours?.incoming.dsc };
        // Sentry's SDK propagates members for which Relay ignores the whole context.
        const { sample_rand: _theirs, ...theirRest } = {
          ...validFields({ ...theirs.dsc } as Record<string, string>),
        };
        expect(rest).toEqual(theirRest);
        const rand = randIn(given);
        const decidedBy = sampleRandOf(theirs.traceId, ours?.incoming);
        expect([decidedBy, theirs.sampleRand]).toEqual([
          rand ?? decidedBy,
          rand ?? theirs.sampleRand,
        ]);
      }),
      times(10_000),
    );
  });

  it("have a sample_rand that agrees with their rate and their decision, if they send none", () => {
    fc.assert(
      fc.property(
        fc.tuple(ids(32), ids(16), steps, fc.boolean()),
        ([traceId, spanId, rate, sampled]) => {
          fc.pre(Number(rate) > 0 && Number(rate) < 1);
          const sentryTrace = formatSentryTrace(traceId, spanId, sampled);
          const baggage = `sentry-sample_rate=${rate}`;
          const ours = sampleRandOf(
            traceId,
            read({ "sentry-trace": sentryTrace, baggage })?.incoming,
          );
          const theirs = propagationContextFromHeaders(sentryTrace, baggage).sampleRand;
          expect([ours < Number(rate), theirs < Number(rate)]).toEqual([sampled, sampled]);
        },
      ),
      times(5000),
    );
  });

  it("are a parent of valid ids or none, whatever their headers are", () => {
    const headers = fc.record(
      {
        "sentry-trace": near(sentryTraces),
        traceparent: near(traceparents),
        baggage: near(members),
        tracestate: fc.string(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(headers, (carrier) => {
        const parent = read(carrier);
        if (parent === undefined) return;
        expect(parent.span.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
        expect(parent.span.spanId).toMatch(/^(?!0{16})[0-9a-f]{16}$/);
        expect(parent.incoming.traceId).toBe(parent.span.traceId);
        expect(Object.isFrozen(parent.incoming.dsc ?? Object.freeze({}))).toBe(true);
      }),
      times(5000),
    );
  });
});

describe("a decision", () => {
  const TRACE = "4c79f60c11214eb38604f4ae0781bfb2";
  const SPAN = "b0e6f15b45c36b12";

  it.each([
    { sentry: "-0", flags: "01", traceFlags: 1, sampled: false },
    { sentry: "-0", flags: "00", traceFlags: 0, sampled: false },
    { sentry: "-1", flags: "00", traceFlags: 1, sampled: true },
    { sentry: "", flags: "00", traceFlags: 1, sampled: undefined },
  ])(
    "of Sentry `$sentry` beside one of the pipeline $flags: both stand for themselves",
    ({ sentry, flags, traceFlags, sampled }) => {
      const traceparent = `00-${TRACE}-${SPAN}-${flags}`;
      const parent = read({ "sentry-trace": `${TRACE}-${SPAN}${sentry}`, traceparent });
      expect(parent?.span.traceFlags).toBe(traceFlags);
      expect(parent?.incoming.sampled).toBe(sampled);
    },
  );

  it("of the pipeline is not taken from the traceparent of another trace", () => {
    const traceparent = `00-${TRACE.replace("4", "5")}-${SPAN}-01`;
    const parent = read({ "sentry-trace": `${TRACE}-${SPAN}-0`, traceparent });
    expect(parent?.span.traceFlags).toBe(0);
  });

  it.each([
    ["sentry-sampled=false", "01", false],
    ["sentry-sampled=true", "00", true],
    ["sentry-release=1", "01", undefined],
  ])(
    "in the members %s holds where traceparent %s is all that came with them",
    (member, flags, sampled) => {
      const baggage = `sentry-trace_id=${TRACE},${member}`;
      const parent = read({ traceparent: `00-${TRACE}-${SPAN}-${flags}`, baggage });
      expect(parent?.incoming.sampled).toBe(sampled);
      expect(parent?.span.traceFlags).toBe(Number(flags));
      const stale = baggage.replace(TRACE, "f".repeat(32));
      const other = read({ traceparent: `00-${TRACE}-${SPAN}-${flags}`, baggage: stale });
      expect(other?.incoming).toEqual({ traceId: TRACE, sampled: flags === "01", dsc: undefined });
    },
  );
});

it("the ids of a generator that writes capitals are in lower case everywhere", async () => {
  const idGenerator = {
    generateTraceId: () => "4C79F60C11214EB38604F4AE0781BFB2",
    generateSpanId: () => "B0E6F15B45C36B12",
  };
  const bridge = startBridge({}, { idGenerator });
  const root = bridge.tracer.startSpan("root");
  const headers = getTraceHeaders(trace.setSpan(ROOT_CONTEXT, root));
  const parent = read({ ...headers });
  root.end();
  const [transaction] = await bridge.flushed();
  expect(parent?.span.traceId).toBe(transaction?.contexts.trace?.trace_id);
  expect(parent?.span.spanId).toBe(transaction?.contexts.trace?.span_id);
  expect(parent?.incoming.dsc).toEqual(bridge.transport.envelopes[0]?.header["trace"]);
  expect(parent?.incoming.dsc?.["trace_id"]).toBe(parent?.span.traceId);
});
