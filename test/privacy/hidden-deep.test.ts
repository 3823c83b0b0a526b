import { describe, expect, it } from "vitest";

import { attributePrivacy } from "../../src/privacy/private-attributes.js";
import { redacted } from "../../src/privacy/redacted.js";
import { filterQuery, filterSetCookie } from "../../src/privacy/sensitive.js";

const SECRET = "S3CRET";

function shown(name: string, value: unknown): string {
  return JSON.stringify(attributePrivacy(name, false).filter(value));
}

describe("a secret is withheld", () => {
  it.each(["a=?", "a=%3f", "a=#", "a=?b=1&a=%23"])("below any number of %s", (level) => {
    const query = `${level.repeat(3000)}token=${SECRET}`;
    expect(filterQuery(query)).not.toContain(SECRET);
  });

  it.each([
    ["http.target", `/s?q="a"&token=${SECRET}`],
    ["http.target", `/s?token=AB\`${SECRET}`],
    ["url.full", `https://h/s?q=<b>&x=1#/y?token=${SECRET}`],
    ["http.request.header.referer", [`https://h/s?q="a"&token=${SECRET}`]],
    ["req", { url: `/x?q="1"&token=${SECRET}` }],
  ])("in %s, whatever signs are in the URL", (name, value) => {
    expect(shown(name, value)).not.toContain(SECRET);
  });

  it.each([
    `Driver={x};Pwd={a;${SECRET}}`,
    `Server=db;Password="a""${SECRET};b";Pooling=true`,
    `host=db password='a ${SECRET}' user=me`,
    `host=db password='a ${SECRET}`,
    `Server=db;Name="not closed;Password=${SECRET}`,
    `mongodb://me:${SECRET}@db/x`,
  ])("in the connection string %s", (text) => {
    expect(shown("db.connection_string", text)).not.toContain(SECRET);
  });

  it("in cookies that were joined to one header, and not the rest of them", () => {
    const header = `a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Path=/, sid=${SECRET}; Secure, b=2`;
    expect(filterSetCookie(header)).toBe(
      "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Path=/, sid=[Filtered]; Secure, b=2",
    );
  });

  it("in headers that are a list of names and values", () => {
    const headers = [
      { name: "Authorization", value: SECRET },
      { name: "Accept", value: "*/*" },
    ];
    expect(redacted({ request: { headers } })).toEqual({
      request: {
        headers: [
          { name: "Authorization", value: "[Filtered]" },
          { name: "Accept", value: "*/*" },
        ],
      },
    });
  });
});

describe("settings that are no secret", () => {
  it.each(["host=db port=5432 dbname=shop", "Server=db;Database='my shop';Pooling=true"])(
    "stay: %s",
    (text) => {
      expect(shown("db.connection_string", text)).toBe(JSON.stringify(text));
    },
  );

  it("are read to the end, however long they are", () => {
    const value = `${"a=b ".repeat(8000)}${"x".repeat(100_000)} = end`;
    expect(shown("db.connection_string", value)).toBe(JSON.stringify(value));
  });
});
