import { text } from "./attribute-text.js";
import type { Inference } from "./inference.js";
import type { AttributeBag, SpanView } from "./span-view.js";

interface Operation {
  readonly op: string;
  /** The attribute that says what the operation is about. */
  readonly subject: string;
}

const MODEL = "gen_ai.request.model";
const AGENT = "gen_ai.agent.name";

const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ["chat", { op: "gen_ai.chat", subject: MODEL }],
  ["embeddings", { op: "gen_ai.embeddings", subject: MODEL }],
  ["generate_content", { op: "gen_ai.generate_content", subject: MODEL }],
  ["rerank", { op: "gen_ai.rerank", subject: MODEL }],
  ["responses", { op: "gen_ai.responses", subject: MODEL }],
  ["text_completion", { op: "gen_ai.text_completion", subject: MODEL }],
  ["execute_tool", { op: "gen_ai.execute_tool", subject: "gen_ai.tool.name" }],
  ["create_agent", { op: "gen_ai.create_agent", subject: AGENT }],
  ["handoff", { op: "gen_ai.handoff", subject: AGENT }],
  ["invoke_agent", { op: "gen_ai.invoke_agent", subject: AGENT }],
]);

const OTHER: Operation = { op: "gen_ai", subject: MODEL };

/** Names a span of a generative model or agent: `{operation} {model, agent or tool}`. */
export function inferGenAi(span: SpanView): Inference | undefined {
  const { attributes } = span;
  const name = text(attributes["gen_ai.operation.name"]);
  if (name === undefined && !hasProvider(attributes)) return undefined;
  const operation = OPERATIONS.get(name ?? "") ?? OTHER;
  const subject = text(attributes[operation.subject]);
  const description =
    name === undefined || subject === undefined ? span.name : `${name} ${subject}`;
  return { op: operation.op, description, source: "task", data: undefined };
}

function hasProvider(attributes: AttributeBag): boolean {
  return (
    text(attributes["gen_ai.provider.name"]) !== undefined ||
    text(attributes["gen_ai.system"]) !== undefined
  );
}
