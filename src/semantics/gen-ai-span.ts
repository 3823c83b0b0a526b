import { textValue } from "./attribute-text.js";
import { isChosenName } from "./chosen-name.js";
import type { Inference } from "./inference.js";
import type { AttributeBag, SpanView } from "../trace/span.js";

const MODELS = ["gen_ai.request.model", "gen_ai.response.model"] as const;
const TOOLS = ["gen_ai.tool.name"] as const;
const AGENTS = ["gen_ai.agent.name"] as const;
const WORKFLOWS = ["gen_ai.workflow.name", ...AGENTS] as const;
const SOURCES = ["gen_ai.data_source.id", ...MODELS] as const;

/** The attributes that say what an operation is about; the first that is set counts. */
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
 * Names a span of a generative model or agent: `{operation} {model, agent or tool}`. Sentry has the op
 * `gen_ai.{operation}` for any operation; without one it is no span of `gen_ai` to Sentry.
 */
export function inferGenAi({ attributes, name }: SpanView): Inference | undefined {
  const operation = textValue(attributes["gen_ai.operation.name"]);
  if (operation === undefined) return undefined;
  const op = genAiOp(operation);
  if (isChosenName(name, operation))
    return { op, description: name, source: "custom", data: undefined };
  const subject = firstText(attributes, SUBJECTS.get(operation) ?? OTHER_SUBJECTS);
  const description = subject === undefined ? name : `${operation} ${subject}`;
  return { op, description, source: "task", data: undefined };
}

// Ops are lower case, of letters, digits, dots and underscores.
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
