import { textValue } from "./attribute-text.js";
import type { Inference, InferredData } from "./inference.js";
import type { AttributeBag, SpanView } from "../trace/span.js";
import { withoutSecrets } from "../privacy/url.js";

/** Operations of the conventions, by `ai.operationId` of the Vercel AI SDK (5 and 6). */
const OPERATIONS: ReadonlyMap<unknown, string> = new Map([
  ["ai.generateText", "invoke_agent"],
  ["ai.streamText", "invoke_agent"],
  ["ai.generateObject", "invoke_agent"],
  ["ai.streamObject", "invoke_agent"],
  ["ai.generateText.doGenerate", "generate_content"],
  ["ai.streamText.doStream", "generate_content"],
  ["ai.generateObject.doGenerate", "generate_content"],
  ["ai.streamObject.doStream", "generate_content"],
  ["ai.toolCall", "execute_tool"],
  ["ai.embed", "embeddings"],
  ["ai.embed.doEmbed", "embeddings"],
  ["ai.embedMany", "embeddings"],
  ["ai.embedMany.doEmbed", "embeddings"],
  ["ai.rerank", "rerank"],
  ["ai.rerank.doRerank", "rerank"],
]);

/** Names of the conventions, and the SDK's attributes that hold the value; the first that is set counts. */
const CURRENT_NAMES: readonly (readonly [current: string, ...given: string[]])[] = [
  ["gen_ai.provider.name", "gen_ai.system", "ai.model.provider"],
  ["gen_ai.request.model", "ai.model.id"],
  ["gen_ai.response.model", "ai.response.model"],
  ["gen_ai.response.id", "ai.response.id"],
  ["gen_ai.agent.name", "ai.telemetry.functionId"],
  ["gen_ai.tool.name", "ai.toolCall.name"],
  [
    "gen_ai.usage.input_tokens",
    "ai.usage.inputTokens",
    "ai.usage.promptTokens",
    "gen_ai.usage.prompt_tokens",
    "ai.usage.tokens",
  ],
  [
    "gen_ai.usage.output_tokens",
    "ai.usage.outputTokens",
    "ai.usage.completionTokens",
    "gen_ai.usage.completion_tokens",
  ],
  ["gen_ai.usage.total_tokens", "ai.usage.totalTokens"],
  ["gen_ai.usage.cache_read.input_tokens", "ai.usage.cachedInputTokens"],
  ["gen_ai.usage.reasoning.output_tokens", "ai.usage.reasoningTokens"],
];

/**
 * Names a span of the Vercel AI SDK as Sentry's AI pages expect it (`invoke_agent {function}`,
 * `generate_content {model}`, `execute_tool {tool}`), and adds what it says under the conventions' names.
 */
export function inferVercelAi({ attributes }: SpanView): Inference | undefined {
  const operation = OPERATIONS.get(attributes["ai.operationId"]);
  if (operation === undefined) return undefined;
  const data: InferredData = { "gen_ai.operation.name": operation, ...currentData(attributes) };
  const key = subjectOf(operation);
  const subject = textValue(attributes[key]) ?? textValue(data[key]);
  const description = subject === undefined ? operation : `${operation} ${subject}`;
  return { op: `gen_ai.${operation}`, description, source: "task", data };
}

function subjectOf(operation: string): string {
  if (operation === "invoke_agent") return "gen_ai.agent.name";
  return operation === "execute_tool" ? "gen_ai.tool.name" : "gen_ai.request.model";
}

function currentData(attributes: AttributeBag): InferredData {
  const data: Record<string, number | string> = {};
  for (const [current, ...given] of CURRENT_NAMES) {
    for (const key of given) {
      const value = shown(attributes[key]);
      if (value === undefined) continue;
      data[current] = value;
      break;
    }
  }
  return data;
}

function shown(value: unknown): number | string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  const given = textValue(value);
  return given && withoutSecrets(given);
}
