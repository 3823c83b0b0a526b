import { SpanKind } from "@opentelemetry/api";
import type { Attributes } from "@opentelemetry/api";

/** A span inside of the server's. */
export interface Inner {
  readonly attributes: Attributes;
  readonly kind?: SpanKind;
  /** Attributes that come when the root has ended. */
  readonly late?: Attributes;
}

/** A request, the spans inside of it, and what its transaction is named. */
export interface RouteCase {
  readonly root: Attributes;
  readonly name?: string;
  /** From the outside to the inside. */
  readonly inner: readonly Inner[];
  readonly want: string;
}

/** Attributes of a GET span of a server. */
export function served(path: string, more: Attributes = {}): Attributes {
  return { "http.request.method": "GET", "url.path": path, ...more };
}

function route(value: string, more: Attributes = {}): Inner {
  return { attributes: { "http.route": value, ...more } };
}

function request(key: string, target: string, inner: string): Inner {
  const attributes = { "http.request.method": "GET", [key]: target, "http.route": inner };
  return { kind: SpanKind.SERVER, attributes };
}

/** Requests whose routes are known by the spans inside of them, and the name and source of each. */
export const CASES: readonly (readonly [string, RouteCase])[] = [
  [
    "Next.js in a platform's span, which ends first",
    {
      root: served("/api/items/42"),
      inner: [
        {
          kind: SpanKind.SERVER,
          attributes: {
            "http.method": "GET",
            "http.target": "/api/items/42?a=1",
            "next.span_type": "BaseServer.handleRequest",
          },
          late: { "http.route": "/api/items/[id]", "next.route": "/api/items/[id]" },
        },
      ],
      want: "GET /api/items/[id] route",
    },
  ],
  [
    "a Next.js page whose request span has not ended with a route",
    {
      root: served("/blog/2/x"),
      inner: [
        {
          attributes: {
            "next.span_type": "AppRender.getBodyResult",
            "next.route": "/blog/[...slug]",
          },
        },
      ],
      want: "GET /blog/[...slug] route",
    },
  ],
  [
    "Hono",
    {
      root: served("/users/7"),
      inner: [request("url.full", "http://h/users/7?a=1", "/users/:id")],
      want: "GET /users/:id route",
    },
  ],
  [
    "Nest on Fastify",
    {
      root: served("/carts/9"),
      inner: [
        route("/carts/:id", {
          "nestjs.type": "request_context",
          "http.request.method": "GET",
          "url.full": "/carts/9",
        }),
        { attributes: { "nestjs.type": "handler", "nestjs.callback": "find" } },
      ],
      want: "GET /carts/:id route",
    },
  ],
  [
    "Express layers: the handler's, not where its router is mounted",
    {
      root: served("/api/7"),
      inner: [
        route("/api", { "express.type": "middleware" }),
        route("/api", { "express.type": "router" }),
        route("/api/:id", { "express.type": "request_handler" }),
      ],
      want: "GET /api/:id route",
    },
  ],
  [
    "middleware alone: where it is mounted is no route",
    {
      root: served("/api/7"),
      inner: [
        route("/api", { "express.type": "middleware" }),
        route("/", { "connect.type": "middleware" }),
      ],
      want: "GET /api/7 url",
    },
  ],
  [
    "hapi",
    {
      root: served("/a/1"),
      inner: [route("/a/{id}", { "hapi.type": "router" })],
      want: "GET /a/{id} route",
    },
  ],
  [
    "a hapi plugin",
    {
      root: served("/a/1"),
      inner: [route("/a/{id}", { "hapi.type": "plugin" })],
      want: "GET /a/{id} route",
    },
  ],
  [
    "Koa's router",
    {
      root: served("/a/1"),
      inner: [route("(.*)", { "koa.type": "router" }), route("/a/:id", { "koa.type": "router" })],
      want: "GET /a/:id route",
    },
  ],
  [
    "restify",
    {
      root: served("/a/1"),
      inner: [route("/a/:id", { "restify.type": "request_handler" })],
      want: "GET /a/:id route",
    },
  ],
  [
    "SvelteKit, with the route of a layout and a request to itself",
    {
      root: served("/de/posts/7"),
      inner: [
        route("/(app)/[[lang]]/posts/[id]", {
          "http.method": "GET",
          "http.url": "http://h/de/posts/7",
        }),
        route("/(app)", { "sveltekit.load.node_type": "+layout.server" }),
        route("/api/likes", { "http.method": "GET", "http.url": "http://h/api/likes" }),
      ],
      want: "GET /(app)/[[lang]]/posts/[id] route",
    },
  ],
  [
    "SvelteKit without a route",
    { root: served("/x"), inner: [route("unknown")], want: "GET /x url" },
  ],
  [
    "Remix, whose routes have no slash",
    { root: served("/users/7"), inner: [route("users/:id")], want: "GET /users/:id route" },
  ],
  [
    "a rewritten path",
    { root: served("/old"), inner: [route("/posts/[slug]")], want: "GET /posts/[slug] route" },
  ],
  [
    "the innermost of equals",
    {
      root: { "http.request.method": "GET" },
      inner: [route("/a/:b"), route("/a/:c")],
      want: "GET /a/:c route",
    },
  ],
  [
    "the one that says more",
    {
      root: served("/a/b/7"),
      inner: [route("/a/:x/:y"), route("/a/b/:y")],
      want: "GET /a/b/:y route",
    },
  ],
  [
    "the one that describes the path",
    {
      root: served("/users/7"),
      inner: [route("/users/:id"), route("/reports/:year/:month")],
      want: "GET /users/:id route",
    },
  ],
  [
    "a catch-all in which another application serves",
    {
      root: served("/api/users/7"),
      inner: [route("/api/[[...path]]"), route("/api/users/:id")],
      want: "GET /api/users/:id route",
    },
  ],
  [
    "a wildcard alone",
    { root: served("/x"), inner: [route("/*", { "http.method": "GET" })], want: "GET /x url" },
  ],
  [
    "another request of the process to itself",
    {
      root: served("/page"),
      inner: [request("url.path", "/data/7", "/data/:id")],
      want: "GET /page url",
    },
  ],
  [
    "a call to another server",
    {
      root: served("/page"),
      inner: [
        {
          kind: SpanKind.CLIENT,
          attributes: { "http.request.method": "GET", "http.route": "/data/:id" },
        },
      ],
      want: "GET /page url",
    },
  ],
  [
    "its own route",
    {
      root: served("/a/7", { "http.route": "/a/:id" }),
      inner: [route("/a/:other")],
      want: "GET /a/:id route",
    },
  ],
  [
    "its own rewritten route",
    {
      root: served("/x", { "http.route": "/a/:id" }),
      inner: [route("/b/:id")],
      want: "GET /a/:id route",
    },
  ],
  [
    "a handler below its own wildcard",
    {
      root: served("/items/7", { "http.route": "*" }),
      inner: [route("/items/[id]")],
      want: "GET /items/[id] route",
    },
  ],
  [
    "a handler below its own mount path",
    {
      root: served("/api/7", { "http.route": "/api" }),
      inner: [route("/api/:id")],
      want: "GET /api/:id route",
    },
  ],
  [
    "an application that is mounted on its own route and sees the rest of the path",
    {
      root: served("/api/users/7", { "http.route": "/api" }),
      inner: [request("url.full", "http://h/users/7", "/users/:id")],
      want: "GET /api/users/:id route",
    },
  ],
  [
    "a chosen name",
    { name: "checkout", root: served("/a/7"), inner: [route("/a/:id")], want: "checkout custom" },
  ],
  [
    "a chosen source",
    {
      root: served("/a/7", { "sentry.source": "view" }),
      inner: [route("/a/:id")],
      want: "GET /a/7 view",
    },
  ],
  [
    "old conventions",
    {
      root: { "http.method": "POST", "http.target": "/a/7?x=1" },
      inner: [route("/a/:id")],
      want: "POST /a/:id route",
    },
  ],
];
