import { textValue, textValues } from "./inference.js";
import { operationsText } from "./graphql.js";
import { isInstrumentationName } from "./http-name.js";
import { requestMethod } from "./http.js";
import type { TransactionSource } from "./inference.js";
import type { RequestClue } from "./request-clue.js";
import { httpRoute, requestPath } from "./request-clue.js";
import { isErrorPage } from "./framework.js";
import { isPathOf, isWildcard, specificity } from "./route-match.js";
import { SPAN_KIND, type AttributeBag, type SpanDescription } from "../trace/span.js";

/** Parts of a request's name that are known from its SERVER span. */
export interface NamedRequest {
  readonly method: string;
  readonly route: string | undefined;
  /** Path of the request. */
  readonly path: string | undefined;
  /** GraphQL operations. */
  readonly operations: readonly string[];
}

/** The name of a request, including the parts that inner spans contribute. */
interface RequestName {
  readonly description: string;
  readonly source: TransactionSource;
  /** Undefined if the request is named by its path or URL. */
  readonly route: string | undefined;
}

/**
 * Returns the parts of a SERVER span's name; undefined for other spans, or if the application has chosen the name or
 * its source.
 */
export function namedRequest(span: SpanDescription): NamedRequest | undefined {
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
 * Names a request by its SERVER span and the spans inside it; undefined if those add nothing to `own`, the name by the
 * SERVER span alone.
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

/** Tells whether the route of a request is final, so that no inner span can change it. */
export function hasFinalRoute({ route, path }: NamedRequest): boolean {
  return route !== undefined && path !== undefined && !isWildcard(route) && isPathOf(route, path);
}

/** Names a request by the route that its SERVER span will have when it ends; undefined if the span already has one. */
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

function hasChosenName(span: SpanDescription, method: string): boolean {
  const { attributes } = span;
  return (
    textValue(attributes["sentry.custom_span_name"]) !== undefined ||
    hasSource(attributes) ||
    // The OTel SDK accepts names of any type.
    (typeof span.name === "string" && !isInstrumentationName(span, method))
  );
}

function hasSource(attributes: AttributeBag): boolean {
  return (
    textValue(attributes["sentry.source"]) !== undefined ||
    textValue(attributes["sentry.segment.name.source"]) !== undefined
  );
}

// The SERVER span's route takes precedence, unless it is only the path on which the handler's application is mounted.
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
  // Of equally specific routes the first one, which belongs to the innermost span.
  return others.reduce(
    (best, route) => (specificity(route, path) > specificity(best, path) ? route : best),
    first,
  );
}

// A mounted application sees only the rest of the path. Any other path belongs to another request, one that the
// application has sent to itself within the process.
function isOfRequest(inner: string | undefined, path: string | undefined): boolean {
  if (inner === undefined || path === undefined) return true;
  const [a, b] = [withoutEnd(inner), withoutEnd(path)];
  return a === b || (a !== "" && b !== "" && (a.endsWith(b) || b.endsWith(a)));
}

function withoutEnd(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}
