import type {
  Arrival,
  BreadcrumbView,
  ErrorView,
  ExceptionView,
  FrameView,
  Pair,
  ScopeView,
  ShownSpan,
} from "./views.js";
import {
  attributesOf,
  entriesOf,
  listOf,
  numberOf,
  pairsOf,
  recordOf,
  shownText,
  timeOf,
} from "./wire.js";
import type { WireRecord } from "./wire.js";

/** Reads an error or message event. */
export function readError(payload: unknown): ErrorView {
  const event = recordOf(payload);
  const trace = recordOf(recordOf(event["contexts"])["trace"]);
  // In the protocol, the cause comes before the error that it caused.
  const exceptions = valuesOf(event["exception"]).map(readException).toReversed();
  const eventId = shownText(event["event_id"]);
  return {
    eventId,
    // An event without a trace is shown as a trace of its own.
    traceId: shownText(trace["trace_id"]) || eventId,
    spanId: shownText(trace["span_id"]),
    level: shownText(event["level"]) || "error",
    title: titleOf(event, exceptions),
    location: locationOf(exceptions),
    transaction: shownText(event["transaction"]),
    service: serviceOf(event),
    at: timeOf(event["timestamp"]) ?? Date.now(),
    exceptions,
    scope: readScope(event),
  };
}

/**
 * Reads user feedback as a message. Its title consists of the user's name, the text, and the event that it is about.
 */
export function readFeedback(payload: unknown): ErrorView {
  const feedback = recordOf(recordOf(recordOf(payload)["contexts"])["feedback"]);
  const name = shownText(feedback["name"]) || shownText(feedback["contact_email"]);
  const about = shownText(feedback["associated_event_id"]);
  const title = `Feedback${name === "" ? "" : ` from ${name}`}: ${shownText(feedback["message"])}`;
  return {
    ...readError(payload),
    level: "info",
    title: about === "" ? title : `${title} (about event ${about})`,
  };
}

// Either { "values": [...] }, a list, or one exception.
function valuesOf(exception: unknown): readonly unknown[] {
  if (Array.isArray(exception)) return exception;
  const { values } = recordOf(exception);
  if (Array.isArray(values)) return values;
  return "type" in recordOf(exception) ? [exception] : [];
}

function titleOf(event: WireRecord, [thrown]: readonly ExceptionView[]): string {
  if (thrown !== undefined) return `${thrown.type}: ${thrown.value}`;
  const { formatted, message } = recordOf(event["logentry"] ?? event["message"]);
  return (
    shownText(formatted) || shownText(message) || shownText(event["message"]) || "(no message)"
  );
}

function locationOf(exceptions: readonly ExceptionView[]): string {
  for (const { frames } of exceptions) {
    const frame = frames.find(({ isOwn }) => isOwn) ?? frames[0];
    if (frame !== undefined) return frame.line > 0 ? `${frame.file}:${frame.line}` : frame.file;
  }
  return "";
}

function readException(value: unknown): ExceptionView {
  const exception = recordOf(value);
  const mechanism = recordOf(exception["mechanism"]);
  const frames = listOf(recordOf(exception["stacktrace"])["frames"]);
  return {
    type: shownText(exception["type"]) || "Error",
    value: shownText(exception["value"]),
    mechanism: shownText(mechanism["type"]),
    isHandled: mechanism["handled"] !== false,
    frames: frames.map(readFrame).toReversed(),
  };
}

function readFrame(value: unknown): FrameView {
  const frame = recordOf(value);
  const line = numberOf(frame["lineno"]) ?? 0;
  return {
    function: shownText(frame["function"]) || "<anonymous>",
    file:
      shownText(frame["filename"]) || shownText(frame["abs_path"]) || shownText(frame["module"]),
    line,
    column: numberOf(frame["colno"]) ?? 0,
    isOwn: frame["in_app"] === true,
    source: sourceOf(frame, line),
  };
}

function sourceOf(frame: WireRecord, line: number): [number, string][] {
  if (typeof frame["context_line"] !== "string") return [];
  const before = listOf(frame["pre_context"]);
  const texts = [...before, frame["context_line"], ...listOf(frame["post_context"])];
  return texts.map((text, index) => [line - before.length + index, shownText(text)]);
}

// Sentry span statuses that are not failures.
const FINE = new Set(["", "ok", "cancelled", "unknown", "unset"]);

/** Reads a transaction. Throws if a span has no start or end. */
export function readTransaction(payload: unknown): Arrival {
  const event = recordOf(payload);
  const trace = recordOf(recordOf(event["contexts"])["trace"]);
  const service = serviceOf(event);
  const root = spanOf({ ...trace, ...timesOf(event), description: event["transaction"] }, service);
  const children = listOf(event["spans"]).map((span) => spanOf(recordOf(span), service));
  return {
    kind: "spans",
    traceId: shownText(trace["trace_id"]),
    spans: [{ ...root, isRoot: true }, ...children],
    transaction: {
      eventId: shownText(event["event_id"]),
      spanId: root.id,
      name: root.name,
      service,
      scope: readScope(event),
    },
  };
}

/** Reads standalone spans into one arrival per trace. */
export function readSpanContainer(payload: unknown): Arrival[] {
  const byTrace = new Map<string, ShownSpan[]>();
  for (const item of entriesOf(payload)) {
    const span = recordOf(item);
    const traceId = shownText(span["trace_id"]);
    const spans = byTrace.get(traceId) ?? [];
    spans.push(standaloneSpanOf(span));
    byTrace.set(traceId, spans);
  }
  return Array.from(byTrace, ([traceId, spans]) => ({ kind: "spans", traceId, spans }));
}

function standaloneSpanOf(span: WireRecord): ShownSpan {
  const data = attributesOf(span["attributes"]);
  const known = Object.fromEntries(data);
  const service = known["service.name"] ?? known["server.address"] ?? "unknown";
  return {
    ...spanOf({ ...span, timestamp: span["end_timestamp"], description: span["name"] }, service),
    op: known["sentry.op"] ?? "",
    isRoot: span["is_segment"] === true,
    data,
  };
}

function spanOf(span: WireRecord, service: string): ShownSpan {
  const start = timeOf(span["start_timestamp"]);
  const end = timeOf(span["timestamp"]);
  if (start === undefined || end === undefined) throw new Error("a span has no start or end time");
  const op = shownText(span["op"]);
  const status = shownText(span["status"]);
  return {
    id: shownText(span["span_id"]),
    parentId: shownText(span["parent_span_id"]),
    name: shownText(span["description"]) || op || "(no name)",
    op,
    status,
    isFailed: !FINE.has(status),
    service,
    start,
    millis: Math.max(end - start, 0),
    isRoot: false,
    data: pairsOf({ origin: span["origin"], ...recordOf(span["data"]), ...linksOf(span) }),
  };
}

function timesOf({ start_timestamp, timestamp }: WireRecord): WireRecord {
  return { start_timestamp, timestamp };
}

function linksOf({ links }: WireRecord): WireRecord {
  return listOf(links).length === 0 ? {} : { links };
}

/** Reads the scope data of an event. */
function readScope(event: WireRecord): ScopeView {
  const { trace: _trace, ...contexts } = recordOf(event["contexts"]);
  return {
    user: pairsOf(event["user"]),
    tags: readTags(event["tags"]),
    // Some SDKs wrap breadcrumbs: { "values": [...] }.
    breadcrumbs: listOf(recordOf(event["breadcrumbs"])["values"] ?? event["breadcrumbs"]).map(
      readBreadcrumb,
    ),
    request: pairsOf(event["request"]),
    extra: pairsOf(event["extra"]),
    contexts: Object.entries(contexts).flatMap(([name, data]) => flatten(shownText(name), data)),
    process: readProcess(event),
  };
}

/** Returns the service that sent an event: OpenTelemetry's `service.name`, else the host name. */
function serviceOf(event: WireRecord): string {
  const { otel, trace } = recordOf(event["contexts"]);
  const resource = recordOf(recordOf(otel)["resource"]);
  const name = resource["service.name"] ?? recordOf(recordOf(trace)["data"])["service.name"];
  return shownText(name) || shownText(event["server_name"]) || "unknown";
}

// Tags may also be a list of pairs.
function readTags(tags: unknown): Pair[] {
  if (!Array.isArray(tags)) return pairsOf(tags);
  return tags.map((tag): Pair => [shownText(listOf(tag)[0]), shownText(listOf(tag)[1])]);
}

function readBreadcrumb(value: unknown): BreadcrumbView {
  const breadcrumb = recordOf(value);
  return {
    at: timeOf(breadcrumb["timestamp"]) ?? 0,
    level: shownText(breadcrumb["level"]) || "info",
    category: shownText(breadcrumb["category"]) || shownText(breadcrumb["type"]),
    message: shownText(breadcrumb["message"]),
    data: pairsOf(breadcrumb["data"]),
  };
}

// The OTel resource is nested in the context `otel`, so its attributes are shown as a context of their own.
function flatten(name: string, data: unknown): [string, Pair[]][] {
  const { resource, ...rest } = recordOf(data);
  const own = pairsOf(rest);
  const nested = pairsOf(resource);
  return [
    ...(own.length > 0 ? ([[name, own]] as [string, Pair[]][]) : []),
    ...(nested.length > 0 ? ([[`${name} resource`, nested]] as [string, Pair[]][]) : []),
  ];
}

function readProcess(event: WireRecord): Pair[] {
  const sdk = recordOf(event["sdk"]);
  const { environment, release, dist, server_name: host } = event;
  const name = shownText(sdk["name"]);
  return pairsOf({
    environment,
    release,
    dist,
    host,
    ...(name !== "" && { sdk: `${name} ${shownText(sdk["version"])}` }),
  });
}
