import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { requestDataOf } from "../../src/semantics/request-data.js";
import { attributeBag } from "./attribute-bag.js";
import { CHARACTER } from "../property/characters.js";

const shy = { sendDefaultPii: false };
const open = { sendDefaultPii: true };

const NEW = {
  "http.request.method": "POST",
  "url.scheme": "https",
  "server.address": "shop.example",
  "server.port": 8443,
  "url.path": "/orders",
  "url.query": "token=abc&q=1",
  "user_agent.original": "test/1.0",
  "client.address": "10.0.0.9",
  "network.peer.address": "10.0.0.1",
  "http.request.header.x-api-key": ["k"],
  "http.request.header.accept": ["text/html", "text/plain"],
  "http.request.header.cookie": ["a=b; sid=c"],
  "http.request.header.x-forwarded-for": ["10.0.0.9"],
};

const header = (name: string, value: unknown): object => ({
  [`http.request.header.${name}`]: value,
});

describe("the headers of a server's span", () => {
  const request = { "http.request.method": "GET" };

  it("are left out if they are too long, and withheld whatever their length", () => {
    const long = "x".repeat(100_000);
    const attributes = {
      ...request,
      ...header("x-long", long),
      ...header("x-list", [long, long]),
      ...header("authorization", long),
      ...header("accept", "*"),
    };
    expect(requestDataOf(attributes, shy)?.headers).toEqual({
      Authorization: "[Filtered]",
      Accept: "*",
    });
  });

  it("share one search for secrets", () => {
    const text = "token=a&password=b&".repeat(400);
    const many = Array.from({ length: 500 }, (_, index) => header(`x-${index}`, text));
    const headers = requestDataOf(Object.assign({}, request, ...many), shy)?.headers ?? {};
    const shown = Object.values(headers);
    expect(shown.length).toBeLessThan(201);
    expect(shown.filter((value) => value.length > 20).length).toBeLessThan(10);
    expect(shown.join("")).not.toMatch(/=[ab]/);
  });
});

describe("the request of a server's span", () => {
  it("is told without personal data by default", () => {
    expect(requestDataOf(NEW, shy)).toEqual({
      method: "POST",
      url: "https://shop.example:8443/orders",
      query_string: "token=[Filtered]&q=1",
      headers: {
        "User-Agent": "test/1.0",
        "X-Api-Key": "[Filtered]",
        Accept: "text/html,text/plain",
        "X-Forwarded-For": "[Filtered]",
      },
    });
  });

  it("is told with it when asked for, but never with a secret", () => {
    expect(requestDataOf(NEW, open)).toMatchObject({
      headers: { "X-Api-Key": "[Filtered]", "X-Forwarded-For": "10.0.0.9" },
      cookies: "a=b; sid=[Filtered]",
      env: { REMOTE_ADDR: "10.0.0.9" },
    });
  });

  it.each<[string, Record<string, unknown>, object]>([
    [
      "a URL of the old conventions",
      { "http.method": "GET", "http.url": "http://me:pw@h/p?pwd=x#f" },
      { method: "GET", url: "http://[Filtered]:[Filtered]@h/p", query_string: "pwd=[Filtered]" },
    ],
    [
      "host and target of the old conventions",
      { "http.method": "GET", "http.scheme": "http", "http.host": "h:80", "http.target": "/p?a=1" },
      { method: "GET", url: "http://h/p", query_string: "a=1" },
    ],
    ["a path alone", { "http.method": "GET", "url.path": "/p" }, { method: "GET", url: "/p" }],
    [
      "an IPv6 host",
      { "http.method": "GET", "server.address": "::1", "server.port": 1 },
      { method: "GET", url: "http://[::1]:1/" },
    ],
    [
      "a header of an older instrumentation",
      { "http.method": "GET", "http.request.header.x_request_id": "7" },
      { method: "GET", headers: { "X-Request-Id": "7" } },
    ],
  ])("is made of %s", (_what, attributes, request) => {
    expect(requestDataOf(attributes, shy)).toEqual(request);
  });

  it("is not there when the span is that of no request", () => {
    expect(requestDataOf({ "db.system.name": "redis" }, shy)).toBeUndefined();
  });

  it.each([
    ["GET", "GET"],
    ["get", "GET"],
    ["PROPFIND", "PROPFIND"],
    ["M-SEARCH", "M-SEARCH"],
    ["_OTHER", undefined],
    ["BREW", undefined],
    ["GET https://me:hunter2@h/", undefined],
    ["Basic bWU6aHVudGVyMg==", undefined],
    ["sk_live_4eC39HqLyjWDarjtT1zdp7dc", undefined],
    ["x".repeat(1e6), undefined],
  ])("has the method %s only if it is one that is known", (given, method) => {
    for (const key of ["http.request.method", "http.method"]) {
      const request = requestDataOf({ [key]: given, "url.path": "/p" }, open);
      expect(request).toEqual({ ...(method !== undefined && { method }), url: "/p" });
    }
  });

  it("has nothing of a method that is not known, in whatever text", () => {
    const other = fc
      .string({ unit: CHARACTER, minLength: 1 })
      .filter((each) => /[^a-z-]/i.test(each));
    fc.assert(
      fc.property(other, (given) => {
        expect(requestDataOf({ "http.method": given }, open)).toEqual({});
      }),
    );
  });

  it("is no larger than Relay keeps", () => {
    const headers = Array.from({ length: 40 }, (_, index) => [
      `http.request.header.x-h${index}`,
      ["v".repeat(500)],
    ]);
    const request = requestDataOf(
      {
        "http.method": "GET",
        "url.query": `q=${"x".repeat(5000)}`,
        "url.path": `/${"p".repeat(5000)}`,
        ...(Object.fromEntries(headers) as Record<string, unknown>),
        "http.request.header.x-small": ["fits"],
      },
      shy,
    );
    expect(request?.query_string).toHaveLength(1000);
    expect(request?.url).toHaveLength(256);
    expect(JSON.stringify(request?.headers).length).toBeLessThan(8192);
    expect(request?.headers).toMatchObject({ "X-H0": "v".repeat(500), "X-Small": "fits" });
  });

  it("comes of any attributes without throwing", () => {
    fc.assert(
      fc.property(attributeBag, (attributes) => {
        const request = requestDataOf(attributes, open);
        expect(JSON.stringify(request ?? {})).not.toContain("pw@");
      }),
    );
  });
});
