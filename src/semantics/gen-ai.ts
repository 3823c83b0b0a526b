import { redactedText } from "../privacy/redacted.js";
import { urlWithoutSecrets } from "../privacy/url.js";
import { SPAN_KIND } from "../trace/span.js";
import type { AttributeBag, SpanDescription } from "../trace/span.js";
import { isChosenName, textValue } from "./inference.js";
import type { Inference, InferredData } from "./inference.js";

const MODELS = ["gen_ai.request.model", "gen_ai.response.model"] as const;
const TOOLS = ["gen_ai.tool.name"] as const;
const AGENTS = ["gen_ai.agent.name"] as const;
const WORKFLOWS = ["gen_ai.workflow.name", ...AGENTS] as const;
const SOURCES = ["gen_ai.data_source.id", ...MODELS] as const;

/** By operation, the attributes that may name its subject; the first that is set is used. */
const SUBJECTS: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ["chat", MODELS],
  ["embeddings", MODELS],
  ["generate_content", MODELS],
  ["rerank", MODELS],
  ["responses", MODELS],
  ["text_completion", MODELS],
  ["execute_tool", TOOLS],
  ["create_agent", AGENTS],
  ["handoff", AGENTS],
  ["invoke_agent", AGENTS],
  ["invoke_workflow", WORKFLOWS],
  ["retrieval", SOURCES],
]);

const OTHER_SUBJECTS = [...WORKFLOWS, ...TOOLS, ...MODELS] as const;

/**
 * Names a span of a generative model or agent: `{operation} {model, agent or tool}`. Its op is `gen_ai.{operation}`; Sentry
 * requires an operation, so spans without one are not named here.
 */
export function inferGenAi({ attributes, name }: SpanDescription): Inference | undefined {
  const operation = textValue(attributes["gen_ai.operation.name"]);
  if (operation === undefined) return undefined;
  const op = genAiOp(operation);
  if (isChosenName(name, operation))
    return { op, description: name, source: "custom", data: undefined };
  const subject = firstText(attributes, SUBJECTS.get(operation) ?? OTHER_SUBJECTS);
  const description = subject === undefined ? name : `${operation} ${subject}`;
  return { op, description, source: "task", data: undefined };
}

// An op may contain lower-case letters, digits, dots and underscores only.
function genAiOp(operation: string): string {
  const plain = operation
    .slice(0, 100)
    .toLowerCase()
    .replaceAll(/[^a-z\d.]+/g, "_")
    .replaceAll(/^[_.]+|[_.]+$/g, "");
  return plain === "" ? "gen_ai" : `gen_ai.${plain}`;
}

function firstText(attributes: AttributeBag, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = textValue(attributes[key]);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** The semantic conventions' operations by `ai.operationId`, which the Vercel AI SDK (5 and 6) sets. */
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

/**
 * Attribute names of the semantic conventions, each with the SDK's attributes that hold the same value; the first that
 * is set is used.
 */
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
 * `generate_content {model}`, `execute_tool {tool}`), and adds its attributes under the names of the semantic conventions.
 */
export function inferVercelAi({ attributes }: SpanDescription): Inference | undefined {
  const operation = OPERATIONS.get(attributes["ai.operationId"]);
  if (operation === undefined) return undefined;
  const data: InferredData = { "gen_ai.operation.name": operation, ...conventionData(attributes) };
  const key = subjectKey(operation);
  const subject = textValue(attributes[key]) ?? textValue(data[key]);
  const description = subject === undefined ? operation : `${operation} ${subject}`;
  return { op: `gen_ai.${operation}`, description, source: "task", data };
}

function subjectKey(operation: string): string {
  if (operation === "invoke_agent") return "gen_ai.agent.name";
  return operation === "execute_tool" ? "gen_ai.tool.name" : "gen_ai.request.model";
}

function conventionData(attributes: AttributeBag): InferredData {
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
  return given && redactedText(given);
}

/** Names a span of a Model Context Protocol server. Client spans are left to other families. */
export function inferMcp({ attributes, kind, name }: SpanDescription): Inference | undefined {
  const method = textValue(attributes["mcp.method.name"]);
  if (method === undefined || kind !== SPAN_KIND.SERVER) return undefined;
  const isNotification = method.startsWith("notifications/");
  const op = isNotification ? "mcp.notification.client_to_server" : "mcp.server";
  if (isChosenName(name, method))
    return { op, description: name, source: "custom", data: undefined };
  if (isNotification) return { op, description: method, source: "route", data: undefined };
  const subject = method.startsWith("resources/")
    ? mcpResource(attributes)
    : mcpSubject(attributes);
  const description = subject === undefined ? method : `${method} ${subject}`;
  return { op, description, source: "route", data: undefined };
}

function mcpSubject(attributes: AttributeBag): string | undefined {
  return (
    textValue(attributes["gen_ai.tool.name"]) ??
    textValue(attributes["mcp.tool.name"]) ??
    textValue(attributes["gen_ai.prompt.name"]) ??
    textValue(attributes["mcp.prompt.name"])
  );
}

// The caller chooses the URI, so it may contain credentials of a database or a website.
function mcpResource(attributes: AttributeBag): string | undefined {
  const uri =
    textValue(attributes["mcp.resource.uri"]) ?? textValue(attributes["mcp.request.argument.uri"]);
  return uri && urlWithoutSecrets(uri);
}
