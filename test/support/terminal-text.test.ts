import fc from "fast-check";
import { describe, expect, it } from "vitest";
import stringWidth from "string-width";

import { textWidth, wrapText } from "../../src/support/terminal-text.js";
import { runs } from "../property/runs.js";

// Scripts with combining marks, full-width forms, emoji. Not conjuncts of Indic scripts, whose width depends on the terminal.
const TEXTS = [
  "GET /users/:id",
  "注文を確認する",
  "한국어 요청",
  "ﾊﾝｶｸ ＡＢＣ",
  "e\u{301}te\u{301}",
  "ภาษาไทย",
  "عربي",
  "🚀 deploy",
  "✅ done ❌",
  "│─┌ box",
  "𠮷野家",
];

// One character of each: scripts of one column, of two, and combining marks.
const CHARACTERS =
  "a Z 0 / : - é ж Ω 漢 字 か な カ 한 글 ， 。 🚀 🎉 \u{301} \u{308} \u{20DD}".split(" ");
const CHARACTER = fc.constantFrom(" ", ...CHARACTERS);

describe("the width of a text in columns", () => {
  it.each(TEXTS)("%s is as wide as string-width says", (text) => {
    expect(textWidth(text)).toBe(stringWidth(text));
  });

  it("is that of string-width for any mixture of scripts", () => {
    fc.assert(
      fc.property(fc.string({ unit: CHARACTER }), (text) => {
        expect(textWidth(text)).toBe(stringWidth(text));
      }),
      { numRuns: runs(300) },
    );
  });

  it("holds for each line of a wrapped text", () => {
    fc.assert(
      fc.property(fc.string({ unit: CHARACTER, maxLength: 200 }), (text) => {
        for (const line of wrapText(text, 20)) expect(stringWidth(line)).toBeLessThanOrEqual(20);
      }),
      { numRuns: runs(200) },
    );
  });
});
