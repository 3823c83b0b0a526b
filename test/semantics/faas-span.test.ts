import { describe, expect, it } from "vitest";

import { inferSpan } from "../../src/semantics/infer-span.js";
import { descriptionOf } from "../spans/hand-made-span.js";

describe("a span of a cloud function", () => {
  it.each([
    ["SERVER", { "faas.trigger": "timer" }, "timer", "route"],
    [
      "SERVER",
      { "faas.execution": "1", "faas.id": "arn:aws:lambda:x" },
      "function.aws",
      "component",
    ],
    ["SERVER", { "faas.invocation_id": "1", "cloud.provider": "gcp" }, "function.gcp", "component"],
    [
      "SERVER",
      { "faas.name": "f", "cloud.platform": "azure_functions" },
      "function.azure",
      "component",
    ],
    [
      "SERVER",
      { "faas.name": "f", "cloud.platform": "azure.functions" },
      "function.azure",
      "component",
    ],
    [
      "INTERNAL",
      { "faas.name": "f", "cloud.resource_id": "//run.googleapis.com/x" },
      "function.gcp",
      "component",
    ],
    [
      "INTERNAL",
      { "faas.name": "f", "cloud.resource_id": "/subscriptions/x" },
      "function.azure",
      "component",
    ],
    ["INTERNAL", { "faas.coldstart": true }, "function", "component"],
    ["INTERNAL", { "faas.cron": "* * * * *" }, "function", "component"],
    ["CLIENT", { "faas.name": "f" }, undefined, "custom"],
  ] as const)("of kind %s with %o has op %s", (kind, attributes, ...[op, source]) => {
    expect(inferSpan(descriptionOf(kind, attributes))).toMatchObject({
      op,
      source,
      description: "name",
    });
  });
});
