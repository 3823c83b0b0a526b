import { extractTraceparentData, generateSentryTraceHeader } from "@sentry/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { formatSentryTrace, parseSentryTrace } from "../../src/trace/headers.js";
import { cpuTime } from "../time/measure.js";
import { runs } from "../property/runs.js";
import { CHARACTER } from "../property/characters.js";

const TRACE = "4c79f60c11214eb38604f4ae0781bfb2";
const SPAN = "b0e6f15b45c36b12";

const hex = (length: number): fc.Arbitrary<string> =>
  fc
    .string({
      unit: fc.constantFrom(..."0123456789abcdef".split("")),
      minLength: length,
      maxLength: length,
    })
    .filter((id) => /[^0]/.test(id));
const decision = fc.constantFrom(true, false, undefined);

describe("sentry-trace", () => {
  it.each([
    [`${TRACE}-${SPAN}-1`, SPAN, true],
    [`${TRACE}-${SPAN}-0`, SPAN, false],
    [`${TRACE}-${SPAN}`, SPAN, undefined],
    [` \t${TRACE}-${SPAN}-1\t `, SPAN, true],
    [TRACE, undefined, undefined],
    [`${TRACE}-1`, undefined, true],
  ])("reads %j", (header, spanId, sampled) => {
    expect(parseSentryTrace(header)).toEqual({ traceId: TRACE, spanId, sampled });
  });

  it.each([
    undefined,
    "",
    "1",
    "-1",
    SPAN,
    `-${SPAN}-1`,
    `${TRACE}-${SPAN}-2`,
    `${TRACE}-${SPAN}-11`,
    `${TRACE}-${SPAN}-`,
    `${TRACE}-${SPAN.slice(1)}-1`,
    `${TRACE.toUpperCase()}-${SPAN}-1`,
    `${"0".repeat(32)}-${SPAN}-1`,
    `${TRACE}-${"0".repeat(16)}-1`,
    `${TRACE}-${SPAN}-1\n`,
    `${TRACE}-${SPAN}-1,${TRACE}-${SPAN}-1`,
    `x${TRACE}-${SPAN}-1`,
  ])("does not take %j for a header", (header) => {
    expect(parseSentryTrace(header)).toBeUndefined();
  });

  it("takes time by the length of the text, not by its square", () => {
    const cpu = cpuTime();
    expect(parseSentryTrace(`${TRACE}-${SPAN}-1${" ".repeat(200_000)}\n`)).toBeUndefined();
    expect(parseSentryTrace(" ".repeat(200_000))).toBeUndefined();
    expect(cpu()).toBeLessThan(1000);
  });

  it("never throws, whatever text comes", () => {
    fc.assert(
      fc.property(fc.string({ unit: CHARACTER }), (text) => {
        expect(() => parseSentryTrace(text)).not.toThrow();
      }),
      { numRuns: runs(20_000) },
    );
  });

  it("reads back what it writes, as the vendor's parser does", () => {
    fc.assert(
      fc.property(hex(32), hex(16), decision, (traceId, spanId, sampled) => {
        const header = formatSentryTrace(traceId, spanId, sampled);
        expect(parseSentryTrace(header)).toEqual({ traceId, spanId, sampled });
        expect(extractTraceparentData(header)).toEqual({
          traceId,
          parentSpanId: spanId,
          parentSampled: sampled,
        });
        expect(header).toBe(generateSentryTraceHeader(traceId, spanId, sampled));
      }),
    );
  });
});
