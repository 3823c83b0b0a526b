import { normalize } from "../normalize/normalize.js";
import type { SeverityLevel } from "../protocol/error-event.js";
import type { Breadcrumb } from "../scope/scope-data.js";
import type { SpanCrumb } from "../scope/span-crumb.js";
import { statusNumber } from "../semantics/http-status.js";
import { inferSpan } from "../semantics/infer-span.js";

const MAX_MESSAGE_LENGTH = 2048;

/** What a span or a span event has left, as a breadcrumb (protocol: breadcrumbs). */
export function crumbOf(crumb: SpanCrumb): Breadcrumb {
  const { kind } = crumb;
  if (kind === undefined) return crumbOfEvent(crumb);
  const { op = "default", description, data } = inferSpan({ ...crumb, kind });
  const level = levelOf(crumb);
  if (op.startsWith("http"))
    return { type: "http", category: "http", level, data: httpMembers(crumb, data) };
  const message = description.slice(0, MAX_MESSAGE_LENGTH);
  return op.startsWith("db")
    ? { type: "query", category: "query", level, message }
    : { type: "default", category: op, level, message };
}

function crumbOfEvent({ name, attributes }: SpanCrumb): Breadcrumb {
  const data = normalize(attributes, { totalLength: 4096 });
  const hasData = typeof data === "object" && data !== null && Object.keys(data).length > 0;
  return {
    type: "default",
    category: "span.event",
    level: "info",
    message: name.slice(0, MAX_MESSAGE_LENGTH),
    ...(hasData && !Array.isArray(data) && { data }),
  };
}

function httpMembers(
  { attributes }: SpanCrumb,
  inferred: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const members: Record<string, unknown> = {
    url: inferred["url"],
    method: attributes["http.request.method"] ?? attributes["http.method"],
    status_code: statusCode(attributes),
    "http.query": inferred["http.query"],
    "http.fragment": inferred["http.fragment"],
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function statusCode(attributes: SpanCrumb["attributes"]): number | undefined {
  return statusNumber(attributes["http.response.status_code"] ?? attributes["http.status_code"]);
}

// The protocol's levels of an HTTP breadcrumb; others by the span's status.
function levelOf({ attributes, hasFailed }: SpanCrumb): SeverityLevel {
  const status = statusCode(attributes) ?? 0;
  if (status >= 500) return "error";
  if (status >= 400) return "warning";
  return hasFailed ? "error" : "info";
}
