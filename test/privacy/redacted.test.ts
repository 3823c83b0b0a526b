import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { redacted } from "../../src/privacy/redacted.js";

describe("a redacted value", () => {
  it.each<[string, unknown, unknown]>([
    ["a secret by its name", { password: "x", user: "me" }, { password: "[Filtered]", user: "me" }],
    ["a whole object", { auth: { user: "a", pass: "b" } }, { auth: "[Filtered]" }],
    ["a number", { page: 1, token: 7 }, { page: 1, token: "[Filtered]" }],
    [
      "headers",
      { headers: { "X-Author-Id": "x", a: "b" } },
      { headers: { "X-Author-Id": "[Filtered]", a: "b" } },
    ],
    [
      "headers as pairs",
      {
        headers: [
          ["x-authx", "v"],
          ["a", "b"],
        ],
      },
      {
        headers: [
          ["x-authx", "[Filtered]"],
          ["a", "b"],
        ],
      },
    ],
    [
      "headers by turns",
      { rawHeaders: ["Authorization", "v", "Accept", "b"] },
      { rawHeaders: ["Authorization", "[Filtered]", "Accept", "b"] },
    ],
    [
      "cookies as a whole",
      { cookie: "a=b; lang=en", cookies: { lang: "en" }, "set-cookie": ["a=c; Path=/"] },
      { cookie: "[Filtered]", cookies: "[Filtered]", "set-cookie": "[Filtered]" },
    ],
    ["a query", { query_string: "token=a b&q=1" }, { query_string: "token=[Filtered]&q=1" }],
    [
      "arguments",
      { command_args: ["node", "--token=v", "--password", "p", "--port", "80"] },
      { command_args: ["node", "--token=[Filtered]", "--password", "[Filtered]", "--port", "80"] },
    ],
    [
      "a URL in a text",
      { message: "at https://me:pw@h/p?token=v&q=1, twice" },
      { message: "at https://[Filtered]:[Filtered]@h/p?token=[Filtered]&q=1, twice" },
    ],
  ])("hides %s", (_what, value, shown) => {
    expect(redacted(value)).toEqual(shown);
  });

  it.each<[string, unknown, unknown]>([
    ["cookies", { cookie: "a=b; sid=c" }, { cookie: "a=b; sid=[Filtered]" }],
    [
      "cookies as an object",
      { cookies: { "connect.sid": "v", lang: "en" } },
      { cookies: { "connect.sid": "[Filtered]", lang: "en" } },
    ],
    [
      "cookies that are set",
      { "set-cookie": ["sid=c; Path=/"] },
      { "set-cookie": ["sid=[Filtered]; Path=/"] },
    ],
  ])("hides %s by name with `sendDefaultPii`", (_what, value, shown) => {
    expect(redacted(value, true)).toEqual(shown);
  });

  it.each<[string, unknown]>([
    ["a statement of a database", { query: "SELECT a FROM tokens WHERE id=5 AND b=6" }],
    ["what tells nothing", { password: "", token: null, auth: true }],
    ["a member named __proto__", JSON.parse('{"a":[{"__proto__":{"b":"c"}}]}')],
  ])("is the same object for %s", (_what, value) => {
    expect(redacted(value)).toBe(value);
  });

  it("keeps a field named __proto__ beside a secret as a field", () => {
    const value: unknown = JSON.parse('{"__proto__":{"b":"c"},"token":"x"}');
    expect(JSON.stringify(redacted(value))).toBe('{"__proto__":{"b":"c"},"token":"[Filtered]"}');
  });
});

const SECRET = "PLANTED";
const SECRET_NAMES = [
  "password",
  "apiKey",
  "x-auth-token",
  "user.secret",
  "JWT",
  "session",
  "accessToken",
];
const plainName = fc.stringMatching(/^[b-h]{1,6}$/);
const plainValue = fc.oneof(
  fc.stringMatching(/^[a-z ]{0,10}$/),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);

interface Case {
  readonly given: unknown;
  readonly shown: unknown;
}

/** A value with secrets, and the expected value without them. */
const planted = fc.letrec<{ value: Case; record: Case; list: Case }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    plainValue.map((value): Case => ({ given: value, shown: value })),
    tie("record"),
    tie("list"),
  ),
  record: fc
    .tuple(
      fc.dictionary(plainName, tie("value"), { maxKeys: 4 }),
      fc.dictionary(fc.constantFrom(...SECRET_NAMES), tie("value"), { maxKeys: 2 }),
    )
    .map(([plain, secret]): Case => {
      const pick = (side: keyof Case): [string, unknown][] =>
        Object.entries(plain).map(([name, value]) => [name, value[side]]);
      const given = Object.entries(secret).map(([name, { given: value }]) => [
        name,
        { [SECRET]: value, s: SECRET },
      ]);
      const shown = Object.keys(secret).map((name) => [name, "[Filtered]"]);
      return {
        given: Object.fromEntries([...pick("given"), ...given]),
        shown: Object.fromEntries([...pick("shown"), ...shown]),
      };
    }),
  list: fc.array(tie("value"), { maxLength: 4 }).map((values): Case => ({
    given: values.map(({ given }) => given),
    shown: values.map(({ shown }) => shown),
  })),
})).value;

describe("of any nesting of objects and lists", () => {
  it("no secret is left, everything else is kept, and nothing is changed in place", () => {
    fc.assert(
      fc.property(planted, ({ given, shown }) => {
        const before = JSON.stringify(given);
        const result = redacted(given);
        expect(JSON.stringify(result)).not.toContain(SECRET);
        expect(result).toEqual(shown);
        expect(JSON.stringify(given)).toBe(before);
        expect(result === given).toBe(typeof given !== "object" || !before.includes(SECRET));
        expect(redacted(result)).toBe(result);
      }),
      { numRuns: 500 },
    );
  });
});
