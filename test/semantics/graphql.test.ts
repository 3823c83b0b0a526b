import { describe, expect, it } from "vitest";

import { inferSpan } from "../../src/semantics/infer-span.js";
import { descriptionOf } from "../spans/hand-made-span.js";

describe("a GraphQL span", () => {
  it.each([
    [
      { "graphql.operation.type": "query", "graphql.operation.name": "Q" },
      "graphql.execute",
      "query Q",
    ],
    [{ "graphql.operation.type": "query" }, "query", "query"],
    [{ "graphql.source": "{ a }" }, "graphql.parse", "graphql.parse"],
    [{ "graphql.field.path": "a" }, "graphql.resolve a", "graphql.resolve a"],
    [{}, "graphql.validate", "graphql.validate"],
  ])("with %o and the name %s is described as %s", (attributes, name, description) => {
    expect(inferSpan(descriptionOf("INTERNAL", attributes, name))).toMatchObject({
      op: "graphql",
      description,
      source: "component",
    });
  });
});
