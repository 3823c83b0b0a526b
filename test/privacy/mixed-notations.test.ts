import { describe, expect, it } from "vitest";

import { redactedField, redactedText } from "../../src/privacy/redacted.js";

const SECRET = "s3cr3t-x9";

const JSON_TEXTS = ['{"a":1}', '{"a":{"b":["c"]}}', "[1,2]", "{'a': 'b'}", '{"token":"t1"}'];
const SEPARATORS = [" ", "\n", ", ", " failed: "];
const NOTATIONS = [
  `API_TOKEN "${SECRET}"`,
  `setx API_TOKEN '${SECRET}'`,
  `PASSWORD '${SECRET}'`,
  `identified by '${SECRET}'`,
  `API_TOKEN=${SECRET}`,
  `export API_TOKEN="${SECRET}"`,
  `--password ${SECRET}`,
  `curl -u me:${SECRET} http://h`,
  `password: ${SECRET}`,
  `Authorization: Bearer ${SECRET}`,
  `<password>${SECRET}</password>`,
  `https://me:${SECRET}@h/`,
  `https://h/?token=${SECRET}`,
];

describe("a text of JSON and another notation", () => {
  const texts = JSON_TEXTS.flatMap((json) =>
    SEPARATORS.flatMap((between) =>
      NOTATIONS.flatMap((other) => [
        json + between + other,
        other + between + json,
        json + between + other + between + json,
      ]),
    ),
  );

  it.each(NOTATIONS)("is sent without the secret of either: %s", (notation) => {
    const having = texts.filter((text) => text.includes(notation));
    const shown = having.map((text) => redactedText(text));
    expect(shown.filter((text) => text.includes(SECRET) || text.includes("t1"))).toEqual([]);
  });

  it.each(['{"a":1} INPUT_TOKENS "x"', '[1] PASSWORD_POLICY "strict"', '{"a":1} LABEL "x"'])(
    "keeps what is no secret: %s",
    (text) => {
      expect(redactedText(text)).toBe(text);
    },
  );
});

describe("a value with brackets behind a name", () => {
  it.each([
    ['setx API_TOKEN "a{b}c"', 'setx API_TOKEN "[Filtered]"'],
    ["WITH PASSWORD 'a[b' VALID", "WITH PASSWORD '[Filtered]' VALID"],
  ])("is withheld as a whole: %s", (text, shown) => {
    expect(redactedText(text)).toBe(shown);
  });

  it("is not searched for in the strings of JSON", () => {
    const text = 'got {"label":"NEW PASSWORD ","list":[1]}';
    expect(redactedText(text)).toBe(text);
  });
});

it("a command that sets a variable is sent without its value", () => {
  expect(redactedField("cmd", 'setx API_TOKEN "a b"')).toBe('setx API_TOKEN "[Filtered]"');
  expect(redactedField("cmd", 'setx API_URL "a b"')).toBe('setx API_URL "a b"');
});
