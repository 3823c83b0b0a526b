import { describe, expect, it } from "vitest";

import { inferSpan } from "../../src/semantics/infer-span.js";
import { spanOf } from "./span-of.js";

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
    [{ ...MODEL, "gen_ai.operation.name": "dream" }, "gen_ai", "dream gpt-4o"],
    [{ "gen_ai.provider.name": "aws.bedrock", "rpc.system": "aws-api" }, "gen_ai", "name"],
    [MODEL, "gen_ai", "name"],
  ])("with %o has op %s and the description %s", (attributes, op, description) => {
    expect(inferSpan(spanOf("CLIENT", attributes))).toMatchObject({ op, description });
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
      expect(inferSpan(spanOf(kind, attributes))).toMatchObject({ op, description });
    },
  );
});
