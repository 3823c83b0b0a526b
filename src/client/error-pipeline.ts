import type { Diagnostics } from "../diagnostics/diagnostics.js";
import { guardCallback } from "../diagnostics/diagnostics.js";
import type { Settings } from "../options/options.js";
import { matchesAny } from "../options/text-pattern.js";
import type { DiscardReason } from "../protocol/data-category.js";
import type { ErrorEvent } from "../protocol/error-event.js";
import type { EventHint } from "../protocol/event-hint.js";
import type { MergedScopes } from "../scope/merge.js";
import { encodeEvent } from "./encode-event.js";
import type { EventSurroundings } from "./event-surroundings.js";
import { completeEvent } from "./event-surroundings.js";
import { processed } from "./event-processors.js";
import { redactedEvent } from "./redact.js";
import { isRecord } from "./valid-event.js";

/** What an error event is finished with. */
export interface ErrorContext extends EventSurroundings {
  readonly settings: Settings;
  readonly diagnostics: Diagnostics;
  readonly random: () => number;
  readonly enrich?: ((event: ErrorEvent) => ErrorEvent) | undefined;
  /** What was thrown; absent where nothing was. */
  readonly originalException?: unknown;
}

/** The event's JSON, or why it is dropped. */
export type FinishedEvent = { readonly dropped: DiscardReason } | { readonly json: string };

/**
 * Takes an error event through the client's steps in the protocol's order: ignored patterns, scopes,
 * event processors, `beforeSend`, sampling.
 */
export function finishErrorEvent(event: ErrorEvent, context: ErrorContext): FinishedEvent {
  if (isIgnored(event, context.settings)) return { dropped: "event_processor" };
  const complete = processedEvent(event, context);
  if (complete === null) return { dropped: "event_processor" };
  const hooked = hookedEvent(complete, context);
  if (hooked === null) return { dropped: "before_send" };
  if (context.random() >= context.settings.sampleRate) return { dropped: "sample_rate" };
  return encoded(hooked, context.diagnostics);
}

/** The same for feedback, which is neither ignored nor sampled, and which `beforeSend` does not see. */
export function finishFeedback(event: ErrorEvent, context: ErrorContext): FinishedEvent {
  const complete = processedEvent(event, context);
  if (complete === null) return { dropped: "event_processor" };
  return encoded(complete, context.diagnostics);
}

function isIgnored(event: ErrorEvent, settings: Settings): boolean {
  if (settings.ignoreErrors.length === 0) return false;
  const error = event.exception?.values.at(-1);
  const texts = [
    event.message,
    event.logentry?.message,
    event.logentry?.formatted,
    error?.value,
    `${error?.type}: ${error?.value}`,
  ];
  return texts.some((text) => text !== undefined && matchesAny(text, settings.ignoreErrors));
}

function processedEvent(event: ErrorEvent, context: ErrorContext): ErrorEvent | null {
  // Before hooks and processors: what those add, the application has asked for.
  const enriched = context.enrich === undefined ? event : context.enrich(event);
  const complete = redactedEvent(completeEvent(enriched, context));
  const { eventProcessors: processors }: MergedScopes = context.merged;
  if (processors.length === 0) return complete;
  const { diagnostics } = context;
  return processed(complete, { processors, diagnostics, hint: hintOf(event, context) });
}

function hookedEvent(event: ErrorEvent, context: ErrorContext): ErrorEvent | null {
  const { beforeSend } = context.settings;
  if (beforeSend === undefined) return event;
  const outcome = guardCallback(context.diagnostics, "beforeSend", () =>
    beforeSend(event, hintOf(event, context)),
  );
  if (!outcome.ok || outcome.value === null) return null;
  if (isRecord(outcome.value)) return { ...outcome.value, event_id: event.event_id };
  context.diagnostics.warnOnce(
    "hook:beforeSend",
    "`beforeSend` returned no event (a promise is none); the event is dropped",
  );
  return null;
}

function hintOf({ event_id }: ErrorEvent, { originalException }: ErrorContext): EventHint {
  return { event_id, originalException };
}

// What hooks put into the event may be anything: cyclic, a bigint, a throwing `toJSON`.
function encoded(event: ErrorEvent, diagnostics: Diagnostics): FinishedEvent {
  const result = guardCallback(diagnostics, "hook result", () => encodeEvent(event));
  return result.ok ? { json: result.value } : { dropped: "before_send" };
}
