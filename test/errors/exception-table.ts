import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { Attributes, Span, Tracer } from "@opentelemetry/api";

const { CLIENT, CONSUMER, INTERNAL, PRODUCER, SERVER } = SpanKind;
const { ERROR, OK, UNSET } = SpanStatusCode;

/** Where exceptions are recorded in a segment. */
export type Position =
  | "root"
  | "child"
  | "grandchild"
  | "child that ends with OK"
  | "below a span that ends with OK"
  | "far below a span that ends with OK"
  | "child, then root"
  | "child, then parent"
  | "two children";

/** The kind of framework that records the exception on the span below the root. */
export type FamilyName = "none" | "graphql" | "ai-tool";

/** A segment with exceptions. */
export interface Scenario {
  readonly rootKind: SpanKind;
  readonly rootStatus: SpanStatusCode;
  readonly answer: Attributes;
  readonly position: Position;
  /** Of the span, or the spans, that the exception is recorded on below the root. */
  readonly spanKind: SpanKind;
  readonly family: FamilyName;
}

const ANSWERS: readonly Attributes[] = [
  {},
  { "http.response.status_code": 200 },
  { "http.response.status_code": 404 },
  { "http.status_code": 401 },
  { "http.status_code": "422" },
  { "http.response.status_code": 500 },
  { "http.status_code": "503" },
];

// The answer matters only for servers: of other roots, none, a refusal and a failure show that.
const ANSWERS_OF_OTHERS: readonly Attributes[] = [
  {},
  { "http.response.status_code": 404 },
  { "http.status_code": "503" },
];

const POSITIONS: readonly Position[] = [
  "root",
  "child",
  "grandchild",
  "child that ends with OK",
  "below a span that ends with OK",
  "far below a span that ends with OK",
  "child, then root",
  "child, then parent",
  "two children",
];

const FAMILIES: Readonly<Record<FamilyName, Attributes>> = {
  none: {},
  graphql: { "graphql.field.path": "user.orders" },
  "ai-tool": { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search" },
};

/** Every combination that makes sense: GraphQL's spans are INTERNAL, and a root has a kind of its own. */
export function allScenarios(): Scenario[] {
  const kinds = [INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER];
  return kinds.flatMap((rootKind) =>
    [UNSET, OK, ERROR].flatMap((rootStatus) =>
      answersOf(rootKind).flatMap((answer) =>
        POSITIONS.flatMap((position) =>
          spansAt(position).map((span) => ({ rootKind, rootStatus, answer, position, ...span })),
        ),
      ),
    ),
  );
}

function answersOf(rootKind: SpanKind): readonly Attributes[] {
  return rootKind === SERVER ? ANSWERS : ANSWERS_OF_OTHERS;
}

function spansAt(position: Position): Pick<Scenario, "family" | "spanKind">[] {
  if (position === "root") return [{ spanKind: INTERNAL, family: "none" }];
  const plain = [INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER].map((spanKind) => ({
    spanKind,
    family: "none" as const,
  }));
  return [
    ...plain,
    { spanKind: INTERNAL, family: "graphql" },
    { spanKind: INTERNAL, family: "ai-tool" },
    { spanKind: CLIENT, family: "ai-tool" },
  ];
}

/** The number of error events, by the rule as it is written. */
export function expectedEvents(scenario: Scenario): number {
  const { position, rootKind, spanKind, family } = scenario;
  const isReported = !isCall(rootKind) && hasFailed(scenario);
  // Frameworks that swallow failures: from the span itself, whatever the root's status.
  if (family !== "none") {
    const swallowed = position === "two children" ? 2 : 1;
    return position.startsWith("child, then") && isReported ? swallowed + 1 : swallowed;
  }
  if (!isReported || position.endsWith("ends with OK")) return 0;
  // Calls: only where no span nearer to the root recorded one, and then only the last.
  if (isCall(spanKind)) return 1;
  return position.startsWith("child, then") || position === "two children" ? 2 : 1;
}

function hasFailed({ rootKind, rootStatus, answer }: Scenario): boolean {
  const code = Number(answer["http.response.status_code"] ?? answer["http.status_code"] ?? 0);
  if (rootKind === SERVER && code >= 400) return code >= 500;
  return rootStatus === ERROR;
}

function isCall(kind: SpanKind): boolean {
  return kind === CLIENT || kind === PRODUCER;
}

/** Runs a scenario. Returns the id of its trace. */
export function runScenario(tracer: Tracer, scenario: Scenario): string {
  const { rootKind, rootStatus, answer, position, spanKind, family } = scenario;
  const root = tracer.startSpan("root", { kind: rootKind, attributes: answer }, ROOT_CONTEXT);
  const below = (parent: Span, kind = INTERNAL, attributes = {}): Span =>
    tracer.startSpan("below", { kind, attributes }, trace.setSpan(ROOT_CONTEXT, parent));
  const failing = (parent: Span): Span => fail(below(parent, spanKind, FAMILIES[family]), "first");
  if (position === "root") root.recordException(new Error("first"));
  else if (position === "child") failing(root).end();
  else if (position === "grandchild") {
    const parent = below(root);
    failing(parent).end();
    parent.end();
  } else if (position === "child that ends with OK") failing(root).setStatus({ code: OK }).end();
  else if (position === "below a span that ends with OK") {
    const parent = below(root);
    failing(parent).end();
    parent.setStatus({ code: OK }).end();
  } else if (position === "far below a span that ends with OK") {
    const outer = below(root);
    const inner = below(outer);
    failing(inner).end();
    inner.setStatus({ code: ERROR }).end();
    outer.setStatus({ code: OK }).end();
  } else if (position === "child, then root") {
    failing(root).end();
    root.recordException(new Error("second"));
  } else if (position === "child, then parent") {
    const parent = below(root);
    failing(parent).end();
    fail(parent, "second").end();
  } else {
    failing(root).end();
    failing(root).end();
  }
  if (rootStatus !== UNSET) root.setStatus({ code: rootStatus });
  root.end();
  return root.spanContext().traceId;
}

function fail(span: Span, message: string): Span {
  span.recordException(new Error(message));
  return span.setStatus({ code: ERROR });
}
