import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  continuedDsc,
  createDscWriter,
  dscForSegment,
  dscJson,
  dscOf,
  isValidDsc,
} from "../../src/trace/dsc.js";
import { runs } from "../property/runs.js";
import { CHARACTER } from "../property/characters.js";

const TRACE = "4c79f60c11214eb38604f4ae0781bfb2";
const own = {
  traceId: TRACE,
  publicKey: "8f3c0d6e5a7b4c2d9e1f0a1b2c3d4e5f",
  orgId: "1",
  release: "shop@2.4.0",
  environment: "production",
  transaction: "GET /orders/:id",
  sampled: true,
  sampleRate: 0.25,
  sampleRand: 0.017431,
};
const sender = { trace_id: TRACE, public_key: "their key", sample_rate: "0.5", custom: "kept" };

describe("the dynamic sampling context of a trace that starts here", () => {
  it("is the header of the protocol's example, all strings", () => {
    expect(dscJson(dscOf(own))).toBe(
      '{"trace_id":"4c79f60c11214eb38604f4ae0781bfb2","public_key":"8f3c0d6e5a7b4c2d9e1f0a1b2c3d4e5f","sample_rate":"0.25","sample_rand":"0.017431","sampled":"true","release":"shop@2.4.0","environment":"production","transaction":"GET /orders/:id","org_id":"1"}',
    );
  });

  it("names neither rate nor transaction when the decision is left to others", () => {
    expect(dscOf({ ...own, sampled: undefined })).toEqual({
      trace_id: TRACE,
      public_key: own.publicKey,
      sample_rand: "0.017431",
      release: "shop@2.4.0",
      environment: "production",
      org_id: "1",
    });
  });

  it("has no field without a value", () => {
    const dsc = dscOf({
      traceId: TRACE,
      publicKey: "k",
      release: "",
      sampled: false,
      sampleRand: 0,
    });
    expect(dsc).toEqual({ trace_id: TRACE, public_key: "k", sampled: "false", sample_rand: "0" });
    expect(Object.isFrozen(dsc)).toBe(true);
  });
});

describe("the writer of sampling contexts", () => {
  it("writes what the object says, whatever was written before", () => {
    const text = fc.option(fc.string({ unit: CHARACTER, maxLength: 8 }), { nil: undefined });
    const trace = fc.record({
      traceId: fc.constantFrom(TRACE, TRACE.toUpperCase()),
      publicKey: fc.constant("k"),
      orgId: fc.constantFrom(undefined, "1"),
      release: fc.oneof(text, fc.constantFrom("a", "b")),
      environment: text,
      transaction: text,
      sampled: fc.constantFrom(true, false, undefined),
      sampleRate: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
      sampleRand: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const write = createDscWriter();
    fc.assert(
      fc.property(trace, (each) => {
        expect(JSON.parse(write(each))).toEqual(dscOf(each));
      }),
      { numRuns: runs(1000) },
    );
  });
});

describe("the dynamic sampling context of a segment", () => {
  const incoming = { traceId: TRACE, sampled: true, dsc: sender };
  const inherited = { ...own, sampleRate: undefined };

  it("is the sender's, with the sample_rand that it lacks", () => {
    expect(dscForSegment(incoming, inherited)).toEqual({ ...sender, sample_rand: "0.017431" });
  });

  it("is the very object of the sender if it lacks nothing", () => {
    const dsc = Object.freeze({ ...sender, sample_rand: "0.0174310" });
    expect(dscForSegment({ ...incoming, dsc }, inherited)).toBe(dsc);
  });

  it("has the rate that was applied here in place of the sender's", () => {
    expect(dscForSegment(incoming, own)).toEqual({
      ...sender,
      sample_rand: "0.017431",
      sample_rate: "0.25",
    });
  });

  it("is of no use to Relay when the sender sent no fields", () => {
    const dsc = dscForSegment({ ...incoming, dsc: {} }, own);
    expect([dsc, isValidDsc(dsc)]).toEqual([{}, false]);
  });

  it.each(["trace_id", "public_key"])(
    "is of no use without the %s, which Relay asks for",
    (key) => {
      expect(isValidDsc(dscForSegment({ ...incoming, dsc: { ...sender, [key]: "" } }, own))).toBe(
        false,
      );
    },
  );

  it("is our own after a sender that speaks W3C only, and after one of another trace", () => {
    expect(dscForSegment({ ...incoming, dsc: undefined }, own)).toEqual(dscOf(own));
    expect(dscForSegment({ ...incoming, traceId: "f".repeat(32) }, own)).toEqual(dscOf(own));
    expect(dscForSegment(undefined, own)).toEqual(dscOf(own));
  });

  it("stays without fields when it is passed on", () => {
    expect(continuedDsc({}, { sampleRand: 0.5, sampleRate: 1 })).toEqual({});
  });
});
