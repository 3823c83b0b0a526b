import {
  baggageHeaderToDynamicSamplingContext,
  dynamicSamplingContextToSentryBaggageHeader,
  parseBaggageHeader,
} from "@sentry/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { mergeBaggage, parseBaggage, sentryMembers } from "../../src/trace/baggage.js";
import { runs } from "../property/runs.js";
import { CHARACTER } from "../property/characters.js";

const name = fc.string({
  unit: fc.constantFrom(..."abcdefgh_-.0123".split("")),
  minLength: 1,
  maxLength: 12,
});
const value = fc
  .string({ unit: CHARACTER, minLength: 1, maxLength: 40 })
  .filter((text) => text.trim() !== "");
const dscs = fc.dictionary(name, value, { maxKeys: 12, noNullPrototype: true });

describe("sentry members of baggage", () => {
  it.each([
    [undefined, undefined],
    ["", undefined],
    ["other=1", undefined],
    ["sentry-=1", undefined],
    ["sentry-trace_id=", undefined],
    ["not-sentry-release=1", undefined],
    ["sentry-release=shop%402.4.0", { release: "shop@2.4.0" }],
    [" a=1 , sentry-release = 1.0 ,b=2", { release: "1.0" }],
    ["sentry-release=1,sentry-release=2", { release: "2" }],
    ["sentry-a=b=c", { a: "b=c" }],
    ["sentry-a=1;secret", { a: "1;secret" }],
    ["sentry-a=%E0%A4%A,sentry-b=1", { b: "1" }],
    ["sentry-unheard_of=1", { unheard_of: "1" }],
    [`sentry-a=${"x".repeat(5000)},sentry-b=1`, { b: "1" }],
  ])("of %j are %j", (header, expected) => {
    expect(sentryMembers(header)).toEqual(expected);
  });

  it("are frozen, and no name among them is special", () => {
    const members = sentryMembers("sentry-__proto__=polluted,sentry-a=1");
    expect(Object.isFrozen(members)).toBe(true);
    expect(Object.keys(members ?? {})).toEqual(["__proto__", "a"]);
    expect(Object.getPrototypeOf(members)).toBe(Object.prototype);
  });

  it("are bounded, however much is sent", () => {
    const header = Array.from(
      { length: 20_000 },
      (_, index) => `sentry-${index}=${"x".repeat(99)}`,
    );
    const text = JSON.stringify(sentryMembers(header.join(",")));
    expect(text.length).toBeLessThan(10_000);
  });

  it("never throw, whatever text comes", () => {
    fc.assert(
      fc.property(fc.string({ unit: CHARACTER }), (text) => {
        expect(() => sentryMembers(`sentry-a=${text}`)).not.toThrow();
        expect(() => sentryMembers(`sentry-${text}`)).not.toThrow();
        expect(() => mergeBaggage(text, { release: text })).not.toThrow();
      }),
      { numRuns: runs(20_000) },
    );
  });

  it("are read as the vendor's parser reads them", () => {
    fc.assert(
      fc.property(dscs, (dsc) => {
        const header = dynamicSamplingContextToSentryBaggageHeader(dsc);
        const ours = sentryMembers(header);
        expect(ours).toEqual(baggageHeaderToDynamicSamplingContext(header));
      }),
    );
  });
});

describe("merging baggage", () => {
  it.each([
    [undefined, {}, ""],
    [undefined, { a: "1", b: "" }, "sentry-a=1"],
    ["x=1", {}, "x=1"],
    ["x=1", { a: "1" }, "x=1,sentry-a=1"],
    ["sentry-a=old,x=1;p=2,sentry-b=old", { a: "new" }, "x=1;p=2,sentry-a=new"],
    ["sentry-a=stale", {}, ""],
    ["x=%zz,garbage,, y = 2 ", { a: "1" }, "x=%zz,garbage,y = 2,sentry-a=1"],
    ["x=1", { release: "shop@2, beta" }, "x=1,sentry-release=shop%402%2C%20beta"],
    [undefined, { a: "\uD800" }, "sentry-a=%EF%BF%BD"],
  ])("of %j and %j is %j", (existing, dsc, expected) => {
    expect(mergeBaggage(existing, dsc)).toBe(expected);
  });

  it("leaves out a member that is too long and keeps those after it", () => {
    const merged = mergeBaggage(`x=${"1".repeat(4095)},y=2`, { a: "1".repeat(4096), b: "2" });
    expect(merged).toBe("y=2,sentry-b=2");
  });

  it("leaves out what would go beyond 8192 bytes, foreign members last", () => {
    const foreign = `x=${"1".repeat(4000)},y=${"1".repeat(4000)}`;
    const merged = mergeBaggage(foreign, { a: "1".repeat(500), b: "2" });
    expect(merged).toBe(`${foreign},sentry-b=2`);
  });

  it("counts bytes, not characters", () => {
    const foreign = `x=${"é".repeat(2047)},y=${"é".repeat(2048)}`;
    expect(mergeBaggage(foreign, {})).toBe(`x=${"é".repeat(2047)}`);
  });

  it("keeps at most 180 members", () => {
    const foreign = Array.from({ length: 179 }, (_, index) => `k${index}=1`).join(",");
    expect(mergeBaggage(foreign, { a: "1", b: "2" })).toBe(`${foreign},sentry-a=1`);
  });

  it("is read back by the vendor's parser and ours, within the limits, for any values", () => {
    const foreign = fc.array(fc.tuple(name, name), { maxLength: 5 });
    fc.assert(
      fc.property(foreign, dscs, (pairs, dsc) => {
        const header = pairs.map(([key, text]) => `f${key}=${text}`).join(",");
        const merged = mergeBaggage(header, dsc);
        const theirs = parseBaggageHeader(merged) ?? {};
        const ours = Object.fromEntries(
          parseBaggage(merged).map((member) => [member.key, member.value]),
        );
        expect(ours).toEqual(theirs);
        expect(sentryMembers(merged) ?? {}).toEqual(wellFormed(dsc));
        expect(Buffer.byteLength(merged)).toBeLessThanOrEqual(8192);
      }),
    );
  });
});

function wellFormed(dsc: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(dsc).map(([key, text]) => [key, text.toWellFormed()]));
}
