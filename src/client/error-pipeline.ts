import type { TraceContext } from "./capture-input.js";
import { encodeConformed } from "./encode-event.js";
import { runEventProcessors } from "./hooks.js";
import type { MaybePromise, HookRunner } from "./hooks.js";
import { SDK_INFO } from "./process-data.js";
import type { ProcessData } from "./process-data.js";
import { copyEvent } from "./valid-event.js";
import type { WaitingEvent } from "./waiting-events.js";
import type { Settings } from "../options/options.js";
import { matchesAny } from "../options/text-pattern.js";
import { redactedEvent } from "../privacy/redact-event.js";
import type { DataCategory, DiscardReason } from "../protocol/data-category.js";
import type { ErrorEvent, EventHint, JsonRecord } from "../protocol/events.js";
import type { MergedScopes } from "../scope/merge.js";
import type { Breadcrumb } from "../scope/scope-data.js";
import { detached } from "../support/detached.js";
import { guardCallback } from "../support/diagnostics.js";
import type { CallbackName, Diagnostics } from "../support/diagnostics.js";
import { attempt, isRecord } from "../support/foreign.js";
import { overlaid, withoutUnset } from "../support/collections.js";

/** Settings, hooks and data with which an error event is completed. */
export interface ErrorContext extends EventAdditions {
  readonly settings: Settings;
  readonly diagnostics: Diagnostics;
  readonly hooks: HookRunner;
  /** Makes room for one more event that waits for a hook; returns false if there is none. May drop other data. */
  readonly makeRoom: (category: DataCategory) => boolean;
  /** The event's entry while it waits for hooks. */
  readonly waiting: Pick<WaitingEvent, "length">;
  readonly random: () => number;
  readonly enrich?: ((event: ErrorEvent) => ErrorEvent) | undefined;
  /** The thrown value; absent for messages. */
  readonly originalException?: unknown;
}

/** The event's JSON, or the reason why it was dropped. */
export type FinishedEvent = { readonly dropped: DiscardReason } | { readonly json: string };

/**
 * Runs an error event through the client's steps in the protocol's order: ignored patterns, scopes, event processors,
 * `beforeSend`, sampling.
 */
export function finishErrorEvent(
  event: ErrorEvent,
  context: ErrorContext,
): MaybePromise<FinishedEvent> {
  const { settings, merged, hooks } = context;
  if (isIgnored(event, settings)) return { dropped: "event_processor" };
  const isHooked = settings.beforeSend !== undefined || merged.eventProcessors.length > 0;
  if (isHooked && !context.makeRoom("error")) return { dropped: "queue_overflow" };
  return hooks.andThen(processedEvent(event, context, isHooked), (complete) => {
    if (complete === null) return { dropped: "event_processor" };
    return hooks.andThen(hookedEvent(complete, context), (hooked) => sampled(hooked, context));
  });
}

/** Applies scopes and event processors to feedback. It is neither filtered nor sampled, and `beforeSend` is not called. */
export function finishFeedback(
  event: ErrorEvent,
  context: ErrorContext,
): MaybePromise<FinishedEvent> {
  const { merged, hooks, diagnostics } = context;
  const isProcessed = merged.eventProcessors.length > 0;
  if (isProcessed && !context.makeRoom("feedback")) return { dropped: "queue_overflow" };
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

// `isSeen` is true if a hook or an event processor receives the event, and may therefore change it.
function processedEvent(
  event: ErrorEvent,
  context: ErrorContext,
  isSeen: boolean,
): MaybePromise<ErrorEvent | null> {
  // Secrets are filtered before hooks and processors run, because data that the application adds there is added on
  // purpose.
  const enriched = context.enrich === undefined ? event : context.enrich(event);
  const complete = redactedEvent(completeEvent(enriched, context), context.settings.sendDefaultPii);
  const { eventProcessors: processors }: MergedScopes = context.merged;
  if (!isSeen) return complete;
  // Copied, because the process, the scopes and other events share parts of the event.
  const own = detached(complete, Infinity);
  context.waiting.length = () => attempt(() => JSON.stringify(own).length, 0);
  if (processors.length === 0) return own;
  return runEventProcessors(own, { ...context, processors, hint: hintOf(event, context) });
}

const BEFORE_SEND: CallbackName = { name: "beforeSend", effect: "the event was dropped" };
const HOOK_RESULT: CallbackName = {
  name: "hook result",
  effect: "the event cannot be encoded and was dropped",
};

function hookedEvent(event: ErrorEvent, context: ErrorContext): MaybePromise<ErrorEvent | null> {
  const { settings, hooks, diagnostics } = context;
  const { beforeSend } = settings;
  if (beforeSend === undefined) return event;
  const { event_id } = event;
  const outcome = hooks.call(BEFORE_SEND, () => beforeSend(event, hintOf(event, context)));
  return hooks.andThen(outcome, (result) => {
    if (!result.ok || result.value === null) return null;
    if (isRecord(result.value)) return { ...copyEvent(result.value), event_id };
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

// A hook may have added anything: cycles, bigints, a throwing `toJSON`.
function encoded(event: ErrorEvent, diagnostics: Diagnostics): FinishedEvent {
  const result = guardCallback(diagnostics, HOOK_RESULT, () => encodeConformed(event, diagnostics));
  return result.ok ? { json: result.value } : { dropped: "before_send" };
}

/** Data of the scopes, the process and the request. The event's own values take precedence. */
interface EventAdditions {
  readonly merged: MergedScopes;
  readonly processData: ProcessData;
  readonly trace: TraceContext | undefined;
  /** Name of the transaction in which the event was captured. */
  readonly transaction: string | undefined;
  /** The request in which the event was captured (protocol: request interface). */
  readonly request?: JsonRecord | undefined;
}

// Adds the data of scopes, process, trace and request (protocol: merge of scopes).
function completeEvent(event: ErrorEvent, additions: EventAdditions): ErrorEvent {
  const { merged, processData } = additions;
  const known = {
    environment: processData.environment,
    sdk: SDK_INFO,
    release: processData.release,
    dist: processData.dist,
    server_name: processData.serverName,
    transaction: merged.transactionName ?? additions.transaction,
    request: additions.request,
  };
  const together = {
    user: unlessEmpty(overlaid(merged.user, event.user)),
    tags: unlessEmpty(overlaid(merged.tags, event.tags)),
    extra: unlessEmpty(overlaid(merged.extra, event.extra)),
    breadcrumbs: breadcrumbsOf(event, merged),
    fingerprint: fingerprintOf(event, merged),
  };
  const complete: ErrorEvent = {
    ...event,
    level: merged.level ?? event.level,
    contexts: contextsOf(event, additions),
  };
  return Object.assign(withoutUnset(known), complete, withoutUnset(together));
}

function contextsOf(
  event: ErrorEvent,
  { merged, processData, trace }: EventAdditions,
): Record<string, JsonRecord> {
  const known = {
    // First, because a large event is cut at its end.
    ...traceContext(trace),
    ...processData.machine,
    ...merged.contexts,
    runtime: { name: "node", version: process.version },
    ...(processData.resource !== undefined && { otel: { resource: processData.resource } }),
    ...traceContext(trace),
  };
  return overlaid(known, event.contexts);
}

function breadcrumbsOf(
  event: ErrorEvent,
  { breadcrumbs }: { readonly breadcrumbs: readonly Breadcrumb[] },
): { values: JsonRecord[] } | undefined {
  const own = event.breadcrumbs?.values ?? [];
  // Not copied, because what is filtered out of a frozen breadcrumb is remembered for the next event.
  const all = [...(breadcrumbs as readonly JsonRecord[]), ...own];
  return all.length === 0 ? undefined : { values: all };
}

function fingerprintOf(event: ErrorEvent, merged: MergedScopes): string[] | undefined {
  const parts = [...(event.fingerprint ?? []), ...(merged.fingerprint ?? [])];
  return parts.length === 0 ? undefined : parts;
}

function traceContext(trace: TraceContext | undefined): Record<string, JsonRecord> {
  if (trace === undefined) return {};
  const { traceId: trace_id, spanId: span_id, parentSpanId: parent_span_id } = trace;
  return { trace: withoutUnset({ trace_id, span_id, parent_span_id }) };
}

function unlessEmpty<T extends object>(value: T): T | undefined {
  return Object.keys(value).length === 0 ? undefined : value;
}
