import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { validSpanId, validTraceId } from "../../src/trace/span.js";

const TRACE_ID = "4c79f60c11214eb38604f4ae0781bfb2";
const SPAN_ID = "b01b9f6349558cd1";
const VALID_TRACE_ID = /^(?!0+$)[0-9a-f]{32}$/;
const VALID_SPAN_ID = /^(?!0+$)[0-9a-f]{16}$/;

describe("an id", () => {
  it("that is valid stays what it is", () => {
    expect(validTraceId(TRACE_ID)).toBe(TRACE_ID);
    expect(validSpanId(SPAN_ID)).toBe(SPAN_ID);
    expect(validSpanId("0000000000000001")).toBe("0000000000000001");
    expect(validTraceId("00000000000000000000000000000010")).toBe(
      "00000000000000000000000000000010",
    );
  });

  it("in upper case is only lowered", () => {
    expect(validTraceId(TRACE_ID.toUpperCase())).toBe(TRACE_ID);
    expect(validSpanId(SPAN_ID.toUpperCase())).toBe(SPAN_ID);
  });

  it.each([
    "",
    "0",
    "0".repeat(16),
    "0".repeat(32),
    "b01b9f6349558cd",
    "b01b9f6349558cd11",
    "b01b9f6349558cdg",
    "b01b9f63-9558cd1",
    "ｂ01b9f6349558cd1",
    "\ud800",
  ])("%j, which is none, becomes one, the same each time", (id) => {
    expect(validSpanId(id)).toMatch(VALID_SPAN_ID);
    expect(validTraceId(id)).toMatch(VALID_TRACE_ID);
    expect(validSpanId(id)).toBe(validSpanId(id));
  });

  it.each([undefined, null, 5, {}, ["a"]])("%j, which is no text, becomes one", (id) => {
    expect(validSpanId(id as never)).toMatch(VALID_SPAN_ID);
    expect(validTraceId(id as never)).toMatch(VALID_TRACE_ID);
  });

  it("is valid whatever it was, and different ids stay different", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(validSpanId(one)).toMatch(VALID_SPAN_ID);
        fc.pre(one.toLowerCase() !== other.toLowerCase());
        expect(validTraceId(one)).not.toBe(validTraceId(other));
      }),
    );
  });
});
