import type { Diagnostics } from "../diagnostics/diagnostics.js";
import { guardCallback } from "../diagnostics/diagnostics.js";
import type { EventHint } from "../protocol/event-hint.js";
import type { EventProcessor, SentryEvent } from "../protocol/event-processor.js";
import { isRecord } from "./valid-event.js";

/** What events are processed with. */
export interface Processing {
  readonly processors: readonly EventProcessor[];
  readonly hint: EventHint;
  readonly diagnostics: Diagnostics;
}

/** The event after all processors; `null` if one dropped it. One that throws, or returns what is no event, is passed over. */
export function processed<Event extends SentryEvent>(
  event: Event,
  processing: Processing,
): Event | null {
  let current = event;
  for (const processor of processing.processors) {
    const result = processedBy(processor, current, processing);
    if (result === null) return null;
    current = result;
  }
  return current;
}

function processedBy<Event extends SentryEvent>(
  processor: EventProcessor,
  event: Event,
  { hint, diagnostics }: Processing,
): Event | null {
  const outcome = guardCallback(diagnostics, "event processor", () => processor(event, hint));
  if (!outcome.ok) return event;
  const { value } = outcome;
  if (value === null) return null;
  if (isRecord(value)) return { ...(value as Event), event_id: event.event_id };
  diagnostics.warnOnce(
    "hook:event processor",
    "an event processor returned no event (a promise is none); it is passed over",
  );
  return event;
}
