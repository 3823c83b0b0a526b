import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { filterQuery, isSensitiveKey } from "../../src/privacy/sensitive.js";
import { fragmentOf, queryOf, sanitizeUrl, withoutUrlSecrets } from "../../src/privacy/url.js";
import { WEB_URL } from "../property/characters.js";
import { cpuTime } from "../time/measure.js";

describe("a sanitized URL", () => {
  it.each([
    ["https://h/p?q=1#f", "https://h/p"],
    ["https://h/p#f?q=1", "https://h/p"],
    ["https://h", "https://h"],
    ["https://h?q", "https://h"],
    ["https://h:443/p", "https://h/p"],
    ["http://h:80", "http://h"],
    ["http://h:8080/p", "http://h:8080/p"],
    ["http://h:1443/p", "http://h:1443/p"],
    ["http://[::1]:80/p", "http://[::1]/p"],
    ["http://me@h/p", "http://[Filtered]:[Filtered]@h/p"],
    ["http://me:pw@h:80/p?q", "http://[Filtered]:[Filtered]@h/p"],
    ["http://me:p@w@h/p", "http://[Filtered]:[Filtered]@h/p"],
    ["//me:pw@h/p", "//[Filtered]:[Filtered]@h/p"],
    ["http://h/p@x:80", "http://h/p@x:80"],
    ["/p//me:pw@h", "/p//me:pw@h"],
    ["/p/http://me:pw@h/q", "/p/http://[Filtered]:[Filtered]@h/q"],
    ["/p?to=http://me:pw@h/", "/p"],
    ["not a url", "not a url"],
    ["http://", "http://"],
    ["//", "//"],
    ["", ""],
  ])("of %s is %s", (url, sanitized) => {
    expect(sanitizeUrl(url)).toBe(sanitized);
  });

  it("agrees with the URL parser about host and path of every web URL", () => {
    fc.assert(
      fc.property(WEB_URL, (url) => {
        // What looks like a URL within the path may have credentials, which are filtered.
        fc.pre(!/\/\/.*@/.test(url.slice("https://".length)));
        const { protocol, hostname, port, pathname } = new URL(url);
        const kept = port === "80" || port === "443" ? "" : port;
        const parsed = new URL(sanitizeUrl(url));
        expect(parsed.search + parsed.hash + parsed.username).toBe("");
        expect([parsed.protocol, parsed.hostname, parsed.port, parsed.pathname]).toEqual([
          protocol,
          hostname,
          kept,
          pathname,
        ]);
      }),
    );
  });

  it("never has a password, a query or a fragment, and is stable", () => {
    const word = fc.stringMatching(/^[a-z0-9:@.]{0,6}$/);
    fc.assert(
      fc.property(word, word, fc.string(), (login, host, rest) => {
        const sanitized = sanitizeUrl(`http://${login}SECRET@${host}/${rest}`);
        expect(sanitized).not.toContain("SECRET@");
        expect(sanitized).not.toMatch(/[?#]/);
      }),
    );
  });

  it("comes of any text", () => {
    fc.assert(
      fc.property(fc.string(), (url) => {
        expect(typeof sanitizeUrl(url)).toBe("string");
        expect(queryOf(url)).not.toContain("#");
        expect(typeof fragmentOf(url)).toBe("string");
      }),
    );
  });
});

describe("the parts of a URL", () => {
  it.each([
    ["/p?a=1#f", "a=1", "f"],
    ["/p?a=1", "a=1", ""],
    ["/p#f?a=1", "", "f?a=1"],
    ["/p?", "", ""],
    ["/p", "", ""],
  ])("%s are query '%s' and fragment '%s'", (url, query, fragment) => {
    expect([queryOf(url), fragmentOf(url)]).toEqual([query, fragment]);
  });
});

describe("a query", () => {
  it.each([
    ["a=1&b=2", "a=1&b=2"],
    ["token=x", "token=[Filtered]"],
    ["a=1&API_KEY=x&b=2", "a=1&API_KEY=[Filtered]&b=2"],
    ["user[password]=x", "user[password]=[Filtered]"],
    ["%74oken=x", "%74oken=[Filtered]"],
    ["%zztoken=x", "%zztoken=[Filtered]"],
    ["%zz=x&a=%20", "%zz=x&a=%20"],
    ["a=b=c&sessionid=1=2", "a=b=c&sessionid=[Filtered]"],
    ["a=token", "a=token"],
    ["token&pwd=", "token&pwd="],
    ["", ""],
  ])("'%s' is sent as '%s'", (query, filtered) => {
    expect(filterQuery(query)).toBe(filtered);
  });

  it("loses no key and no value of an innocent key", () => {
    const pair = fc.tuple(
      fc.stringMatching(/^[b-fh-z]{1,8}$/),
      fc.stringMatching(/^[a-z0-9]{1,8}$/),
    );
    fc.assert(
      fc.property(fc.array(pair), (pairs) => {
        const query = pairs.map(([key, value]) => `${key}=${value}`).join("&");
        const expected = pairs.map(([key, value]) => [
          key,
          isSensitiveKey(key) ? "[Filtered]" : value,
        ]);
        expect([...new URLSearchParams(filterQuery(query))]).toEqual(expected);
      }),
    );
  });

  it.each([
    "Authorization",
    "x-csrf-token",
    "client_secret",
    "passwd",
    "PWD",
    "apiKey",
    "jwt",
    "bearer",
    "sso",
    "SAMLResponse",
    "xsrf",
    "credentials",
    "session",
    "connect.sid",
    "identity",
  ])("has %s for a sensitive key", (key) => {
    expect(isSensitiveKey(key)).toBe(true);
  });

  it.each(["page", "q", "user", "id", ""])("has '%s' for an innocent key", (key) => {
    expect(isSensitiveKey(key)).toBe(false);
  });
});

describe("a text without the secrets of its URLs", () => {
  it.each([
    ["https://me:pw@h/p?token=a&q=1#f", "https://[Filtered]:[Filtered]@h/p?token=[Filtered]&q=1#f"],
    ["https://me:pw@h:443/p", "https://[Filtered]:[Filtered]@h:443/p"],
    [
      "connect ECONNREFUSED redis://:pw@h:6379/0, retry",
      "connect ECONNREFUSED redis://[Filtered]:[Filtered]@h:6379/0, retry",
    ],
    ["postgres://me:p/w?x#y@h/db", "postgres://[Filtered]:[Filtered]@h/db"],
    [
      "mongodb://me:pw@h1,h2/db and http://you:pw@h3",
      "mongodb://[Filtered]:[Filtered]@h1,h2/db and http://[Filtered]:[Filtered]@h3",
    ],
    ["/p?to=http://me:pw@h/", "/p?to=http://[Filtered]:[Filtered]@h/"],
    ["//me:pw@h/p", "//[Filtered]:[Filtered]@h/p"],
    ["GET /login?password=abc failed", "GET /login?password=[Filtered] failed"],
    ["https://h/cb#access_token=abc&state=1", "https://h/cb#access_token=[Filtered]&state=1"],
    ['{"url":"https://h/?token=abc","a":"b"}', '{"url":"https://h/?token=[Filtered]","a":"b"}'],
    [
      String.raw`{"text":"see \"https://h/?token=abc\" there"}`,
      String.raw`{"text":"see \"https://h/?token=[Filtered]\" there"}`,
    ],
  ])("%s is %s", (text, shown) => {
    expect(withoutUrlSecrets(text)).toBe(shown);
    expect(withoutUrlSecrets(shown)).toBe(shown);
  });

  it.each([
    "https://h:443/p@x?q=1#part",
    "http://[::1]:80/p@x",
    "mongodb://h1:1,h2:2/db?w=@",
    "/a//b@c",
    "mail me@example.com about https://h/p",
    "SELECT a FROM b WHERE c = ? AND d = 'http://h/'",
    "file:///app/x.js:10:5",
    "",
  ])("'%s' stays", (text) => {
    expect(withoutUrlSecrets(text)).toBe(text);
  });

  it("is found in a time that grows with the length of the text", () => {
    for (const part of ["://", "://a:b", "@://a:b", "?a=b", "?token=", "a", "@", "//", "#a=?"]) {
      const cpu = cpuTime();
      withoutUrlSecrets(`@=?#//${part.repeat(100_000 / part.length)}`);
      expect(cpu()).toBeLessThan(1000);
    }
  });
});
