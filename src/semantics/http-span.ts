import { textValue, textValues } from "./attribute-text.js";
import { operationsText } from "./graphql-span.js";
import { httpData } from "./http-data.js";
import { originOfCall } from "./http-origin.js";
import { isInstrumentationName } from "./http-name.js";
import type { Inference } from "./inference.js";
import { httpRoute } from "./request-clue.js";
import { SPAN_KIND, type SpanView } from "../trace/span.js";
import { sanitizeUrl } from "../privacy/url.js";

/**
 * Names a span of an HTTP request after its method and route, path or URL, unless its name is one that
 * somebody has chosen.
 */
export function inferHttp(span: SpanView, method: string): Inference {
  const { attributes } = span;
  const url = textValue(attributes["url.full"]) ?? textValue(attributes["http.url"]);
  const target = textValue(attributes["http.target"]) ?? textValue(attributes["url.path"]);
  const route = httpRoute(attributes);
  const safeUrl = url === undefined ? undefined : sanitizeUrl(url);
  const data = httpData(attributes, { url, safeUrl, target });
  const path = route ?? pathOf(span, target, safeUrl);
  const op = httpOp(span);
  if (path === undefined || !isRenamed(span, method)) {
    return { op, description: span.name, source: "custom", data };
  }
  const operations = textValues(attributes["sentry.graphql.operation"]);
  const description = `${method} ${path}${operationsText(operations)}`;
  const source = route !== undefined || path === "/" ? "route" : "url";
  return { op, description, source, data };
}

// A server knows its path; a client's path means nothing without the host.
function pathOf(
  { kind, attributes }: SpanView,
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

function httpOp({ kind, attributes }: SpanView): string {
  const op = exchangeOp(kind);
  return attributes["sentry.http.prefetch"] ? `${op}.prefetch` : op;
}

function exchangeOp(kind: number): string {
  if (kind === SPAN_KIND.SERVER) return "http.server";
  return kind === SPAN_KIND.CLIENT ? "http.client" : "http";
}

// A span of another kind was started by hand, and its author chose the name.
function isRenamed(span: SpanView, method: string): boolean {
  const { kind, attributes } = span;
  const isAutomatic =
    kind === SPAN_KIND.SERVER ||
    kind === SPAN_KIND.CLIENT ||
    textValue(attributes["sentry.origin"])?.startsWith("auto") === true;
  return isAutomatic && isInstrumentationName(span, method);
}
