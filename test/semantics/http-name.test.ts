import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { inferSpan } from "../../src/semantics/infer-span.js";
import type { AttributeBag } from "../../src/trace/span.js";
import { descriptionOf } from "../spans/hand-made-span.js";
import { runs } from "../property/runs.js";
import { CHARACTER } from "../property/characters.js";

const SERVED = {
  "http.request.method": "GET",
  "http.route": "/users/:id",
  "url.path": "/users/7",
  "url.query": "a=1",
};
const CALLED = {
  "http.request.method": "POST",
  "url.full": "https://api.example.com:443/v1/pay?key=1",
  "server.address": "api.example.com",
};
const OLD_SERVED = { "http.method": "GET", "http.target": "/users/7?a=1", "http.host": "h:80" };
const OLD_CALLED = { "http.method": "GET", "http.url": "http://h/users/7?a=1" };

type Kind = "CLIENT" | "SERVER";

describe("a name that an HTTP instrumentation gives", () => {
  it.each<[string, Kind, AttributeBag, string]>([
    ["GET", "SERVER", SERVED, "GET /users/:id"],
    ["get", "SERVER", SERVED, "GET /users/:id"],
    ["", "SERVER", SERVED, "GET /users/:id"],
    ["HTTP", "SERVER", SERVED, "GET /users/:id"],
    ["HTTP GET", "SERVER", SERVED, "GET /users/:id"],
    ["HTTPS GET", "SERVER", SERVED, "GET /users/:id"],
    ["http.server GET", "SERVER", SERVED, "GET /users/:id"],
    ["HTTP request", "SERVER", SERVED, "GET /users/:id"],
    ["request", "SERVER", { ...SERVED, "fastify.root": "@fastify/otel" }, "GET /users/:id"],
    ["GET /users/:id", "SERVER", SERVED, "GET /users/:id"],
    ["GET /users/7", "SERVER", SERVED, "GET /users/:id"],
    ["GET /users/7/", "SERVER", SERVED, "GET /users/:id"],
    ["GET /users/7?a=1", "SERVER", SERVED, "GET /users/:id"],
    ["HTTP GET /users/7", "SERVER", SERVED, "GET /users/:id"],
    ["/users/:id", "SERVER", SERVED, "GET /users/:id"],
    ["/users/7", "SERVER", SERVED, "GET /users/:id"],
    ["HEAD /users/:id", "SERVER", SERVED, "GET /users/:id"],
    ["GET /users/7?a=1", "SERVER", OLD_SERVED, "GET /users/7"],
    ["GET h", "SERVER", OLD_SERVED, "GET /users/7"],
    [
      "RSC GET /users/[id]",
      "SERVER",
      { "http.method": "GET", "next.route": "/users/[id]", "http.route": "/users/[id]" },
      "GET /users/[id]",
    ],
    [
      "RSC GET /a",
      "SERVER",
      { "http.method": "GET", "http.target": "/b", "next.span_name": "RSC GET /a" },
      "GET /b",
    ],
    ["POST", "CLIENT", CALLED, "POST https://api.example.com/v1/pay"],
    ["HTTP POST", "CLIENT", CALLED, "POST https://api.example.com/v1/pay"],
    ["http.client POST", "CLIENT", CALLED, "POST https://api.example.com/v1/pay"],
    [
      "fetch POST https://api.example.com/v1/pay",
      "CLIENT",
      CALLED,
      "POST https://api.example.com/v1/pay",
    ],
    [
      "POST https://api.example.com/v1/pay?key=1",
      "CLIENT",
      CALLED,
      "POST https://api.example.com/v1/pay",
    ],
    ["POST https://api.example.com", "CLIENT", CALLED, "POST https://api.example.com/v1/pay"],
    ["POST api.example.com/v1/pay", "CLIENT", CALLED, "POST https://api.example.com/v1/pay"],
    ["POST api.example.com", "CLIENT", CALLED, "POST https://api.example.com/v1/pay"],
    ["POST /v1/pay", "CLIENT", CALLED, "POST https://api.example.com/v1/pay"],
    ["https://api.example.com/v1/pay", "CLIENT", CALLED, "POST https://api.example.com/v1/pay"],
    ["GET http://h/users/7", "CLIENT", OLD_CALLED, "GET http://h/users/7"],
    [
      "POST /v1/{action}",
      "CLIENT",
      { ...CALLED, "url.template": "/v1/{action}" },
      "POST https://api.example.com/v1/pay",
    ],
    [
      "HTTP",
      "SERVER",
      { "http.request.method": "_OTHER", "url.path": "/", "http.request.method_original": "FOO" },
      "HTTP /",
    ],
    [
      "FOO /",
      "SERVER",
      { "http.request.method": "_OTHER", "url.path": "/", "http.request.method_original": "FOO" },
      "HTTP /",
    ],
  ])("is replaced: %j of a %s", (...[name, kind, attributes, description]) => {
    const inferred = inferSpan(descriptionOf(kind, attributes, name));
    expect(inferred.description).toBe(description);
    expect(inferred.source).not.toBe("custom");
  });
});

describe("a name that somebody has chosen", () => {
  it.each<[string, Kind, AttributeBag]>([
    ["handle checkout", "SERVER", SERVED],
    ["checkout", "SERVER", SERVED],
    ["GET checkout", "SERVER", SERVED],
    ["GetUser", "SERVER", SERVED],
    ["get user", "SERVER", SERVED],
    ["GET /users/{userId}", "SERVER", SERVED],
    ["GET /tenants/:tenant/users/:id", "SERVER", SERVED],
    ["GET /users/:id (cached)", "SERVER", SERVED],
    ["HTTP handler", "SERVER", SERVED],
    ["UsersController.show", "SERVER", SERVED],
    ["request user", "SERVER", SERVED],
    ["httpbin", "SERVER", SERVED],
    ["GET /users/:id", "SERVER", OLD_SERVED],
    ["charge the card", "CLIENT", CALLED],
    ["POST /v1/{action}", "CLIENT", CALLED],
    ["POST https://other.example.com/v1/pay", "CLIENT", CALLED],
    ["fetch the exchange rates", "CLIENT", CALLED],
    ["search", "CLIENT", { ...CALLED, "db.system.name": "elasticsearch" }],
  ])("stays, with the op and data of the request: %j of a %s", (name, kind, attributes) => {
    const automatic = inferSpan(descriptionOf(kind, attributes, ""));
    expect(inferSpan(descriptionOf(kind, attributes, name))).toEqual({
      ...automatic,
      description: name,
      source: "custom",
    });
  });

  // Words that are part of no method, prefix, generic name, or target in the attributes below.
  const word = fc.stringMatching(/^[a-z]{2,12}$/).map((text) => `my-${text}`);
  const chosen = fc
    .tuple(fc.constantFrom("", "GET ", "HTTP GET ", "HTTP ", "POST /", "GET https://"), word)
    .map(([start, rest]) => start + rest);

  it("stays whatever it begins with", () => {
    fc.assert(
      fc.property(
        chosen,
        fc.constantFrom<Kind>("SERVER", "CLIENT"),
        fc.constantFrom<AttributeBag>(SERVED, CALLED, OLD_SERVED, OLD_CALLED),
        (name, kind, attributes) => {
          expect(inferSpan(descriptionOf(kind, attributes, name))).toMatchObject({
            description: name,
            source: "custom",
          });
        },
      ),
    );
  });

  it("stays whatever characters it has, unless it is made of the request's own parts", () => {
    const parts =
      /^(?:(?:https?|http\.(?:server|client)|fetch|rsc) +)?(?:get|head|post|put|patch|delete|options|trace|connect|query)?\s*(?:\/users\/(?:7|:id).*|https?|http[ .](?:request|client|server)(?:\.request)?|fetch|request|rsc)?\s*$/i;
    fc.assert(
      fc.property(fc.string({ unit: CHARACTER }), (name) => {
        fc.pre(!parts.test(name) && !/[?#/]/.test(name));
        expect(inferSpan(descriptionOf("SERVER", SERVED, name)).description).toBe(name);
      }),
      { numRuns: runs(1000) },
    );
  });
});
