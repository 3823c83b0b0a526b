import { recordedException } from "./exception-events.js";
import type { RecordedException } from "./exception-events.js";
import { textOfError, textOfRecorded } from "./reported-errors.js";
import { errorMessage } from "../support/text.js";
import { attempt, isError, propertyOf } from "../support/foreign.js";
import { containsFailures, isCall } from "../semantics/failures.js";
import { inferOrigin } from "../semantics/infer-origin.js";
import { inferSpan } from "../semantics/infer-span.js";
import { withoutReplacements } from "../semantics/framework.js";
import type { ExceptionText } from "../semantics/framework.js";
import type { FinishedSpan, SpanEvent } from "../trace/span.js";
import { attributionOfSpan, recordedErrors } from "../context/attribution.js";
import type { Attribution } from "../context/attribution.js";
import { eventsOf } from "../trace/span.js";

/**
 * Role of a span in a failure. `contained`: the framework catches failures by design, so they never make the root fail.
 * `call`: a CLIENT or PRODUCER span, whose failure its caller may handle. `work`: everything else.
 */
type SpanRole = "call" | "contained" | "work";

/** An exception recorded on a span: the error object, or only its texts. */
export interface SpanException {
  readonly thrown?: { readonly error: unknown };
  readonly recorded?: RecordedException;
  readonly attribution: Attribution;
  /** Milliseconds since 1970. */
  readonly atMillis: number;
  readonly mechanismType: string;
  readonly role: SpanRole;
}

/**
 * Returns the exceptions recorded on a finished span: error objects passed to `recordException`, then `exception`
 * events that were added by hand, of which only the texts are known.
 */
export function spanExceptionsOf(span: FinishedSpan): readonly SpanException[] {
  const texts = eventsOf(span).filter(({ name }) => name === "exception");
  if (texts.length === 0) return [];
  const common = { mechanismType: mechanismOf(span), role: roleOf(span) };
  const seen = recordedErrors(span);
  // Compared by text as well, because not every span shows its events while it is open.
  const seenEvents = new Set<object | undefined>(seen.map(({ event }) => event));
  const seenTexts = new Set(seen.map(({ error }) => textOfError(error)));
  const thrown = seen.map(({ error, attribution, atMillis }) => ({
    thrown: { error },
    attribution,
    atMillis,
    ...common,
  }));
  const attribution = attributionOfSpan(span);
  const others = texts.flatMap((event): SpanException[] => {
    if (seenEvents.has(event)) return [];
    const recorded = recordedException(event.attributes);
    if (recorded === undefined || seenTexts.has(textOfRecorded(recorded))) return [];
    return [{ recorded, attribution, atMillis: millisOf(event), ...common }];
  });
  return withoutReplacements([...thrown, ...others], span.attributes, textOf);
}

function textOf({ thrown, recorded }: SpanException): ExceptionText {
  if (recorded !== undefined) return recorded;
  const error = thrown?.error;
  const digest = propertyOf(error, "digest");
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
