import { readScope, serviceOf } from "./read-scope.js";
import type { ErrorView, ExceptionView, FrameView } from "./views.js";
import { listOf, numberOf, recordOf, shownText, timeOf } from "./wire.js";
import type { WireRecord } from "./wire.js";

/** Reads an error or message event. */
export function readError(payload: unknown): ErrorView {
  const event = recordOf(payload);
  const trace = recordOf(recordOf(event["contexts"])["trace"]);
  // Sentry's SDKs put the cause before what it caused.
  const exceptions = valuesOf(event["exception"]).map(readException).toReversed();
  const eventId = shownText(event["event_id"]);
  return {
    eventId,
    // An event without a trace is listed as a trace of its own.
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

// { "values": [...] }, or the list alone, or one exception.
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
