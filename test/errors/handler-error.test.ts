import { SpanKind, SpanStatusCode, context, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import {
  captureException,
  captureHandlerError,
  forkIsolation,
  lastEventId,
  setClient,
} from "../../src/index.js";
import { startBridge } from "../client/bridge.js";

class HTTPException extends Error {
  readonly status: number;

  constructor(status: number) {
    super("of Hono");
    this.status = status;
  }
}

function errorWith(fields: object, name = "Error"): Error {
  return Object.assign(new Error("failed"), { name }, fields);
}

describe("captureHandlerError", () => {
  it.each([
    ["a plain error", new Error("boom")],
    ["a 500 of Hono", new HTTPException(500)],
    ["a status as text", errorWith({ statusCode: "503" })],
    ["the exit code of a child process", errorWith({ status: 1 })],
    ["a status that is no number", errorWith({ status: "failed" })],
    ["tRPC's own failure", errorWith({ code: "INTERNAL_SERVER_ERROR" }, "TRPCError")],
    ["a code of Node's", errorWith({ code: "ECONNREFUSED" })],
    ["a GraphQL error without a code", errorWith({ extensions: {} }, "GraphQLError")],
    ["a thrown text", "boom"],
    [
      "a status that throws",
      Object.defineProperty(new Error("x"), "status", { get: () => expect.fail() }),
    ],
  ])("reports %s, as not handled", async (_, thrown) => {
    const bridge = startBridge();
    const id = captureHandlerError(thrown);
    await bridge.client.flush();
    const [event] = bridge.transport.errors();
    expect(event?.event_id).toBe(id);
    expect(event?.exception?.values.at(-1)?.mechanism).toMatchObject({
      type: "auto.middleware.handler",
      handled: false,
    });
  });

  it.each([
    ["a 404 of Hono", new HTTPException(404)],
    ["a redirect", new HTTPException(302)],
    ["a statusCode", errorWith({ statusCode: 400 })],
    ["a status as text", errorWith({ status_code: "422" })],
    ["Boom", errorWith({ output: { statusCode: 403 } })],
    [
      "tRPC's validation, whatever its cause is",
      errorWith({ code: "BAD_REQUEST", cause: new Error("zod") }, "TRPCError"),
    ],
    ["tRPC", errorWith({ code: "BAD_REQUEST" }, "TRPCError")],
    ["GraphQL Yoga", errorWith({ extensions: { http: { status: 401 } } }, "GraphQLError")],
    ["a GraphQL code", errorWith({ extensions: { code: "UNAUTHENTICATED" } }, "GraphQLError")],
    [
      "a 4xx that GraphQL has wrapped",
      errorWith({ originalError: new HTTPException(404) }, "GraphQLError"),
    ],
  ])("does not report %s, which answers 4xx", async (_, thrown) => {
    const bridge = startBridge();
    context.with(forkIsolation(), () => {
      expect(captureHandlerError(thrown)).toBeUndefined();
      expect(lastEventId()).toBeUndefined();
    });
    await bridge.client.flush();
    expect(bridge.transport.errors()).toEqual([]);
  });

  it("is one event with the exception of the failed span and with a capture", async () => {
    const bridge = startBridge();
    const error = new Error("once");
    const root = bridge.tracer.startSpan("GET /", { kind: SpanKind.SERVER });
    const ids = context.with(trace.setSpan(context.active(), root), () => {
      root.recordException(error);
      root.setStatus({ code: SpanStatusCode.ERROR });
      return [captureHandlerError(error), captureException(error), lastEventId()];
    });
    root.end();
    await bridge.client.flush();
    expect(bridge.transport.errors()).toHaveLength(1);
    expect(new Set(ids).size).toBe(1);
  });

  it("reports the error that tRPC has wrapped, once", async () => {
    const bridge = startBridge();
    const cause = new TypeError("in a procedure");
    const id = captureException(cause);
    const wrapped = errorWith({ code: "INTERNAL_SERVER_ERROR", cause }, "TRPCError");
    expect(captureHandlerError(wrapped)).toBe(id);
    await bridge.client.flush();
    expect(bridge.transport.errors()).toHaveLength(1);
  });

  it("reports the error that a GraphQL server has wrapped, and takes a context of the caller's", async () => {
    const bridge = startBridge();
    const originalError = new TypeError("in a resolver");
    captureHandlerError(errorWith({ originalError }, "GraphQLError"), {
      tags: { framework: "yoga" },
      mechanism: { type: "auto.graphql.yoga", handled: false },
    });
    captureException(originalError);
    await bridge.client.flush();
    const errors = bridge.transport.errors();
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ tags: { framework: "yoga" } });
    expect(errors[0]?.exception?.values[0]).toMatchObject({
      type: "TypeError",
      mechanism: { type: "auto.graphql.yoga" },
    });
  });

  it("reports nothing without a client", () => {
    setClient(undefined);
    expect(captureHandlerError(new Error("boom"))).toBeUndefined();
  });
});
