import { describe, expect, it } from "vitest";

import { inferSpan } from "../../src/semantics/infer-span.js";
import { descriptionOf } from "../spans/hand-made-span.js";

describe("a span of a remote procedure call", () => {
  it.each([
    { "rpc.service": "pkg.Svc" },
    { "rpc.system": "grpc" },
    { "rpc.system.name": "grpc" },
    { "rpc.system": "aws-api", "rpc.service": "S3", "rpc.method": "GetObject" },
  ])("with %o is rpc", (attributes) => {
    expect(inferSpan(descriptionOf("CLIENT", attributes))).toMatchObject({
      op: "rpc",
      description: "name",
      source: "route",
    });
  });

  it("that reaches DynamoDB is about the database", () => {
    const attributes = { "rpc.system": "aws-api", "db.system.name": "aws.dynamodb" };
    expect(inferSpan(descriptionOf("CLIENT", attributes)).op).toBe("db");
  });
});
