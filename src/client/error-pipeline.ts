import { detached } from "../support/detached.js";
import { isRecord } from "../support/foreign.js";
import type { Diagnostics } from "../support/diagnostics.js";
import { guardCallback } from "../support/diagnostics.js";
import type { Settings } from "../options/options.js";
import { matchesAny } from "../options/text-pattern.js";
import type { DiscardReason } from "../protocol/data-category.js";
import type { ErrorEvent } from "../protocol/error-event.js";
import type { EventHint } from "../protocol/event-hint.js";
import type { MergedScopes } from "../scope/merge.js";
import { encodeConformed } from "./encode-event.js";
import type { EventSurroundings } from "./event-surroundings.js";
import { completeEvent } from "./event-surroundings.js";
import { processed } from "./event-processors.js";
import type { Eventual, HookRunner } from "./hook-runner.js";
import { eventCopy } from "./valid-event.js";
import { redactedEvent } from "../privacy/redact-event.js";

/** What an error event is finished with. */
export interface ErrorContext extends EventSurroundings {
  readonly settings: Settings;
  readonly diagnostics: Diagnostics;
  readonly hooks: HookRunner;
  /** True where no further event can wait for a hook. */
  readonly isFull: () => boolean;
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
export function finishErrorEvent(
  event: ErrorEvent,
  context: ErrorContext,
): Eventual<FinishedEvent> {
  const { settings, merged, hooks } = context;
  if (isIgnored(event, settings)) return { dropped: "event_processor" };
  const isHooked = settings.beforeSend !== undefined || merged.eventProcessors.length > 0;
  if (isHooked && context.isFull()) return { dropped: "queue_overflow" };
  return hooks.andThen(processedEvent(event, context, isHooked), (complete) => {
    if (complete === null) return { dropped: "event_processor" };
    return hooks.andThen(hookedEvent(complete, context), (hooked) => sampled(hooked, context));
  });
}

/** Takes feedback through its steps: scopes and event processors. It is neither ignored nor sampled, and `beforeSend` does not see it. */
export function finishFeedback(event: ErrorEvent, context: ErrorContext): Eventual<FinishedEvent> {
  const { merged, hooks, diagnostics } = context;
  const isProcessed = merged.eventProcessors.length > 0;
  if (isProcessed && context.isFull()) return { dropped: "queue_overflow" };
  return hooks.andThen(processedEvent(event, context, isProcessed), (complete) =>
    complete === null ? { dropped: "event_processor" } : encoded(complete, diagnostics),
  );
}

function sampled(event: ErrorEvent | null, context: ErrorContext): FinishedEvent {
  if (event === null) return { dropped: "before_send" };
  if (context.random() >= context.settings.sampleRate) return { dropped: "sample_rate" };
  return encoded(event, context.diagnostics);
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

// `isSeen`: a hook or an event processor gets the event, and may write into it.
function processedEvent(
  event: ErrorEvent,
  context: ErrorContext,
  isSeen: boolean,
): Eventual<ErrorEvent | null> {
  // Before hooks and processors: what those add, the application has asked for.
  const enriched = context.enrich === undefined ? event : context.enrich(event);
  const complete = redactedEvent(completeEvent(enriched, context), context.settings.sendDefaultPii);
  const { eventProcessors: processors }: MergedScopes = context.merged;
  if (!isSeen) return complete;
  // The process, the scopes and other events share parts of it.
  const own = detached(complete, Infinity);
  if (processors.length === 0) return own;
  return processed(own, { ...context, processors, hint: hintOf(event, context) });
}

function hookedEvent(event: ErrorEvent, context: ErrorContext): Eventual<ErrorEvent | null> {
  const { settings, hooks, diagnostics } = context;
  const { beforeSend } = settings;
  if (beforeSend === undefined) return event;
  const { event_id } = event;
  const outcome = hooks.call("beforeSend", () => beforeSend(event, hintOf(event, context)));
  return hooks.andThen(outcome, (result) => {
    if (!result.ok || result.value === null) return null;
    if (isRecord(result.value)) return { ...eventCopy(result.value), event_id };
    diagnostics.warnOnce(
      "hook:beforeSend",
      "`beforeSend` returned no event; the event was dropped. Return the event, or null to drop it.",
    );
    return null;
  });
}

function hintOf({ event_id }: ErrorEvent, { originalException }: ErrorContext): EventHint {
  return { event_id, originalException };
}

// What hooks put into the event may be anything: cyclic, a bigint, a throwing `toJSON`.
function encoded(event: ErrorEvent, diagnostics: Diagnostics): FinishedEvent {
  const result = guardCallback(diagnostics, "hook result", () =>
    encodeConformed(event, diagnostics),
  );
  return result.ok ? { json: result.value } : { dropped: "before_send" };
}
