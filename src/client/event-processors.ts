import { isRecord } from "../support/foreign.js";
import type { CallbackResult, Diagnostics } from "../support/diagnostics.js";
import type { EventHint } from "../protocol/event-hint.js";
import type { EventProcessor, SentryEvent } from "../protocol/event-processor.js";
import { eventCopy } from "./valid-event.js";
import type { Eventual, HookRunner } from "./hook-runner.js";

/** What events are processed with. */
export interface Processing {
  readonly processors: readonly EventProcessor[];
  readonly hint: EventHint;
  readonly diagnostics: Diagnostics;
  readonly hooks: HookRunner;
}

/**
 * The event after all processors, one after the other; `null` if one dropped it. A processor that fails or returns no event
 * is passed over.
 */
export function processed<Event extends SentryEvent>(
  event: Event,
  processing: Processing,
  first: number = 0,
): Eventual<Event | null> {
  const { processors, hint, hooks } = processing;
  let current = event;
  for (const [index, processor] of processors.entries()) {
    if (index < first) continue;
    const before = current;
    // A processor may write into the event that it gets.
    const id = before.event_id;
    const outcome = hooks.call("event processor", () => processor(before, hint));
    if (outcome instanceof Promise) {
      return hooks.andThen(outcome, (late) => {
        const next = resultOf(late, { event: before, id }, processing);
        return next === null ? null : processed(next, processing, index + 1);
      });
    }
    const next = resultOf(outcome, { event: before, id }, processing);
    if (next === null) return null;
    current = next;
  }
  return current;
}

function resultOf<Event extends SentryEvent>(
  outcome: CallbackResult<SentryEvent | null>,
  { event, id }: { readonly event: Event; readonly id: Event["event_id"] },
  { diagnostics }: Processing,
): Event | null {
  const kept = { ...event, event_id: id };
  if (!outcome.ok) return kept;
  const { value } = outcome;
  if (value === null) return null;
  if (isRecord(value)) return { ...eventCopy(value as Event), event_id: id };
  diagnostics.warnOnce(
    "hook:event processor",
    "an event processor returned no event and was passed over. Return the event, or null to drop it.",
  );
  return kept;
}
