import { describe, expect, it } from "vitest";

import {
  containsFailures,
  hasFailed,
  isCall,
  stopsFailures,
} from "../../src/semantics/failures.js";
import { SPAN_KIND, STATUS_CODE } from "../../src/trace/span.js";

const { CLIENT, CONSUMER, INTERNAL, PRODUCER, SERVER } = SPAN_KIND;
const { ERROR, OK, UNSET } = STATUS_CODE;

describe("a local root", () => {
  it.each([
    [SERVER, ERROR, {}, true],
    [SERVER, UNSET, {}, false],
    [SERVER, OK, {}, false],
    [SERVER, ERROR, { "http.response.status_code": 200 }, true],
    [SERVER, ERROR, { "http.response.status_code": 404 }, false],
    [SERVER, ERROR, { "http.status_code": "499" }, false],
    [SERVER, UNSET, { "http.response.status_code": 503 }, true],
    [SERVER, OK, { "http.status_code": 500 }, true],
    [SERVER, ERROR, { "http.response.status_code": "no number" }, true],
    // gRPC: the current and the old key, numbers and names.
    [SERVER, ERROR, { "rpc.grpc.status_code": 5 }, false],
    [SERVER, ERROR, { "rpc.response.status_code": "NOT_FOUND" }, false],
    [SERVER, ERROR, { "rpc.grpc.status_code": 16, "http.response.status_code": 200 }, false],
    [SERVER, UNSET, { "rpc.grpc.status_code": 13 }, true],
    [SERVER, UNSET, { "rpc.response.status_code": "UNAVAILABLE" }, true],
    [SERVER, ERROR, { "rpc.grpc.status_code": 2 }, true],
    [SERVER, UNSET, { "rpc.grpc.status_code": 0 }, false],
    // JSON-RPC has other numbers: the status decides.
    [SERVER, ERROR, { "rpc.response.status_code": "-32602" }, true],
    [SERVER, UNSET, { "rpc.response.status_code": "-32603" }, false],
    [CONSUMER, ERROR, { "http.response.status_code": 404 }, true],
    [INTERNAL, UNSET, { "http.response.status_code": 500 }, false],
  ] as const)("of kind %i, status %i and %j has failed: %s", (...row) => {
    const [kind, code, attributes, expected] = row;
    expect(hasFailed({ kind, status: { code }, attributes })).toBe(expected);
  });
});

it.each([
  [INTERNAL, OK, {}, true],
  [INTERNAL, UNSET, {}, false],
  [INTERNAL, ERROR, { "http.response.status_code": 404 }, false],
  [SERVER, ERROR, { "http.response.status_code": 404 }, true],
  [SERVER, UNSET, { "http.response.status_code": 500 }, false],
] as const)("a span of kind %i, status %i and %j stops failures below it: %s", (...row) => {
  const [kind, code, attributes, expected] = row;
  expect(stopsFailures({ kind, status: { code }, attributes })).toBe(expected);
});

it("calls are CLIENT and PRODUCER spans", () => {
  expect([INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER].filter(isCall)).toEqual([CLIENT, PRODUCER]);
});

describe("a framework that swallows failures", () => {
  it.each([
    ["graphql.resolve user.name", INTERNAL, { "graphql.field.path": "user.name" }],
    ["query GetUser", INTERNAL, { "graphql.operation.type": "query" }],
    ["graphql.execute", INTERNAL, {}],
    ["graphql.subscribe", SERVER, {}],
    ["User.name", INTERNAL, { "graphql.field.name": "name" }],
    ["resolve", INTERNAL, { "graphql.resolver.fieldName": "name" }],
    ["ai.toolCall", INTERNAL, { "ai.toolCall.name": "search" }],
    ["ai.toolCall agent", INTERNAL, { "ai.operationId": "ai.toolCall" }],
    ["execute_tool search", INTERNAL, { "gen_ai.operation.name": "execute_tool" }],
    ["execute_tool search", CLIENT, { "gen_ai.operation.name": "execute_tool" }],
    ["tools/call search", SERVER, { "mcp.method.name": "tools/call" }],
    ["search", INTERNAL, { "openinference.span.kind": "TOOL" }],
    ["search.tool", INTERNAL, { "traceloop.span.kind": "tool" }],
  ] as const)("is that of `%s`, kind %i, %j", (name, kind, attributes) => {
    expect(containsFailures({ name, kind, attributes })).toBe(true);
  });

  it.each([
    ["graphql.parse", INTERNAL, { "graphql.source": "{" }],
    ["graphql.validate", INTERNAL, {}],
    ["POST /graphql", SERVER, { "http.request.method": "POST", "graphql.operation.name": "Q" }],
    ["query GetUser", CLIENT, { "graphql.operation.name": "GetUser" }],
    ["chat gpt", CLIENT, { "gen_ai.operation.name": "chat" }],
    ["tools/list", SERVER, { "mcp.method.name": "tools/list" }],
    ["graphqlish", INTERNAL, {}],
  ] as const)("is not that of `%s`, kind %i, %j", (name, kind, attributes) => {
    expect(containsFailures({ name, kind, attributes })).toBe(false);
  });
});
