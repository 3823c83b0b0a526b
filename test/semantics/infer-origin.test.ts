import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { inferOrigin } from "../../src/semantics/infer-origin.js";
import { runs } from "../property/runs.js";

describe("the origin of a span", () => {
  it.each([
    ["@opentelemetry/instrumentation-http", "http.server", "auto.http.otel.http"],
    ["@opentelemetry/instrumentation-pg", "db", "auto.db.otel.pg"],
    ["@opentelemetry/instrumentation-redis", "db.redis", "auto.db.otel.redis"],
    ["@opentelemetry/instrumentation-express", "middleware", "auto.middleware.otel.express"],
    ["@opentelemetry/instrumentation-aws-sdk", "queue.publish", "auto.queue.otel.aws_sdk"],
    ["@opentelemetry/instrumentation-aws-sdk", "rpc", "auto.rpc.otel.aws_sdk"],
    ["@opentelemetry/instrumentation-aws-lambda", "function.aws", "auto.function.otel.aws_lambda"],
    ["@opentelemetry/instrumentation-openai", "gen_ai.chat", "auto.ai.otel.openai"],
    ["@opentelemetry/instrumentation-graphql", "graphql", "auto.graphql.otel.graphql"],
    ["@opentelemetry/instrumentation-dns", undefined, "auto.function.otel.dns"],
    ["@opentelemetry/instrumentation-aws-lambda", "timer", "auto.function.otel.aws_lambda"],
    ["@fastify/otel", "handler", "auto.handler.otel.fastify"],
    ["@prisma/instrumentation", "db", "auto.db.otel.prisma"],
    ["gen_ai", "gen_ai.chat", "auto.ai.otel.vercelai"],
    ["@temporalio/interceptor-workflow", undefined, "auto.function.otel.temporal"],
    ["opentelemetry-instrumentation-typeorm", "db", "auto.db.otel.typeorm"],
    ["@traceloop/instrumentation-openai", "gen_ai.chat", "auto.ai.otel.openai"],
  ])("of scope %s and op %s is %s", (scope, op, origin) => {
    expect(inferOrigin(scope, op)).toBe(origin);
    expect(inferOrigin(scope, op)).toBe(origin);
  });

  it.each(["my-app", "", "@opentelemetry/api", "instrumentation", "checkout/instrumentation-less"])(
    "of the application's own scope '%s' is manual",
    (scope) => {
      expect(inferOrigin(scope, "http.server")).toBe("manual");
    },
  );

  it("is well formed for every scope and op", () => {
    const scope = fc.oneof(
      fc.string(),
      fc.string().map((name) => `@opentelemetry/instrumentation-${name}`),
    );
    fc.assert(
      fc.property(scope, fc.option(fc.string(), { nil: undefined }), (name, op) => {
        const origin = inferOrigin(name, op);
        expect(origin).toMatch(/^(manual|auto\.[a-z_]+\.otel\.\w+)$/);
        expect(inferOrigin(name, op)).toBe(origin);
      }),
      { numRuns: runs(2000) },
    );
  });

  it("stays right when scopes and ops are made up without end", () => {
    for (let index = 0; index < 2000; index += 1) {
      expect(inferOrigin(`app-${index}`, "db")).toBe("manual");
      expect(inferOrigin("@opentelemetry/instrumentation-pg", `db.${index}`)).toBe(
        "auto.db.otel.pg",
      );
    }
  });
});
