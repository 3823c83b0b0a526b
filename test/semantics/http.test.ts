import { describe, expect, it } from "vitest";

import type { InferredData } from "../../src/semantics/inference.js";
import { inferSpan } from "../../src/semantics/infer-span.js";
import type { AttributeBag } from "../../src/trace/span.js";
import { descriptionOf } from "../spans/hand-made-span.js";

function nameWithOperations(operations: unknown): string {
  const attributes = {
    "http.request.method": "POST",
    "http.route": "/graphql",
    "sentry.graphql.operation": operations,
  };
  return inferSpan(descriptionOf("SERVER", attributes, "POST")).description;
}

function dataOf(attributes: AttributeBag): InferredData | undefined {
  return inferSpan(descriptionOf("CLIENT", { "http.request.method": "GET", ...attributes })).data;
}

describe("a span of an HTTP request", () => {
  it.each([
    ["route", { "http.route": "/u/:id", "url.path": "/u/1" }, "GET /u/:id", "route"],
    ["http.target", { "http.target": "/u/1?a=1#f" }, "GET /u/1", "url"],
    ["url.path", { "url.path": "/u/1" }, "GET /u/1", "url"],
    ["root path", { "url.path": "/" }, "GET /", "route"],
    ["target before URL", { "http.target": "/u", "http.url": "http://h/u" }, "GET /u", "url"],
    ["full URL", { "url.full": "http://h/u?a=1" }, "GET http://h/u", "url"],
    ["root of a full URL", { "url.full": "http://h/" }, "GET http://h/", "url"],
    ["an empty route", { "http.route": "", "url.path": "/u" }, "GET /u", "url"],
    ["nothing", {}, "GET", "custom"],
  ] as const)("is named by a server's %s", (_, attributes, ...[description, source]) => {
    const span = descriptionOf("SERVER", { "http.request.method": "GET", ...attributes }, "GET");
    expect(inferSpan(span)).toMatchObject({ op: "http.server", description, source });
  });

  it.each([
    ["current URL", { "url.full": "https://h/u?a=1", "url.path": "/u" }, "GET https://h/u", "url"],
    ["old URL", { "http.url": "https://h/u", "http.target": "/u" }, "GET https://h/u", "url"],
    ["target when there is no URL", { "http.target": "/u?a=1" }, "GET /u", "url"],
    ["host alone", { "server.address": "h" }, "GET https://h", "url"],
    ["host and port", { "server.address": "h", "server.port": 8443 }, "GET https://h:8443", "url"],
    ["default port", { "server.address": "h", "server.port": 443 }, "GET https://h", "url"],
    ["plain port", { "server.address": "h", "server.port": 80 }, "GET http://h", "url"],
    [
      "scheme",
      { "server.address": "h", "server.port": 80, "url.scheme": "http" },
      "GET http://h",
      "url",
    ],
    [
      "IPv6 host",
      { "server.address": "::1", "server.port": 8080 },
      "GET https://[::1]:8080",
      "url",
    ],
    [
      "old host and port",
      { "net.peer.name": "h", "net.peer.port": 8080, "http.scheme": "http" },
      "GET http://h:8080",
      "url",
    ],
    ["own host", { "net.host.name": "me" }, "GET", "custom"],
    ["host and path", { "server.address": "h", "url.path": "/u" }, "GET https://h/u", "url"],
    ["socket", { "server.address": "/run/docker.sock" }, "GET", "custom"],
    [
      "host with a login",
      { "server.address": "me:pw@h" },
      "GET https://[Filtered]:[Filtered]@h",
      "url",
    ],
  ] as const)("is named by a client's %s", (_, attributes, ...[description, source]) => {
    const span = descriptionOf("CLIENT", { "http.request.method": "GET", ...attributes }, "GET");
    expect(inferSpan(span)).toMatchObject({ op: "http.client", description, source });
  });

  it.each([
    ["SERVER", {}, "http.server"],
    ["CLIENT", {}, "http.client"],
    ["INTERNAL", {}, "http"],
    ["CLIENT", { "sentry.http.prefetch": true }, "http.client.prefetch"],
  ] as const)("of kind %s with %o has the op %s", (kind, attributes, op) => {
    expect(inferSpan(descriptionOf(kind, { "http.method": "GET", ...attributes })).op).toBe(op);
  });

  it("keeps its name when neither the kind nor the origin is automatic", () => {
    const attributes = { "http.method": "GET", "http.route": "/u" };
    expect(inferSpan(descriptionOf("INTERNAL", attributes, "GET"))).toMatchObject({
      description: "GET",
      source: "custom",
    });
    const automatic = { ...attributes, "sentry.origin": "auto.http.x" };
    expect(inferSpan(descriptionOf("INTERNAL", automatic, "GET"))).toMatchObject({
      description: "GET /u",
      source: "route",
    });
  });

  it("is named HTTP when its method is not a known one", () => {
    const attributes = { "http.request.method": "_OTHER", "http.route": "/u" };
    const span = descriptionOf("SERVER", attributes, "HTTP");
    expect(inferSpan(span).description).toBe("HTTP /u");
  });

  it("lists up to five GraphQL operations, sorted, and counts the others", () => {
    expect(nameWithOperations("query A")).toBe("POST /graphql (query A)");
    expect(nameWithOperations(["b", "a"])).toBe("POST /graphql (a, b)");
    expect(nameWithOperations(["f", "e", "d", "c", "b", "a", "g"])).toBe(
      "POST /graphql (a, b, c, d, e, +2)",
    );
    expect(nameWithOperations([])).toBe("POST /graphql");
    expect(nameWithOperations(7)).toBe("POST /graphql");
  });
});

describe("the data of an HTTP span", () => {
  it.each([
    [
      { "url.full": "https://h:443/p?a=1&b=2#top" },
      { url: "https://h/p", "http.query": "a=1&b=2", "http.fragment": "top" },
    ],
    [{ "http.url": "http://h:80" }, { url: "http://h" }],
    [
      { "http.url": "http://me:pw@h/p?token=t" },
      { url: "http://[Filtered]:[Filtered]@h/p", "http.query": "token=[Filtered]" },
    ],
    [{ "url.path": "/p", "url.query": "?a=1" }, { "http.query": "a=1" }],
    [{ "url.path": "/p", "url.query": "password=x" }, { "http.query": "password=[Filtered]" }],
    [{ "url.path": "/p", "url.fragment": "#f" }, { "http.fragment": "f" }],
    [{ "url.path": "/p?a=1" }, { "http.query": "a=1" }],
    [{ "http.status_code": 404 }, { "http.response.status_code": 404 }],
    [{ "http.status_code": "404" }, { "http.response.status_code": 404 }],
  ])("of %o is %o", (attributes, data) => {
    expect(dataOf(attributes)).toEqual(data);
  });

  it.each([
    {},
    { "url.path": "/p", "url.query": "" },
    { "http.status_code": 200, "http.response.status_code": 200 },
  ])("of %o is nothing", (attributes) => {
    expect(dataOf(attributes)).toBeUndefined();
  });

  it("is there too when the author chose the name", () => {
    const attributes = { "url.full": "http://h/", "sentry.custom_span_name": "mine" };
    expect(dataOf(attributes)).toEqual({ url: "http://h/" });
  });
});
