import { parseTraceParent } from "@opentelemetry/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { formatTraceparent, parseTraceparent } from "../../src/trace/headers.js";
import { cpuTime } from "../time/measure.js";
import { runs } from "../property/runs.js";
import { CHARACTER } from "../property/characters.js";

const TRACE = "4c79f60c11214eb38604f4ae0781bfb2";
const SPAN = "b0e6f15b45c36b12";

describe("traceparent", () => {
  it.each([
    [`00-${TRACE}-${SPAN}-01`, 1],
    [`00-${TRACE}-${SPAN}-00`, 0],
    [`00-${TRACE}-${SPAN}-03`, 3],
    [`00-${TRACE}-${SPAN}-ff`, 3],
    [`cc-${TRACE}-${SPAN}-01`, 1],
    [`cc-${TRACE}-${SPAN}-01-what-the-future-holds`, 1],
    [` 00-${TRACE}-${SPAN}-01 `, 1],
  ])("reads %j", (header, flags) => {
    expect(parseTraceparent(header)).toEqual({ traceId: TRACE, spanId: SPAN, flags });
  });

  it.each([
    undefined,
    "",
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}-011`,
    `cc-${TRACE}-${SPAN}-01.more`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `${TRACE}-${SPAN}-01`,
  ])("does not take %j for a header", (header) => {
    expect(parseTraceparent(header)).toBeUndefined();
  });

  it("takes time by the length of the text, not by its square", () => {
    const cpu = cpuTime();
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01-${" ".repeat(200_000)}\n`)).toBeUndefined();
    expect(parseTraceparent(" ".repeat(200_000))).toBeUndefined();
    expect(cpu()).toBeLessThan(1000);
  });

  it("never throws, whatever text comes", () => {
    fc.assert(
      fc.property(fc.string({ unit: CHARACTER }), (text) => {
        expect(() => parseTraceparent(text)).not.toThrow();
      }),
      { numRuns: runs(20_000) },
    );
  });

  it("writes what the W3C propagator of OpenTelemetry reads", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 }), (traceFlags) => {
        const header = formatTraceparent(TRACE, SPAN, traceFlags);
        expect(parseTraceParent(header)).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags });
        expect(parseTraceparent(header)?.flags).toBe(traceFlags);
      }),
    );
  });

  it("passes no flag on that has no meaning yet", () => {
    expect(formatTraceparent(TRACE, SPAN, 0xff)).toBe(`00-${TRACE}-${SPAN}-03`);
  });
});
