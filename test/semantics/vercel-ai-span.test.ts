import { describe, expect, it } from "vitest";

import { inferSpan } from "../../src/semantics/infer-span.js";
import { descriptionOf } from "../spans/hand-made-span.js";

const MODEL = { "ai.model.id": "gpt-4o", "ai.model.provider": "openai.chat" };

// Attributes as `ai` 5.0 writes them; 4.x has `promptTokens` and `completionTokens`.
describe("a span of the Vercel AI SDK", () => {
  it.each([
    ["ai.generateText", {}, "gen_ai.invoke_agent", "invoke_agent"],
    [
      "ai.streamText",
      { "ai.telemetry.functionId": "support" },
      "gen_ai.invoke_agent",
      "invoke_agent support",
    ],
    ["ai.generateObject", {}, "gen_ai.invoke_agent", "invoke_agent"],
    ["ai.streamObject", {}, "gen_ai.invoke_agent", "invoke_agent"],
    ["ai.generateText.doGenerate", {}, "gen_ai.generate_content", "generate_content gpt-4o"],
    ["ai.streamText.doStream", {}, "gen_ai.generate_content", "generate_content gpt-4o"],
    ["ai.generateObject.doGenerate", {}, "gen_ai.generate_content", "generate_content gpt-4o"],
    ["ai.streamObject.doStream", {}, "gen_ai.generate_content", "generate_content gpt-4o"],
    [
      "ai.toolCall",
      { "ai.toolCall.name": "weather", "ai.toolCall.id": "call_1" },
      "gen_ai.execute_tool",
      "execute_tool weather",
    ],
    ["ai.embed", {}, "gen_ai.embeddings", "embeddings gpt-4o"],
    ["ai.embed.doEmbed", {}, "gen_ai.embeddings", "embeddings gpt-4o"],
    ["ai.embedMany", {}, "gen_ai.embeddings", "embeddings gpt-4o"],
    ["ai.embedMany.doEmbed", {}, "gen_ai.embeddings", "embeddings gpt-4o"],
    ["ai.rerank", {}, "gen_ai.rerank", "rerank gpt-4o"],
    ["ai.rerank.doRerank", {}, "gen_ai.rerank", "rerank gpt-4o"],
  ])("%s %o has the op %s and the description %s", (id, added, ...[op, description]) => {
    const attributes = { "ai.operationId": id, ...MODEL, ...added };
    expect(inferSpan(descriptionOf("INTERNAL", attributes, id))).toMatchObject({ op, description });
  });

  it.each([
    { "ai.usage.inputTokens": 12, "ai.usage.outputTokens": 34 },
    { "ai.usage.promptTokens": 12, "ai.usage.completionTokens": 34 },
  ])("has its model and token counts under the conventions' names, too: %o", (usage) => {
    const attributes = {
      "ai.operationId": "ai.generateText",
      "ai.response.model": "gpt-4o-2024-08-06",
      "ai.usage.totalTokens": 46,
      "ai.usage.cachedInputTokens": 5,
      "ai.usage.reasoningTokens": 6,
      ...MODEL,
      ...usage,
    };
    expect(inferSpan(descriptionOf("INTERNAL", attributes)).data).toEqual({
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.provider.name": "openai.chat",
      "gen_ai.request.model": "gpt-4o",
      "gen_ai.response.model": "gpt-4o-2024-08-06",
      "gen_ai.usage.input_tokens": 12,
      "gen_ai.usage.output_tokens": 34,
      "gen_ai.usage.total_tokens": 46,
      "gen_ai.usage.cache_read.input_tokens": 5,
      "gen_ai.usage.reasoning.output_tokens": 6,
    });
  });

  it("of an embedding has its tokens as input", () => {
    const attributes = { "ai.operationId": "ai.embed", "ai.usage.tokens": 8 };
    expect(inferSpan(descriptionOf("INTERNAL", attributes)).data).toMatchObject({
      "gen_ai.usage.input_tokens": 8,
    });
  });

  it("keeps the name of its tool among its data", () => {
    const attributes = { "ai.operationId": "ai.toolCall", "ai.toolCall.name": "weather" };
    expect(inferSpan(descriptionOf("INTERNAL", attributes)).data).toMatchObject({
      "gen_ai.tool.name": "weather",
    });
  });

  it.each([["ai.other"], [7], [""]])("with the operation %j is left to other tables", (id) => {
    expect(inferSpan(descriptionOf("INTERNAL", { "ai.operationId": id })).op).toBeUndefined();
  });
});
