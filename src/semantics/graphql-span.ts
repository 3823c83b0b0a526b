import { listed, text } from "./attribute-text.js";
import { isChosenName } from "./chosen-name.js";
import type { Inference } from "./inference.js";
import { SPAN_KIND, type SpanView } from "./span-view.js";

const MAX_OPERATIONS = 5;

/** Names a span of a GraphQL execution after its operation, else keeps `graphql.parse` and the like. */
export function inferGraphql({ attributes, name }: SpanView): Inference {
  const type = text(attributes["graphql.operation.type"]);
  const operation = text(attributes["graphql.operation.name"]);
  const isNamed = type === undefined || operation === undefined || isChosenName(name, type);
  const description = isNamed ? name : `${type} ${operation}`;
  return { op: "graphql", description, source: "component", data: undefined };
}

/** Whether a span is known as GraphQL's by its name only: validation has no attributes. */
export function isGraphqlName({ kind, name }: SpanView): boolean {
  return kind === SPAN_KIND.INTERNAL && name.startsWith("graphql.");
}

/** GraphQL operations at the end of a request's name: ` (mutation A, query B)`; nothing when there are none. */
export function operationsText(operations: readonly string[]): string {
  if (operations.length === 0) return "";
  return ` (${listed([...new Set(operations)].toSorted(), MAX_OPERATIONS)})`;
}
