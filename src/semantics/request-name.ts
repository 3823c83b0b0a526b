import { textValue, textValues } from "./inference.js";
import { operationsText } from "./graphql.js";
import { isInstrumentationName } from "./http-name.js";
import { requestMethod } from "./http.js";
import type { TransactionSource } from "./inference.js";
import type { RequestClue } from "./request-clue.js";
import { httpRoute, requestPath } from "./request-clue.js";
import { isErrorPage } from "./framework.js";
import { isPathOf, isWildcard, specificity } from "./route-match.js";
import { SPAN_KIND, type AttributeBag, type SpanView } from "../trace/span.js";

/** Parts of a request's name that the server's own span has. */
export interface NamedRequest {
  readonly method: string;
  readonly route: string | undefined;
  /** Path of the request. */
  readonly path: string | undefined;
  /** GraphQL operations. */
  readonly operations: readonly string[];
}

/** Name of a request, with the parts that inner spans add. */
export interface RequestName {
  readonly description: string;
  readonly source: TransactionSource;
  /** Undefined where the request is named by its path or URL. */
  readonly route: string | undefined;
}

/**
 * Reads what the name of a SERVER span is made of; undefined for other spans, and where somebody has
 * chosen the name or its source.
 */
export function namedRequest(span: SpanView): NamedRequest | undefined {
  const { kind, attributes } = span;
  const method = kind === SPAN_KIND.SERVER ? requestMethod(attributes) : undefined;
  if (method === undefined || hasChosenName(span, method)) return undefined;
  return {
    method,
    route: httpRoute(attributes),
    path: requestPath(attributes),
    operations: textValues(attributes["sentry.graphql.operation"]),
  };
}

/**
 * Names a request by what its own span and the spans inside of it know; undefined where those add nothing
 * to `own`, the name that its own span gives it.
 */
export function requestName(
  request: NamedRequest,
  clues: readonly RequestClue[],
  own: Pick<RequestName, "description" | "source">,
): RequestName | undefined {
  const { method, operations } = request;
  const route = routeOf(request, clues);
  const executed = clues.map((clue) => clue.operation).filter((name) => name !== undefined);
  const isRouted = route !== undefined && route !== request.route;
  if (!isRouted && executed.length === 0) return undefined;
  const end = operationsText([...operations, ...executed]);
  if (isRouted) return { description: `${method} ${route}${end}`, source: "route", route };
  const ownEnd = operationsText(operations).length;
  const start = own.description.slice(0, own.description.length - ownEnd);
  return { description: start + end, source: own.source, route };
}

/** Tells whether nothing that an inner span knows can change the route of a request. */
export function hasFinalRoute({ route, path }: NamedRequest): boolean {
  return route !== undefined && path !== undefined && !isWildcard(route) && isPathOf(route, path);
}

/** Names a request by a route that its own span will have when it ends, unless it has another. */
export function withRoute(
  request: NamedRequest,
  route: string | undefined,
):
  | { readonly request: NamedRequest; readonly name: Pick<RequestName, "description" | "source"> }
  | undefined {
  if (route === undefined || request.route !== undefined) return undefined;
  const description = `${request.method} ${route}${operationsText(request.operations)}`;
  return { request: { ...request, route }, name: { description, source: "route" } };
}

function hasChosenName(span: SpanView, method: string): boolean {
  const { attributes } = span;
  return (
    textValue(attributes["sentry.custom_span_name"]) !== undefined ||
    hasSource(attributes) ||
    // The OTel SDK passes on whatever an untyped program gave for a name.
    (typeof span.name === "string" && !isInstrumentationName(span, method))
  );
}

function hasSource(attributes: AttributeBag): boolean {
  return (
    textValue(attributes["sentry.source"]) !== undefined ||
    textValue(attributes["sentry.segment.name.source"]) !== undefined
  );
}

// The server's own route wins, unless it is only where the handler's application is mounted.
function routeOf(request: NamedRequest, clues: readonly RequestClue[]): string | undefined {
  const { route: own, path } = request;
  const inner = innerRoute(request, clues);
  if (own === undefined || inner === undefined || inner === own) return own ?? inner;
  if (isWildcard(own)) return inner;
  if (path === undefined || isPathOf(own, path)) return own;
  if (isErrorPage(own) && isPathOf(inner, path)) return inner;
  return mountedRoute(own, inner, path);
}

function mountedRoute(own: string, inner: string, path: string): string {
  const mount = own.endsWith("/") ? own.slice(0, -1) : own;
  if (inner.startsWith(`${mount}/`)) return inner;
  return isPathOf(mount + inner, path) ? mount + inner : own;
}

function innerRoute({ path }: NamedRequest, clues: readonly RequestClue[]): string | undefined {
  const routes = new Set<string>();
  for (const clue of clues)
    if (clue.route !== undefined && isOfRequest(clue.path, path)) routes.add(clue.route);
  const [first, ...others] = routes;
  if (first === undefined || others.length === 0) return first;
  // The first one where they are equal: it belongs to the innermost span.
  return others.reduce(
    (best, route) => (specificity(route, path) > specificity(best, path) ? route : best),
    first,
  );
}

// An application that is mounted somewhere sees the rest of the path. Another path is another request: one
// that the application has made to itself without leaving the process.
function isOfRequest(inner: string | undefined, path: string | undefined): boolean {
  if (inner === undefined || path === undefined) return true;
  const [a, b] = [withoutEnd(inner), withoutEnd(path)];
  return a === b || (a !== "" && b !== "" && (a.endsWith(b) || b.endsWith(a)));
}

function withoutEnd(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}
