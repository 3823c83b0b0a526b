import { SPAN_KIND, type AttributeBag, type SpanView } from "../trace/span.js";
import { isChosenName, listed, textValue } from "./inference.js";
import type { Inference } from "./inference.js";

const MAX_OPERATIONS = 5;

/** A client chooses the names of its operations. */
const MAX_OPERATION_LENGTH = 100;

/** Names a span of a GraphQL execution after its operation, else keeps `graphql.parse` and the like. */
export function inferGraphql({ attributes, name }: SpanView): Inference {
  const type = operationType(attributes);
  const operation = operationName(attributes);
  const isNamed = type === undefined || operation === undefined || isChosenName(name, type);
  const description = isNamed ? name : `${type} ${operation}`;
  return { op: "graphql", description, source: "component", data: undefined };
}

/** The operation that a span executes: `query GetUser`, or `query` of an anonymous one; undefined for other spans. */
export function graphqlOperation(attributes: AttributeBag): string | undefined {
  const type = operationType(attributes);
  if (type === undefined) return undefined;
  const operation = operationName(attributes);
  return operation === undefined ? type : `${type} ${operation}`.slice(0, MAX_OPERATION_LENGTH);
}

// The second names are those of `@envelop/opentelemetry`, which GraphQL Yoga uses.
function operationType(attributes: AttributeBag): string | undefined {
  return textValue(
    attributes["graphql.operation.type"] ?? attributes["graphql.execute.operationType"],
  );
}

function operationName(attributes: AttributeBag): string | undefined {
  return textValue(
    attributes["graphql.operation.name"] ?? attributes["graphql.execute.operationName"],
  );
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
