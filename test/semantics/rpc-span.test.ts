import { describe, expect, it } from "vitest";

import { inferSpan } from "../../src/semantics/infer-span.js";
import { spanOf } from "./span-of.js";

describe("a span of a remote procedure call", () => {
  it.each([
    { "rpc.service": "pkg.Svc" },
    { "rpc.system": "grpc" },
    { "rpc.system.name": "grpc" },
    { "rpc.system": "aws-api", "rpc.service": "S3", "rpc.method": "GetObject" },
  ])("with %o is rpc", (attributes) => {
    expect(inferSpan(spanOf("CLIENT", attributes))).toMatchObject({
      op: "rpc",
      description: "name",
      source: "route",
    });
  });

  it("that reaches DynamoDB is about the database", () => {
    const attributes = { "rpc.system": "aws-api", "db.system.name": "aws.dynamodb" };
    expect(inferSpan(spanOf("CLIENT", attributes)).op).toBe("db");
  });
});
