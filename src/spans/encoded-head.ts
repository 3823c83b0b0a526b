import { clip, jsonMember } from "../support/text.js";
import type { TransactionSource } from "../semantics/inference.js";
import type { RequestClue } from "../semantics/request-clue.js";
import { requestName } from "../semantics/request-name.js";
import type { NamedRequest } from "../semantics/request-name.js";
import { withoutSecrets } from "../privacy/url.js";

/** The local root of a segment, encoded as what a transaction needs of it. */
export interface EncodedHead {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  /** Name of the root span, where it is a text; undefined for a continuation. */
  readonly spanName?: string | undefined;
  readonly source: string;
  readonly op: string | undefined;
  /** Members of `contexts.trace`, without braces. */
  readonly traceContext: string;
  /** Seconds since 1970. */
  readonly start: number;
  readonly end: number;
  /** The members `start_timestamp` and `timestamp`, each with a leading comma. */
  readonly times: string;
  /** A member with a leading comma, or nothing. */
  readonly measurements: string;
  /** The request that a SERVER root answered: a member with a leading comma, or nothing. */
  readonly request: string;
  readonly responseStatusCode: number | undefined;
  /** Parts of another name; undefined where no inner span can change it. */
  readonly naming?: HeadNaming | undefined;
}

/** Parts of a name that the spans inside of a request may complete. */
export interface HeadNaming {
  readonly request: NamedRequest;
  readonly description: string;
  readonly source: TransactionSource;
  /** True where the root has an attribute `http.route`. */
  readonly hasRoute: boolean;
  /** Where `sourceMember` stands in the trace context. */
  readonly sourceAt: number;
}

/** The name that sampling contexts and error events carry: a URL is none, since the server groups by it. */
export function shownHeadName({
  name,
  source,
}: Pick<EncodedHead, "name" | "source">): string | undefined {
  return source === "url" ? undefined : name;
}

/** The span data that says where the name comes from, with a leading comma. */
export function sourceMember(source: string): string {
  return `,"sentry.source":"${source}"`;
}

/** The head with the name that it has together with what the spans inside of the request know. */
export function renamedHead(head: EncodedHead, clues: readonly RequestClue[]): EncodedHead {
  const { naming, traceContext } = head;
  const found = naming && requestName(naming.request, clues, naming);
  if (naming === undefined || found === undefined) return head;
  const route = naming.hasRoute ? "" : jsonMember("http.route", found.route);
  const end = traceContext.slice(naming.sourceAt + sourceMember(head.source).length);
  return {
    ...head,
    name: transactionName(found.description),
    source: found.source,
    traceContext: `${traceContext.slice(0, naming.sourceAt)}${sourceMember(found.source)}${route}${end}`,
  };
}

const MAX_NAME_LENGTH = 200;

/** The name of a transaction whose head has this description, as Relay takes it; also in sampling contexts. */
export function transactionName(description: string): string {
  return (
    clip(withoutSecrets(description.trim()), MAX_NAME_LENGTH).trim() || "<unlabeled transaction>"
  );
}

/** Characters that a head takes while it waits. */
export function headLength({ traceContext, request }: EncodedHead): number {
  return traceContext.length + request.length;
}
