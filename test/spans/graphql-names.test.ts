import { ROOT_CONTEXT, SpanKind, context, trace } from "@opentelemetry/api";
import type { Attributes, Span } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import { captureException } from "../../src/index.js";
import { startBridge } from "../client/bridge.js";
import type { Bridge } from "../client/bridge.js";

function startRequest(bridge: Bridge, more: Attributes = { "http.route": "/graphql" }): Span {
  const attributes = { "http.request.method": "POST", "url.path": "/graphql", ...more };
  return bridge.tracer.startSpan("POST", { kind: SpanKind.SERVER, attributes });
}

/** As the stock instrumentation does: it names the span once it has read the document. */
function startOperation(
  bridge: Bridge,
  root: Span,
  [type, name]: readonly [type: string, name?: string],
): Span {
  const span = bridge.child(root, "graphql.execute");
  span.setAttribute("graphql.operation.type", type);
  span.updateName(name === undefined ? type : `${type} ${name}`);
  return name === undefined ? span : span.setAttribute("graphql.operation.name", name);
}

describe("a request of GraphQL is named after its", () => {
  it.each<[string, readonly (readonly [string, string?])[], string]>([
    ["operation", [["query", "GetUser"]], "POST /graphql (query GetUser)"],
    ["anonymous operation", [["mutation"]], "POST /graphql (mutation)"],
    [
      "repeated operation, once",
      [
        ["query", "A"],
        ["query", "A"],
      ],
      "POST /graphql (query A)",
    ],
    [
      "batch",
      [
        ["query", "B"],
        ["mutation", "A"],
      ],
      "POST /graphql (mutation A, query B)",
    ],
    [
      "long batch, up to five",
      ["A", "B", "C", "D", "E", "F", "G"].map((name) => ["query", name] as const),
      "POST /graphql (query A, query B, query C, query D, query E, +2)",
    ],
  ])("%s", async (_, operations, name) => {
    const bridge = startBridge();
    const root = startRequest(bridge);
    for (const operation of operations) startOperation(bridge, root, operation).end();
    root.end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.transaction).toBe(name);
    expect(transaction?.transaction_info).toEqual({ source: "route" });
  });

  it("operation where it has no route; its source stays", async () => {
    const bridge = startBridge();
    const root = startRequest(bridge, {});
    startOperation(bridge, root, ["query", "GetUser"]).end();
    root.end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.transaction).toBe("POST /graphql (query GetUser)");
    expect(transaction?.transaction_info).toEqual({ source: "url" });
  });

  // `@envelop/opentelemetry`, as in GraphQL Yoga.
  it("operation, by attributes of Envelop", async () => {
    const bridge = startBridge();
    const root = startRequest(bridge);
    const span = bridge.child(root, "query.GetUser", { kind: SpanKind.SERVER });
    span.setAttribute("graphql.execute.operationName", "GetUser");
    span.setAttribute("graphql.execute.operationType", "query").end();
    root.end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.transaction).toBe("POST /graphql (query GetUser)");
    expect(transaction?.spans).toMatchObject([{ op: "graphql", description: "query GetUser" }]);
  });

  it("operation beside those that the root has as an attribute", async () => {
    const bridge = startBridge();
    const root = startRequest(bridge, { "sentry.graphql.operation": "query Own" });
    startOperation(bridge, root, ["query", "GetUser"]).end();
    root.end();
    expect((await bridge.flushed())[0]?.transaction).toBe(
      "POST /graphql (query GetUser, query Own)",
    );
  });

  it("operation and the route that an inner span knows", async () => {
    const bridge = startBridge();
    const root = startRequest(bridge, { "url.path": "/tenants/7/graphql" });
    const handler = bridge.child(root, "handler", {
      attributes: { "http.route": "/tenants/:id/graphql" },
    });
    startOperation(bridge, handler, ["query", "GetUser"]).end();
    handler.end();
    root.end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.transaction).toBe("POST /tenants/:id/graphql (query GetUser)");
  });

  it("chosen name and nothing else", async () => {
    const bridge = startBridge();
    const root = startRequest(bridge);
    startOperation(bridge, root, ["query", "GetUser"]).end();
    root.updateName("gateway").end();
    expect((await bridge.flushed())[0]?.transaction).toBe("gateway");
  });

  it("operation, but not after those that it asks of others", async () => {
    const bridge = startBridge();
    const root = startRequest(bridge);
    const attributes = { "graphql.operation.type": "query", "graphql.operation.name": "Remote" };
    bridge.child(root, "query Remote", { kind: SpanKind.CLIENT, attributes }).end();
    root.end();
    expect((await bridge.flushed())[0]?.transaction).toBe("POST /graphql");
  });
});

it("an error in a resolver says the operation that is being executed", async () => {
  const bridge = startBridge();
  const root = startRequest(bridge);
  const operation = startOperation(bridge, root, ["query", "GetUser"]);
  const resolver = bridge.child(operation, "graphql.resolve user");
  context.with(trace.setSpan(ROOT_CONTEXT, resolver), () => captureException(new Error("no user")));
  for (const span of [resolver, operation, root]) span.end();
  await bridge.flushed();
  expect(bridge.transport.errors()[0]?.transaction).toBe("POST /graphql (query GetUser)");
});
