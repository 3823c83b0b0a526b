import type { Diagnostics } from "../diagnostics/diagnostics.js";
import { guardCallback } from "../diagnostics/diagnostics.js";
import type { Settings } from "../options/options.js";
import type { DiscardReason } from "../protocol/data-category.js";
import type { TransactionEvent, TransactionSpan } from "../protocol/transaction-event.js";
import type { EventHint } from "../protocol/event-hint.js";
import type { EventProcessor } from "../protocol/event-processor.js";
import { processed } from "./event-processors.js";
import { encodeEvent } from "./encode-event.js";
import { reparentSpans } from "./reparent-spans.js";
import { isRecord, isSpan, isTransaction } from "./valid-event.js";

/** A transaction's JSON after the hooks, or why there is none. `droppedSpans` left it on the way. */
export type PipelineResult =
  | { readonly json: string; readonly droppedSpans: number }
  | { readonly dropped: DiscardReason };

/**
 * Runs the application's hooks over a transaction. Without hooks the encoded text goes through as it
 * is; with them it is parsed and encoded again, which only those who asked for it pay.
 */
export function runTransactionHooks(json: string, hooks: TransactionHooks): PipelineResult {
  const { beforeSendSpan, beforeSendTransaction } = hooks.settings;
  const { processors, diagnostics } = hooks;
  const isHooked = beforeSendSpan !== undefined || beforeSendTransaction !== undefined;
  if (!isHooked && processors.length === 0) return { json, droppedSpans: 0 };
  const original = JSON.parse(json) as TransactionEvent;
  const before = original.spans.length;
  const event = processedTransaction(original, hooks);
  if (event === null) return { dropped: "event_processor" };
  if (beforeSendSpan !== undefined) event.spans = hookedSpans(event, beforeSendSpan, diagnostics);
  const result =
    beforeSendTransaction === undefined
      ? event
      : hookedEvent(event, beforeSendTransaction, diagnostics);
  if (result === null) return { dropped: "before_send" };
  return encodeAgain(result, before, diagnostics);
}

/** What runs over a transaction. */
export interface TransactionHooks {
  readonly settings: Settings;
  readonly diagnostics: Diagnostics;
  readonly processors: readonly EventProcessor[];
  readonly hint: EventHint;
}

function processedTransaction(
  event: TransactionEvent,
  hooks: TransactionHooks,
): TransactionEvent | null {
  const { type } = event;
  const result = processed(event, hooks);
  if (result === null) return null;
  if (isTransaction(result))
    return { ...result, spans: result.spans.filter((span) => isSpan(span)), type };
  hooks.diagnostics.warnOnce(
    "hook:event processor",
    "an event processor made of a transaction what is none; it is dropped",
  );
  return null;
}

type SpanHook = NonNullable<Settings["beforeSendSpan"]>;
type TransactionHook = NonNullable<Settings["beforeSendTransaction"]>;

function hookedSpans(
  event: TransactionEvent,
  hook: SpanHook,
  diagnostics: Diagnostics,
): TransactionSpan[] {
  const kept: TransactionSpan[] = [];
  const removed = new Map<string, string | undefined>();
  for (const span of event.spans) {
    const { span_id: id, parent_span_id: parent } = span;
    const result = hookedSpan(span, hook, diagnostics);
    if (result === null) removed.set(id, parent);
    else kept.push(result);
  }
  reparentSpans(kept, removed);
  return kept;
}

// A hook that throws, or returns what is no span, must not cost the span: it goes as it was.
function hookedSpan(
  span: TransactionSpan,
  hook: SpanHook,
  diagnostics: Diagnostics,
): TransactionSpan | null {
  const original = { ...span };
  const outcome = guardCallback(diagnostics, "beforeSendSpan", () => hook(span));
  if (!outcome.ok) return original;
  if (outcome.value === null) return null;
  if (isRecord(outcome.value)) {
    const { span_id, trace_id } = original;
    const hooked = { ...outcome.value, span_id, trace_id };
    if (isSpan(hooked)) return hooked;
  }
  diagnostics.warnOnce(
    "hook:beforeSendSpan",
    "`beforeSendSpan` returned no span; the span goes as it was",
  );
  return original;
}

function hookedEvent(
  event: TransactionEvent,
  hook: TransactionHook,
  diagnostics: Diagnostics,
): TransactionEvent | null {
  const { event_id, type } = event;
  const outcome = guardCallback(diagnostics, "beforeSendTransaction", () => hook(event));
  if (!outcome.ok || outcome.value === null) return null;
  const { value } = outcome;
  if (isTransaction(value))
    return { ...value, spans: value.spans.filter((span) => isSpan(span)), event_id, type };
  diagnostics.warnOnce(
    "hook:beforeSendTransaction",
    "`beforeSendTransaction` returned no transaction (a promise is none); it is dropped",
  );
  return null;
}

// What a hook put into the event may be anything: cyclic, a bigint, a throwing `toJSON`.
function encodeAgain(
  event: TransactionEvent,
  before: number,
  diagnostics: Diagnostics,
): PipelineResult {
  const encoded = guardCallback(diagnostics, "hook result", () => encodeEvent(event));
  if (!encoded.ok) return { dropped: "before_send" };
  return { json: encoded.value, droppedSpans: Math.max(0, before - event.spans.length) };
}
