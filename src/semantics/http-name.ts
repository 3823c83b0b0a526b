import { textValue } from "./inference.js";
import type { AttributeBag, SpanDescription } from "../trace/span.js";
import { sanitizeUrl } from "../privacy/url.js";

// Prefixes that old HTTP instrumentations, Effect and Next.js put before the method.
const PREFIX = /^(?:https?|http\.(?:server|client)|fetch|rsc) +/i;

const METHOD = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT|QUERY)$/i;

/** Names that an instrumentation gives to every request; `request` is the one that Fastify's uses. */
const GENERIC: ReadonlySet<string> = new Set([
  "",
  "fetch",
  "http",
  "http request",
  "http.client",
  "http.client.request",
  "http.request",
  "http.server",
  "http.server.request",
  "https",
  "request",
  "rsc",
]);

/** Attributes whose value instrumentations use as part of a name, unchanged or without the query. */
const TARGETS = [
  "http.route",
  "next.route",
  "url.template",
  "http.target",
  "url.path",
  "http.host",
  "server.address",
  "net.peer.name",
] as const;

/** Attributes that may hold an unknown method, with which the name may begin. */
const METHOD_KEYS = ["http.request.method_original", "http.request.method", "http.method"] as const;

const URLS = ["url.full", "http.url"] as const;

const AUTHORITY = /^[a-z][a-z\d+.-]*:\/\/([^/]*)/i;

/**
 * Tells whether a name was given by an HTTP instrumentation (`GET`, `HTTP GET`, a method with the route, path or URL of
 * the request) instead of the application. Only names of instrumentations are replaced.
 */
export function isInstrumentationName(
  { name, attributes }: SpanDescription,
  method: string,
): boolean {
  if (name === method || name === attributes["next.span_name"]) return true;
  // The form of the semantic conventions, which most names have.
  const route = attributes["http.route"];
  if (typeof route === "string" && name === `${method} ${route}`) return true;
  const rest = withoutMethod(name.trim().replace(PREFIX, ""), method, attributes);
  return GENERIC.has(rest.toLowerCase()) || isTarget(rest, attributes);
}

function withoutMethod(name: string, method: string, attributes: AttributeBag): string {
  const end = name.indexOf(" ");
  const word = end === -1 ? name : name.slice(0, end);
  const isMethod =
    METHOD.test(word) ||
    word.toUpperCase() === method.toUpperCase() ||
    METHOD_KEYS.some((key) => word === attributes[key]);
  return isMethod ? name.slice(word.length).trim() : name;
}

function isTarget(rest: string, attributes: AttributeBag): boolean {
  const shown = plain(rest);
  return (
    TARGETS.some((key) => isSame(shown, textValue(attributes[key]))) ||
    URLS.some((key) => isPartOfUrl(shown, textValue(attributes[key])))
  );
}

function isSame(shown: string, value: string | undefined): boolean {
  return value !== undefined && shown === plain(value);
}

// Compares with the whole URL, the URL without its scheme, and the origin, host and path alone.
function isPartOfUrl(shown: string, url: string | undefined): boolean {
  if (url === undefined) return false;
  const whole = plain(url);
  const [origin, host] = AUTHORITY.exec(whole) ?? [];
  if (origin === undefined || host === undefined) return shown === whole;
  const path = whole.slice(origin.length);
  return [whole, host + path, origin, host, path].includes(shown);
}

function plain(target: string): string {
  return sanitizeUrl(target).replace(/(?::\d+)?\/?$/, "");
}
