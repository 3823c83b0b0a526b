import { describe, expect, test } from "vitest";

import { withoutShapes } from "../../src/privacy/secret-shapes.js";

const TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";

describe("withoutShapes", () => {
  test.each([
    [`token=${TOKEN}`, "token=[Filtered]"],
    [`Bearer ${TOKEN}`, "Bearer [Filtered]"],
    [`prefix-${TOKEN}`, "prefix-[Filtered]"],
    [`eyJaaaaaa eyJbbbbbb.eyJ ${TOKEN}`, "eyJaaaaaa eyJbbbbbb.eyJ [Filtered]"],
    [`eyJaaaaaa-ghp_${"a".repeat(36)}`, "eyJaaaaaa-[Filtered]"],
  ])("withholds the secret in %s", (text, shown) => {
    expect(withoutShapes(text)).toBe(shown);
  });

  test("takes time in proportion to the text, also where many tokens seem to begin", () => {
    const text = "-eyJaaaaaa".repeat(26_000);
    const before = performance.now();

    expect(withoutShapes(text)).toBe(text);

    // A search from each `eyJ` would take 16 s.
    expect(performance.now() - before).toBeLessThan(2000);
  });
});
