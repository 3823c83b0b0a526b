import { describe, expect, it } from "vitest";

import { inferSpan } from "../../src/semantics/infer-span.js";
import { descriptionOf } from "../spans/hand-made-span.js";

describe("a database span", () => {
  it.each([
    [{ "db.system.name": "postgresql", "db.query.text": "SELECT 1" }, "db", "SELECT 1"],
    [{ "db.system": "mysql", "db.statement": "SELECT 2" }, "db", "SELECT 2"],
    [{ "db.system.name": "mysql", "db.query.summary": "SELECT t" }, "db", "SELECT t"],
    [{ "db.system.name": "mysql", "db.query.summary": "s", "db.query.text": "q" }, "db", "q"],
    [{ "db.system.name": "postgresql" }, "db", "name"],
    [{ "db.system": "mongodb", "db.statement": "{}" }, "db", "{}"],
    [{ "db.system.name": "redis", "db.query.text": "SET k ?" }, "db.redis", "SET k ?"],
    [{ "db.system": "redis" }, "db.redis", "name"],
    [{ "db.query.text": "SELECT 1" }, "db", "SELECT 1"],
    [{ "db.statement": "SELECT 1" }, "db", "SELECT 1"],
  ])("with %o has op %s and the description %s", (attributes, op, description) => {
    expect(inferSpan(descriptionOf("CLIENT", attributes))).toEqual({
      op,
      description,
      source: "task",
      data: undefined,
    });
  });

  it("of an explicit cache op keeps its name", () => {
    const attributes = { "db.system": "redis", "db.statement": "GET k", "sentry.op": "cache.get" };
    expect(inferSpan(descriptionOf("CLIENT", attributes))).toMatchObject({
      op: "cache.get",
      description: "name",
      source: "custom",
    });
  });
});

describe("a cache span", () => {
  it.each([
    [{ "cache.operation": "get", "cache.key": ["a", "b"] }, "cache.get", "a, b"],
    [{ "cache.operation": "set", "cache.key": "a" }, "cache.put", "a"],
    [{ "cache.operation": "put" }, "cache.put", "name"],
    [{ "cache.operation": "delete" }, "cache.remove", "name"],
    [{ "cache.operation": "clear" }, "cache.flush", "name"],
    [{ "cache.hit": false }, "cache.get", "name"],
    [{ "cache.key": ["a"] }, "cache", "a"],
    [{ "db.system.name": "redis", "cache.hit": true, "cache.key": ["a"] }, "cache.get", "a"],
    [{ "sentry.op": "cache.put", "cache.key": ["a"] }, "cache.put", "a"],
  ])("with %o has op %s and the description %s", (attributes, op, description) => {
    expect(inferSpan(descriptionOf("INTERNAL", attributes))).toMatchObject({ op, description });
  });

  it("of many keys names the first ten", () => {
    const keys = Array.from({ length: 12 }, (_, index) => `k${index}`);
    const { description } = inferSpan(
      descriptionOf("CLIENT", { "cache.hit": true, "cache.key": keys }),
    );
    expect(description).toBe("k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, +2");
  });
});
