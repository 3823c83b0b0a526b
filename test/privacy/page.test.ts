import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { attributePrivacy } from "../../src/privacy/private-attributes.js";
import { isSecretName } from "../../src/privacy/secret-name.js";
import { isSensitiveKey } from "../../src/privacy/sensitive.js";
import { RecordPrivacy } from "../../src/logs/record-privacy.js";
import { AttributeEncoder } from "../../src/spans/attribute-encoder.js";

const PAGE = readFileSync(new URL("../../docs/privacy.md", import.meta.url), "utf8");

type Row = readonly [name: string, given: string, sent: string];

/** The rows of the page's tables of examples, by the columns' code. */
function examples(part: string): Row[] {
  return Array.from(
    part.matchAll(/^\| `([^`]+)` \| `([^`]+)` \| (?:`([^`]+)`|not sent) \|$/gm),
    ([, name = "", given = "", sent = ""]) => [name, given, sent],
  );
}

const [byDefault = "", withPii = ""] = PAGE.slice(
  PAGE.indexOf("## Examples"),
  PAGE.indexOf("## Names"),
).split("With `sendDefaultPii: true`:");

describe.each([
  [false, examples(byDefault)],
  [true, examples(withPii)],
] as const)("the examples of the privacy page, with sendDefaultPii %s", (sendDefaultPii, rows) => {
  it.each(rows)("%s: %s is sent as %s", (name, given, sent) => {
    const privacy = new RecordPrivacy(sendDefaultPii, 32_768);
    expect(privacy.attribute(name, given, privacy.begin(1000)) ?? "").toBe(sent);
    const { text } = new AttributeEncoder({ sendDefaultPii }).encode({ [name]: given });
    expect(text).toBe(sent === "" ? "" : `,${JSON.stringify(name)}:${JSON.stringify(sent)}`);
  });

  it("are all read", () => {
    expect(rows.length).toBe(sendDefaultPii ? 4 : 21);
  });
});

describe("the names of the privacy page", () => {
  const names = PAGE.slice(PAGE.indexOf("## Names"), PAGE.indexOf("## Texts"));
  const [terms = "", compounds = ""] = names.split(/Everywhere else|In the\s+repository/);

  it("are the terms of the deny list", () => {
    const listed = Array.from(terms.matchAll(/`([a-z]+)`/g), ([, term = ""]) => term);
    expect(listed).toHaveLength(17);
    expect(listed.filter((term) => !isSensitiveKey(`x-${term}-y`))).toEqual([]);
  });

  it("are secrets and none, as it says", () => {
    expect(compounds).toContain("`old_password` is a password");
    expect(["old_password", "api_key", "refresh_token"].every(isSecretName)).toBe(true);
    const others = Array.from(compounds.matchAll(/`([a-z_]+)`/g), ([, name = ""]) => name).filter(
      (name) => !["old_password", "api_key", "refresh_token"].includes(name),
    );
    expect(others).toHaveLength(6);
    expect(others.filter(isSecretName)).toEqual([]);
  });
});

describe("what tells nothing", () => {
  it.each(["", null, true, false])("stays under a secret's name: %s", (value) => {
    expect(attributePrivacy("password", false).filter(value)).toBe(value);
  });
});

function shown(text: string): string {
  const privacy = new RecordPrivacy(false, 32_768);
  return String(privacy.attribute("app.note", text, privacy.begin(1000)));
}

describe("the forms of assignments on the privacy page", () => {
  it.each([
    "password=SECRET",
    "password = 'SECRET'",
    "password: 'SECRET'",
    "password: SECRET2",
    "a = b\npassword = SECRET",
    "a: b\npassword: SECRET",
    "{password:SECRET}",
    "authorization:SECRET",
    "x-api-key:SECRET2",
  ])("filters %j", (text) => {
    expect(shown(text)).not.toContain("SECRET");
    expect(shown(text)).toContain("[Filtered]");
  });

  it.each([
    "password=%s",
    "password=${NAME}",
    "password: must not be empty",
    "password = reset",
    "password:x1y2z3",
    "x-api-key:abc",
    "password => x1y2z3",
    "the password is x1y2z3",
  ])("sends %j", (text) => {
    expect(shown(text)).toBe(text);
  });
});
