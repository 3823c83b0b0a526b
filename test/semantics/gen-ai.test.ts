import { describe, expect, it } from "vitest";

import { inferSpan } from "../../src/semantics/infer-span.js";
import { descriptionOf } from "../spans/hand-made-span.js";

describe("a generative AI span", () => {
  const MODEL = { "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o" };
  it.each([
    [{ ...MODEL, "gen_ai.operation.name": "chat" }, "gen_ai.chat", "chat gpt-4o"],
    [{ ...MODEL, "gen_ai.operation.name": "embeddings" }, "gen_ai.embeddings", "embeddings gpt-4o"],
    [
      { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "sum" },
      "gen_ai.execute_tool",
      "execute_tool sum",
    ],
    [
      { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "Bo" },
      "gen_ai.invoke_agent",
      "invoke_agent Bo",
    ],
    [{ "gen_ai.operation.name": "generate_content" }, "gen_ai.generate_content", "name"],
    [{ ...MODEL, "gen_ai.operation.name": "dream" }, "gen_ai.dream", "dream gpt-4o"],
    [
      { "gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": "onboarding" },
      "gen_ai.invoke_workflow",
      "invoke_workflow onboarding",
    ],
    [
      { "gen_ai.operation.name": "chat", "gen_ai.response.model": "gpt-4o" },
      "gen_ai.chat",
      "chat gpt-4o",
    ],
    [{ "gen_ai.operation.name": "Plan Trip!" }, "gen_ai.plan_trip", "name"],
    [{ "gen_ai.operation.name": "計画" }, "gen_ai", "name"],
    // For Sentry's server, a span with a provider but without an operation is no span of `gen_ai`.
    [{ "gen_ai.provider.name": "aws.bedrock", "rpc.system": "aws-api" }, "rpc", "name"],
    [MODEL, undefined, "name"],
  ])("with %o has op %s and the description %s", (attributes, op, description) => {
    expect(inferSpan(descriptionOf("CLIENT", attributes))).toMatchObject({ op, description });
  });
});

describe("a span of the Model Context Protocol", () => {
  it.each([
    ["SERVER", { "mcp.method.name": "tools/list" }, "mcp.server", "tools/list"],
    [
      "SERVER",
      {
        "mcp.method.name": "tools/call",
        "gen_ai.tool.name": "sum",
        "gen_ai.operation.name": "execute_tool",
      },
      "mcp.server",
      "tools/call sum",
    ],
    [
      "SERVER",
      { "mcp.method.name": "prompts/get", "mcp.prompt.name": "p" },
      "mcp.server",
      "prompts/get p",
    ],
    [
      "SERVER",
      { "mcp.method.name": "resources/read", "mcp.resource.uri": "file:///a/b.md" },
      "mcp.server",
      "resources/read file:///a/b.md",
    ],
    [
      "SERVER",
      { "mcp.method.name": "resources/read", "mcp.resource.uri": "db://me:pw@h/t?token=abc&q=1" },
      "mcp.server",
      "resources/read db://[Filtered]:[Filtered]@h/t?token=[Filtered]&q=1",
    ],
    ["SERVER", { "mcp.method.name": "resources/list" }, "mcp.server", "resources/list"],
    [
      "SERVER",
      { "mcp.method.name": "notifications/initialized" },
      "mcp.notification.client_to_server",
      "notifications/initialized",
    ],
    [
      "CLIENT",
      {
        "mcp.method.name": "tools/call",
        "gen_ai.tool.name": "sum",
        "gen_ai.operation.name": "execute_tool",
      },
      "gen_ai.execute_tool",
      "execute_tool sum",
    ],
    ["CLIENT", { "mcp.method.name": "tools/list" }, undefined, "name"],
  ] as const)(
    "of kind %s with %o has op %s and the description %s",
    (kind, attributes, ...[op, description]) => {
      expect(inferSpan(descriptionOf(kind, attributes))).toMatchObject({ op, description });
    },
  );
});
