import { describe, expect, it } from "vitest";

import { inferSpan } from "../../src/semantics/infer-span.js";
import { descriptionOf } from "../spans/hand-made-span.js";

describe("a span of a web framework's layer", () => {
  it.each([
    [{ "express.type": "middleware" }, "middleware"],
    [{ "express.type": "router" }, "router"],
    [{ "express.type": "request_handler", "http.route": "/u" }, "handler"],
    [{ "router.type": "request_handler" }, "handler"],
    [{ "koa.type": "middleware" }, "middleware"],
    [{ "koa.type": "router" }, "router"],
    [{ "fastify.type": "hook", "hook.name": "onRequest" }, "middleware"],
    [{ "fastify.type": "route-hook" }, "middleware"],
    [{ "fastify.type": "request-handler" }, "handler"],
    [{ "hapi.type": "plugin" }, "middleware"],
    [{ "connect.type": "request_handler" }, "handler"],
    [{ "restify.type": "middleware" }, "middleware"],
    [{ "nestjs.type": "app_creation" }, "app"],
    [{ "nestjs.type": "request_context", "http.request.method": "GET" }, "handler"],
    // Next.js 15 repeats the request's method and path on this span.
    [
      {
        "next.span_type": "Middleware.execute",
        "next.span_name": "middleware GET",
        "http.method": "GET",
        "http.target": "/a",
      },
      "http.server.middleware",
    ],
    [{ "next.span_type": "Middleware.execute" }, "http.server.middleware"],
    [{ "next.span_type": "AppRender.getBodyResult" }, undefined],
    [{ "express.type": "unheard of" }, undefined],
  ])("with %o has op %s and keeps its name", (attributes, op) => {
    expect(inferSpan(descriptionOf("INTERNAL", attributes))).toMatchObject({
      op,
      description: "name",
    });
  });
});

describe("a span of the program's own function", () => {
  it.each([{ "code.function.name": "f" }, { "code.function": "f" }])(
    "with %o is a function",
    (attributes) => {
      expect(inferSpan(descriptionOf("INTERNAL", attributes))).toMatchObject({
        op: "function",
        description: "name",
        source: "custom",
      });
      expect(inferSpan(descriptionOf("CLIENT", attributes)).op).toBeUndefined();
    },
  );
});

describe("a span of no known kind", () => {
  it.each([{}, { "app.user": 1, "code.line.number": 3 }])(
    "with %o keeps its name",
    (attributes) => {
      expect(inferSpan(descriptionOf("INTERNAL", attributes))).toEqual({
        op: undefined,
        description: "name",
        source: "custom",
        data: undefined,
      });
    },
  );
});
