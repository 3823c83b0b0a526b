import { textValue } from "./inference.js";
import type { AttributeBag, SpanView } from "../trace/span.js";
import { sanitizeUrl } from "../privacy/url.js";

// Written before the method by old HTTP instrumentations, Effect, and Next.js.
const PREFIX = /^(?:https?|http\.(?:server|client)|fetch|rsc) +/i;

const METHOD = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT|QUERY)$/i;

/** Names that instrumentations give to every request. `request` is Fastify's. */
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

/** Attributes whose value an instrumentation writes into a name as it is, or without its query. */
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

/** Attributes that may hold a method that is not known, which a name then begins with. */
const METHOD_KEYS = ["http.request.method_original", "http.request.method", "http.method"] as const;

const URLS = ["url.full", "http.url"] as const;

const AUTHORITY = /^[a-z][a-z\d+.-]*:\/\/([^/]*)/i;

/**
 * Tells names that HTTP instrumentations give (`GET`, `HTTP GET`, a method with the route, path or URL
 * of the request) from names that somebody has chosen. Only the former are replaced.
 */
export function isInstrumentationName({ name, attributes }: SpanView, method: string): boolean {
  if (name === method || name === attributes["next.span_name"]) return true;
  // What the conventions ask for, and most names are.
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

// The whole URL, or without its scheme, or its origin, host or path alone.
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
