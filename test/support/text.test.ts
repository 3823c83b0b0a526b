import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { clip, cut, cutBytes, storable } from "../../src/support/text.js";

// Any UTF-16 text, including lone surrogates.
const texts = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xff_ff }), fc.constantFrom(0xd8_3d, 0xde_00, 0x61)))
  .map((units) => String.fromCharCode(...units));
const limits = fc.nat({ max: 60 });

describe("a text that is cut", () => {
  it("is well-formed and within the limit, whatever it is", () => {
    fc.assert(
      fc.property(texts, limits, (text, max) => {
        for (const result of [cut(text, max), clip(text, max), cutBytes(text, max)]) {
          expect(result.isWellFormed()).toBe(true);
          expect(result.length).toBeLessThanOrEqual(max);
        }
        expect(Buffer.byteLength(cutBytes(text, max))).toBeLessThanOrEqual(max);
      }),
    );
  });

  it("loses no more than it must", () => {
    fc.assert(
      fc.property(texts, limits, (text, max) => {
        const whole = storable(text);
        expect(whole.startsWith(cut(text, max))).toBe(true);
        expect(cut(text, max).length).toBeGreaterThanOrEqual(Math.min(whole.length, max - 1));
        const bytes = Buffer.byteLength(cutBytes(text, max));
        expect(bytes).toBeGreaterThanOrEqual(Math.min(Buffer.byteLength(whole), max - 3));
      }),
    );
  });

  it("is not cut inside of a surrogate pair", () => {
    expect(cut("ab😀", 3)).toBe("ab");
    expect(cut("ab😀", 4)).toBe("ab😀");
    expect(clip("abcdef😀😀", 9)).toBe("abcdef...");
    expect(cutBytes(`${"a".repeat(199)}😀`, 200)).toBe("a".repeat(199));
  });

  it("shows that it was, where there is room for the mark", () => {
    expect(clip("abcdef", 5)).toBe("ab...");
    expect(clip("abcdef", 3)).toBe("abc");
  });
});
