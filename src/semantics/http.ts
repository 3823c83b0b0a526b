import { mayHoldAssignments } from "../privacy/assigned-secrets.js";
import { fragmentOf, plainUrl, queryOf, sanitizeUrl } from "../privacy/url.js";
import type { PlainUrl } from "../privacy/url.js";
import { SPAN_KIND, type SpanDescription } from "../trace/span.js";
import type { AttributeBag } from "../trace/span.js";
import { operationsText } from "./graphql.js";
import { isInstrumentationName } from "./http-name.js";
import { originOfCall } from "./http-origin.js";
import { parseStatusCode } from "./infer-status.js";
import { textValue, textValues } from "./inference.js";
import type { Inference, InferredData, VaryingText } from "./inference.js";
import { httpRoute } from "./request-clue.js";

/**
 * Names a span of an HTTP request by its method and its route, path or URL, unless the application has chosen its name.
 */
export function inferHttp(span: SpanDescription, method: string): Inference {
  const { attributes } = span;
  const url = textValue(attributes["url.full"]) ?? textValue(attributes["http.url"]);
  const target = targetOf(attributes);
  const route = httpRoute(attributes);
  const safeUrl = url === undefined ? undefined : sanitizeUrl(url);
  const data = httpData(attributes, url, safeUrl);
  const path = route ?? pathOf(span, target, safeUrl);
  const op = httpOp(span);
  if (path === undefined || !isRenamed(span, method)) {
    return { op, description: span.name, source: "custom", data };
  }
  const description = `${method} ${path}${operationsOf(attributes)}`;
  const source = route !== undefined || path === "/" ? "route" : "url";
  return { op, description, source, data };
}

function operationsOf(attributes: AttributeBag): string {
  return operationsText(textValues(attributes["sentry.graphql.operation"]));
}

/** Returns the URL as the attribute from which the span of an outgoing request is named; undefined for other spans. */
export function varyingUrl(span: SpanDescription, method: string): VaryingText | undefined {
  const { attributes, kind } = span;
  const key = textValue(attributes["url.full"]) === undefined ? "http.url" : "url.full";
  if (kind !== SPAN_KIND.CLIENT || textValue(attributes[key]) === undefined) return undefined;
  const withoutUrl = { ...attributes, "url.full": undefined, "http.url": undefined };
  const isRenamedAlways = isRenamed({ ...span, attributes: withoutUrl }, method);
  if (!isRenamedAlways || httpRoute(attributes) !== undefined) return undefined;
  const op = httpOp(span);
  const operations = operationsOf(attributes);
  const dataOf = varyingData(attributes);
  const infer = (url: string, current: AttributeBag): Inference => {
    const plain = operations === "" ? plainUrl(url) : undefined;
    const name = plain?.name ?? sanitizeUrl(url);
    const description = `${method} ${name}${operations}`;
    const source = name === "/" ? "route" : "url";
    const data = plain && dataOf(plain);
    return data === undefined || mayHoldAssignments(description)
      ? { op, description, source, data: httpData(current, url, name), isPlain: false }
      : { op, description, source, data, isPlain: true };
  };
  return { key, infer };
}

// Returns a function for the data of plain URLs on spans with these attributes, apart from the URL itself. It returns
// undefined if an attribute is needed for the data as well.
function varyingData(attributes: AttributeBag): (url: PlainUrl) => InferredData | undefined {
  const status = oldStatus(attributes);
  const isOwn = "url" in attributes || "http.query" in attributes;
  const hasOtherQuery =
    "url.query" in attributes || "http.target" in attributes || "url.path" in attributes;
  return ({ name, query }) => {
    if (isOwn || (query === "" && hasOtherQuery)) return undefined;
    const data: Record<string, string | number> = { url: name };
    if (query !== "") data["http.query"] = query;
    if (status !== undefined) data["http.response.status_code"] = status;
    return data;
  };
}

// Returns the part of the URL that names a request: the path for a server; for a client with the host, without which
// the path means nothing.
function pathOf(
  { kind, attributes }: SpanDescription,
  target: string | undefined,
  safeUrl: string | undefined,
): string | undefined {
  if (kind !== SPAN_KIND.SERVER && safeUrl !== undefined) return safeUrl;
  const path = target === undefined ? undefined : sanitizeUrl(target);
  if (kind !== SPAN_KIND.CLIENT) return path ?? safeUrl;
  const origin = originOfCall(attributes);
  if (origin === undefined || path === undefined) return path ?? origin;
  return path.startsWith("/") ? origin + path : path;
}

function httpOp({ kind, attributes }: SpanDescription): string {
  const op = exchangeOp(kind);
  return attributes["sentry.http.prefetch"] ? `${op}.prefetch` : op;
}

function exchangeOp(kind: number): string {
  if (kind === SPAN_KIND.SERVER) return "http.server";
  return kind === SPAN_KIND.CLIENT ? "http.client" : "http";
}

// Spans of other kinds were started by the application, which chose the name.
function isRenamed(span: SpanDescription, method: string): boolean {
  const { kind, attributes } = span;
  const isAutomatic =
    kind === SPAN_KIND.SERVER ||
    kind === SPAN_KIND.CLIENT ||
    textValue(attributes["sentry.origin"])?.startsWith("auto") === true;
  return isAutomatic && isInstrumentationName(span, method);
}

/** Returns the data that Sentry expects on an HTTP span under names other than OTel's; undefined if there is none. */
function httpData(
  attributes: AttributeBag,
  url: string | undefined,
  safeUrl: string | undefined,
): InferredData | undefined {
  const query = requestQuery(attributes, url);
  const fragment = requestFragment(attributes, url);
  const status = oldStatus(attributes);
  if (safeUrl === undefined && query === "" && fragment === "" && status === undefined) {
    return undefined;
  }
  const data: Record<string, string | number> = {};
  if (safeUrl !== undefined) data["url"] = safeUrl;
  if (query !== "") data["http.query"] = query;
  if (fragment !== "") data["http.fragment"] = fragment;
  if (status !== undefined) data["http.response.status_code"] = status;
  return data;
}

function requestQuery(attributes: AttributeBag, url: string | undefined): string {
  const ofUrl = url === undefined ? "" : queryOf(url);
  if (ofUrl !== "") return ofUrl;
  const query = textValue(attributes["url.query"]);
  if (query !== undefined) return queryOf(query.startsWith("?") ? query : `?${query}`);
  const target = targetOf(attributes);
  return target === undefined ? "" : queryOf(target);
}

function targetOf(attributes: AttributeBag): string | undefined {
  return textValue(attributes["http.target"]) ?? textValue(attributes["url.path"]);
}

function requestFragment(attributes: AttributeBag, url: string | undefined): string {
  if (url !== undefined) return fragmentOf(url);
  const fragment = textValue(attributes["url.fragment"]) ?? "";
  return fragment.startsWith("#") ? fragment.slice(1) : fragment;
}

function oldStatus(attributes: AttributeBag): number | undefined {
  if (attributes["http.response.status_code"] !== undefined) return undefined;
  return parseStatusCode(attributes["http.status_code"]);
}

// The methods of the semantic conventions, then the others that Node's parser accepts. An allow list, because the
// attribute may hold any string, even a credential.
const KNOWN_METHODS: ReadonlySet<string> = new Set(
  (
    "GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH QUERY " +
    "ACL BIND CHECKOUT COPY LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY PROPFIND " +
    "PROPPATCH PURGE REBIND REPORT SEARCH SOURCE SUBSCRIBE UNBIND UNLINK UNLOCK UNSUBSCRIBE"
  ).split(" "),
);

const MAX_METHOD_LENGTH = 20;

/** The name of an unknown method: the semantic conventions name such spans `HTTP`. */
export const OTHER_METHOD = "HTTP";

/**
 * Returns the request method of an HTTP span in upper case; `HTTP` if it is unknown; undefined for other spans.
 */
export function requestMethod(attributes: AttributeBag): string | undefined {
  const given =
    textValue(attributes["http.request.method"]) ?? textValue(attributes["http.method"]);
  if (given === undefined || KNOWN_METHODS.has(given)) return given;
  // Longer strings are not known methods, and are not copied.
  const method = given.length > MAX_METHOD_LENGTH ? "" : given.toUpperCase();
  return KNOWN_METHODS.has(method) ? method : OTHER_METHOD;
}
