import { SPAN_KIND, type AttributeBag, type SpanDescription } from "../trace/span.js";
import { isChosenName, joinNames, textValue } from "./inference.js";
import type { Inference } from "./inference.js";

const MAX_OPERATIONS = 5;

/** Characters of an operation that are shown. Limited, because clients choose the names of operations. */
const MAX_OPERATION_LENGTH = 100;

/** Names a span of a GraphQL execution by its operation; names such as `graphql.parse` are kept. */
export function inferGraphql({ attributes, name }: SpanDescription): Inference {
  const type = operationType(attributes);
  const operation = operationName(attributes);
  const isNamed = type === undefined || operation === undefined || isChosenName(name, type);
  const description = isNamed ? name : `${type} ${operation}`;
  return { op: "graphql", description, source: "component", data: undefined };
}

/** Returns the operation that a span executes: `query GetUser`, or `query` if it is anonymous; undefined for other spans. */
export function graphqlOperation(attributes: AttributeBag): string | undefined {
  const type = operationType(attributes);
  if (type === undefined) return undefined;
  const operation = operationName(attributes);
  return operation === undefined ? type : `${type} ${operation}`.slice(0, MAX_OPERATION_LENGTH);
}

// The second attribute of each pair is that of `@envelop/opentelemetry`, which GraphQL Yoga uses.
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

/** Tells by its name whether a span belongs to GraphQL: validation spans have no attributes. */
export function isGraphqlName({ kind, name }: SpanDescription): boolean {
  return kind === SPAN_KIND.INTERNAL && name.startsWith("graphql.");
}

/** Formats GraphQL operations as a suffix for the name of a request: ` (mutation A, query B)`; "" if there are none. */
export function operationsText(operations: readonly string[]): string {
  if (operations.length === 0) return "";
  return ` (${joinNames([...new Set(operations)].toSorted(), MAX_OPERATIONS)})`;
}
