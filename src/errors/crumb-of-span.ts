import { cut } from "../support/cut.js";
import { normalize } from "../support/normalize.js";
import type { SeverityLevel } from "../protocol/error-event.js";
import type { TransactionSpan } from "../protocol/transaction-event.js";
import type { Breadcrumb } from "../scope/scope-data.js";
import type { SpanCrumb } from "../scope/span-crumb.js";
import { requestMethod } from "../semantics/http-method.js";
import { httpStatusOf } from "../semantics/http-status.js";
import { inferSpan } from "../semantics/infer-span.js";
import { isBag } from "../trace/span-view.js";

const MAX_MESSAGE_LENGTH = 2048;
const NANOS_PER_SECOND = 1e9;

/** What breadcrumbs say of a client span. */
interface ClientCall {
  readonly timestamp: number;
  readonly op: string;
  readonly description: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly hasFailed: boolean;
}

/** What a span or a span event has left, as a breadcrumb (protocol: breadcrumbs). */
export function crumbOf(crumb: SpanCrumb): Breadcrumb {
  const { kind } = crumb;
  return kind === undefined ? crumbOfEvent(crumb) : crumbOfCall(callOfRecord(crumb, kind));
}

/** A client span in the form in which it is sent, as a breadcrumb. */
export function crumbOfSent(span: TransactionSpan): Breadcrumb {
  const { timestamp, op = "default", description = "", data = {}, status } = span;
  return crumbOfCall({ timestamp, op, description, data, hasFailed: status !== "ok" });
}

function callOfRecord(record: SpanCrumb, kind: number): ClientCall {
  const { op = "default", description, data } = inferSpan({ ...record, kind });
  const { attributes, hasFailed } = record;
  const timestamp = secondsOf(record);
  return {
    timestamp,
    op,
    description,
    data: { ...(isBag(attributes) && attributes), ...data },
    hasFailed,
  };
}

function crumbOfCall(call: ClientCall): Breadcrumb {
  const { timestamp, op, description } = call;
  const level = levelOf(call);
  if (op.startsWith("http"))
    return { timestamp, type: "http", category: "http", level, data: httpMembers(call) };
  const message = cut(description, MAX_MESSAGE_LENGTH);
  return op.startsWith("db")
    ? { timestamp, type: "query", category: "query", level, message }
    : { timestamp, type: "default", category: op, level, message };
}

function crumbOfEvent(record: SpanCrumb): Breadcrumb {
  const data = normalize(record.attributes, { totalLength: 4096 });
  const hasData = typeof data === "object" && data !== null && Object.keys(data).length > 0;
  return {
    timestamp: secondsOf(record),
    type: "default",
    category: "span.event",
    level: "info",
    message: cut(record.name, MAX_MESSAGE_LENGTH),
    ...(hasData && !Array.isArray(data) && { data }),
  };
}

function secondsOf({ time: [seconds, nanos] }: SpanCrumb): number {
  return seconds + nanos / NANOS_PER_SECOND;
}

function httpMembers({ data }: ClientCall): Record<string, unknown> {
  const members: Record<string, unknown> = {
    url: data["url"],
    method: requestMethod(data),
    status_code: httpStatusOf(data),
    "http.query": data["http.query"],
    "http.fragment": data["http.fragment"],
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

// The protocol's levels of an HTTP breadcrumb; others by the span's status.
function levelOf({ data, hasFailed }: ClientCall): SeverityLevel {
  const status = httpStatusOf(data) ?? 0;
  if (status >= 500) return "error";
  if (status >= 400) return "warning";
  return hasFailed ? "error" : "info";
}
