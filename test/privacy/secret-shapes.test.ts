import { describe, expect, test } from "vitest";

import { withoutShapes } from "../../src/privacy/secret-shapes.js";

const TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";

describe("withoutShapes", () => {
  test.each([
    [`token=${TOKEN}`, "token=[Filtered]"],
    [`Bearer ${TOKEN}`, "Bearer [Filtered]"],
    [`dop_v1_${"a1".repeat(32)}`, "[Filtered]"],
    [`hf_${"aB".repeat(17)}`, "[Filtered]"],
    [`ya29.${"aB1-".repeat(10)}`, "[Filtered]"],
    [`xapp-1-A0-1-${"a1".repeat(16)}`, "[Filtered]"],
    [
      "https://hooks.slack.com/services/T00/B00/abcdef",
      "https://hooks.slack.com/services/[Filtered]",
    ],
    [
      `https://discord.com/api/webhooks/123456/${"a-B".repeat(10)}`,
      "https://discord.com/api/webhooks/123456/[Filtered]",
    ],
    [
      `https://api.telegram.org/bot123456789:${"AAa".repeat(11)}/getMe`,
      "https://api.telegram.org/bot[Filtered]/getMe",
    ],
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
