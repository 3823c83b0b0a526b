import { recordedException } from "./recorded-exception.js";
import type { RecordedException } from "./recorded-exception.js";
import { textOfError, textOfRecorded } from "./reported-errors.js";
import { errorMessage } from "../support/error-shape.js";
import { attempt, isError, memberOf } from "../support/foreign.js";
import { containsFailures } from "../semantics/contained-failures.js";
import { inferOrigin } from "../semantics/infer-origin.js";
import { inferSpan } from "../semantics/infer-span.js";
import { withoutReplacements } from "../semantics/next-span.js";
import type { ExceptionText } from "../semantics/next-span.js";
import { isCall } from "../semantics/root-failure.js";
import type { FinishedSpan, SpanEvent } from "../trace/finished-span.js";
import { placeOfSpan, recordedErrors } from "../context/error-places.js";
import type { ErrorPlace } from "../context/error-places.js";
import { eventsOf } from "../trace/span-events.js";

/**
 * The part that a span has in a failure. `contained`: its framework swallows failures by design. `call`: they are
 * its caller's business. `work`: everything else.
 */
export type SpanRole = "call" | "contained" | "work";

/** An exception that was recorded on a span: the error itself, or its text. */
export interface SpanException {
  readonly thrown?: { readonly error: unknown };
  readonly recorded?: RecordedException;
  readonly place: ErrorPlace;
  /** Milliseconds since 1970. */
  readonly atMillis: number;
  readonly mechanismType: string;
  readonly role: SpanRole;
}

/**
 * The exceptions that were recorded on a finished span: errors that were seen themselves, then events that
 * somebody wrote by hand, which are texts alone.
 */
export function exceptionsOf(span: FinishedSpan): readonly SpanException[] {
  const texts = eventsOf(span).filter(({ name }) => name === "exception");
  if (texts.length === 0) return [];
  const common = { mechanismType: mechanismOf(span), role: roleOf(span) };
  const seen = recordedErrors(span);
  // By their texts where the span does not show its events while it is open.
  const seenEvents = new Set<object | undefined>(seen.map(({ event }) => event));
  const seenTexts = new Set(seen.map(({ error }) => textOfError(error)));
  const thrown = seen.map(({ error, place, atMillis }) => ({
    thrown: { error },
    place,
    atMillis,
    ...common,
  }));
  const place = placeOfSpan(span);
  const others = texts.flatMap((event): SpanException[] => {
    if (seenEvents.has(event)) return [];
    const recorded = recordedException(event.attributes);
    if (recorded === undefined || seenTexts.has(textOfRecorded(recorded))) return [];
    return [{ recorded, place, atMillis: millisOf(event), ...common }];
  });
  return withoutReplacements([...thrown, ...others], span.attributes, textOf);
}

function textOf({ thrown, recorded }: SpanException): ExceptionText {
  if (recorded !== undefined) return recorded;
  const error = thrown?.error;
  const digest = memberOf(error, "digest");
  return {
    message: isError(error) ? errorMessage(error) : "",
    digest: typeof digest === "string" ? digest : undefined,
  };
}

function millisOf({ time: [seconds, nanos] }: SpanEvent): number {
  return seconds * 1000 + nanos / 1e6;
}

function roleOf(span: FinishedSpan): SpanRole {
  if (attempt(() => containsFailures(span), false)) return "contained";
  return isCall(span.kind) ? "call" : "work";
}

function mechanismOf(span: FinishedSpan): string {
  const origin = inferOrigin(span.instrumentationScope.name, inferSpan(span).op);
  return origin.startsWith("auto.") ? origin : "auto.otel.span";
}
