import { describe, expect, it } from "vitest";

import {
  filterCookies,
  filterQuery,
  filterSetCookie,
  isPersonalHeader,
  isSensitiveKey,
} from "../../src/privacy/sensitive.js";

describe("the deny list", () => {
  it.each(["auth", "token", "secret", "password", "passwd", "pwd", "key", "jwt", "bearer"])(
    "holds %s as a part of a key, in any case",
    (term) => {
      expect(isSensitiveKey(`x-${term.toUpperCase()}s`)).toBe(true);
    },
  );

  it.each(["sso", "saml", "csrf", "xsrf", "credentials", "session", "sid", "identity"])(
    "holds %s too",
    (term) => {
      expect(isSensitiveKey(`my${term}value`)).toBe(true);
    },
  );
});

describe("a header that tells who the client is", () => {
  it.each([
    "x-forwarded-for",
    "Forwarded",
    "x-real-ip",
    "x_real_ip",
    "Via",
    "remote-addr",
    "x-user",
  ])("may be %s", (name) => {
    expect(isPersonalHeader(name)).toBe(true);
  });

  it.each(["accept", "user-agent", "content-type", "host"])("is not %s", (name) => {
    expect(isPersonalHeader(name)).toBe(false);
  });
});

describe("cookies", () => {
  it.each([
    ["a=b; sid=c", "a=b; sid=[Filtered]"],
    ["theme=dark", "theme=dark"],
    [
      "connect.sid=s%3Aabc; PHPSESSID=1; lang=en",
      "connect.sid=[Filtered]; PHPSESSID=[Filtered]; lang=en",
    ],
    ["empty=; token=", "empty=; token="],
    ["no cookie at all", "[Filtered]"],
    ["a=b; naked", "[Filtered]"],
    ["=nameless", "[Filtered]"],
    ["", ""],
  ])("%s are sent as %s", (header, shown) => {
    expect(filterCookies(header)).toBe(shown);
  });

  it.each([
    ["sid=c; Path=/; HttpOnly", "sid=[Filtered]; Path=/; HttpOnly"],
    ["theme=dark; Secure", "theme=dark; Secure"],
    ["token=c", "token=[Filtered]"],
    ["naked; Path=/", "[Filtered]"],
  ])("that are set by %s are sent as %s", (header, shown) => {
    expect(filterSetCookie(header)).toBe(shown);
  });
});

it.each([
  ["X-Amz-Signature=x&page=2", "X-Amz-Signature=[Filtered]&page=2"],
  ["sv=1&sig=x%3D&sp=r", "sv=1&sig=[Filtered]&sp=r"],
  ["signature=x", "signature=[Filtered]"],
  ["design=x&sign=up&signatures=2", "design=x&sign=up&signatures=2"],
])("the signature of a URL: %s is sent as %s", (query, filtered) => {
  expect(filterQuery(query)).toBe(filtered);
});

describe("a query within a query", () => {
  it.each([
    ["next=/cb?token=abc", "next=/cb?token=[Filtered]"],
    ["next=%2Fcb%3Ftoken%3Dabc&q=1", "next=%2Fcb%3Ftoken%3D%5BFiltered%5D&q=1"],
    ["a=1;token=abc", "a=1;token=[Filtered]"],
    ["token=a;b", "token=[Filtered]"],
    ["next=%2Fcb%3Fq%3Dshoes", "next=%2Fcb%3Fq%3Dshoes"],
  ])("'%s' is sent as '%s'", (query, filtered) => {
    expect(filterQuery(query)).toBe(filtered);
  });
});

function variables(value: object): string {
  return `query=q&variables=${encodeURIComponent(JSON.stringify(value))}`;
}

describe("JSON within a query", () => {
  it("is filtered by name, and stays JSON", () => {
    expect(
      filterQuery(variables({ input: { password: "x", body: '{"token":"y"}' }, page: 2 })),
    ).toBe(
      variables({ input: { password: "[Filtered]", body: '{"token":"[Filtered]"}' }, page: 2 }),
    );
  });

  it("stays as it was written where it holds no secret", () => {
    const query = "filter=%7b%22a%22:1}&ids=[1,2]";
    expect(filterQuery(query)).toBe(query);
  });
});
