import { textValue } from "./inference.js";
import { graphqlOperation } from "./graphql.js";
import { mayNameFile, withoutFile } from "./framework.js";
import { isWildcard } from "./route-match.js";
import { SPAN_KIND, type AttributeBag, type SpanDescription } from "../trace/span.js";
import { sanitizeUrl, urlPath } from "../privacy/url.js";

/** Parts of a request's name that are known from a span inside the request. */
export interface RequestClue {
  /** The route that the span serves. */
  readonly route: string | undefined;
  /** The path of the request that the span serves, if it is known. */
  readonly path: string | undefined;
  /** The GraphQL operation that the span executes: `query GetUser`, or `query` if it is anonymous. */
  readonly operation: string | undefined;
}

// Marker attributes of routers that set `http.route` of each layer to the path on which it is mounted; only the
// handler's value is the route.
const MOUNTED_LAYERS = ["express.type", "router.type", "connect.type"] as const;

const STARTS_WITH_PARAMETER_OR_WORD = /^[\w:[{]/;

/**
 * Returns the parts of the request's name that a span contributes; undefined if it has none. Only SERVER and INTERNAL
 * spans serve a request.
 */
export function requestClue({ kind, attributes }: SpanDescription): RequestClue | undefined {
  if (kind !== SPAN_KIND.INTERNAL && kind !== SPAN_KIND.SERVER) return undefined;
  const given = attributes["http.route"] ?? attributes["next.route"];
  const operation = graphqlOperation(attributes);
  if (given === undefined && operation === undefined) return undefined;
  const route = servedRoute(namedRoute(textValue(given), attributes), attributes);
  if (route === undefined && operation === undefined) return undefined;
  return { route, path: requestPath(attributes), operation };
}

/** Tells whether two clues are equal. */
export function isSameClue(a: RequestClue, b: RequestClue): boolean {
  return a.route === b.route && a.path === b.path && a.operation === b.operation;
}

/** Returns the route of an HTTP span; undefined if it has none. */
export function httpRoute(attributes: AttributeBag): string | undefined {
  return namedRoute(textValue(attributes["http.route"]), attributes);
}

function namedRoute(route: string | undefined, attributes: AttributeBag): string | undefined {
  if (route === undefined || !mayNameFile(route)) return route;
  return withoutFile(route, { attributes, path: requestPath(attributes) });
}

/** Returns the path of a request, by the current or the old semantic conventions. */
export function requestPath(attributes: AttributeBag): string | undefined {
  const target = textValue(attributes["url.path"]) ?? textValue(attributes["http.target"]);
  if (target !== undefined) return sanitizeUrl(target);
  const url = textValue(attributes["url.full"]) ?? textValue(attributes["http.url"]);
  return url === undefined ? undefined : urlPath(sanitizeUrl(url));
}

// SvelteKit sets the route `unknown` if none matched.
function servedRoute(route: string | undefined, attributes: AttributeBag): string | undefined {
  if (route === undefined || route === "unknown" || isWildcard(route)) return undefined;
  for (const key of MOUNTED_LAYERS) {
    const layer = attributes[key];
    if (layer !== undefined && layer !== "request_handler") return undefined;
  }
  return STARTS_WITH_PARAMETER_OR_WORD.test(route) ? `/${route}` : route;
}
