import { clip, jsonField } from "../support/text.js";
import type { TransactionSource } from "../semantics/inference.js";
import type { RequestClue } from "../semantics/request-clue.js";
import { requestName } from "../semantics/request-name.js";
import type { NamedRequest } from "../semantics/request-name.js";
import { redactedText } from "../privacy/redacted.js";

/** The encoded local root of a segment, as the parts of its transaction. */
export interface EncodedHead {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  /** Name of the root span; undefined for a continuation, or if the name is not a string. */
  readonly spanName?: string | undefined;
  readonly source: string;
  readonly op: string | undefined;
  /** Properties of `contexts.trace`, without braces. */
  readonly traceContext: string;
  /** Seconds since 1970. */
  readonly start: number;
  readonly end: number;
  /** The properties `start_timestamp` and `timestamp`, each with a leading comma. */
  readonly times: string;
  /** A JSON property with a leading comma, or an empty string. */
  readonly measurements: string;
  /** The request that a SERVER root handled, as a JSON property with a leading comma, or an empty string. */
  readonly request: string;
  readonly responseStatusCode: number | undefined;
  /** Parts from which the name can be completed; undefined if inner spans cannot change the name. */
  readonly naming?: HeadNaming | undefined;
}

/** Parts of a request's name that inner spans may complete, for example with the route. */
export interface HeadNaming {
  readonly request: NamedRequest;
  readonly description: string;
  readonly source: TransactionSource;
  /** True if the root has an attribute `http.route`. */
  readonly hasRoute: boolean;
  /** Index of `sourceField` in the trace context. */
  readonly sourceAt: number;
}

/** Returns the name for sampling contexts and error events; undefined for a URL, because Sentry groups by the name. */
export function shownHeadName({
  name,
  source,
}: Pick<EncodedHead, "name" | "source">): string | undefined {
  return source === "url" ? undefined : name;
}

/** Returns the JSON property `sentry.source` with a leading comma. */
export function sourceField(source: string): string {
  return `,"sentry.source":"${source}"`;
}

/** Returns the head with the request's name completed by the clues of inner spans. */
export function renamedHead(head: EncodedHead, clues: readonly RequestClue[]): EncodedHead {
  const { naming, traceContext } = head;
  const found = naming && requestName(naming.request, clues, naming);
  if (naming === undefined || found === undefined) return head;
  const route = naming.hasRoute ? "" : jsonField("http.route", found.route);
  const end = traceContext.slice(naming.sourceAt + sourceField(head.source).length);
  return {
    ...head,
    name: transactionName(found.description),
    source: found.source,
    traceContext: `${traceContext.slice(0, naming.sourceAt)}${sourceField(found.source)}${route}${end}`,
  };
}

/** Characters of a transaction name. Longer ones are cut. */
export const MAX_TRANSACTION_NAME = 200;

/** Returns a valid transaction name for a description, with secrets filtered. Sampling contexts use the same name. */
export function transactionName(description: string): string {
  return (
    clip(redactedText(description.trim()), MAX_TRANSACTION_NAME).trim() || "<unlabeled transaction>"
  );
}

/** Returns the number of characters that a buffered head takes. */
export function headLength({ traceContext, request }: EncodedHead): number {
  return traceContext.length + request.length;
}
