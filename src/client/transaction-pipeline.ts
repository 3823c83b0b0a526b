import { processContextsJson } from "./process-data.js";
import type { ProcessData } from "./process-data.js";
import { scopeJson } from "./scope-json.js";
import type { TransactionInput } from "./capture-input.js";
import type { MergedScopes } from "../scope/merge.js";
import { encodeConformed } from "./encode-event.js";
import { runEventProcessors } from "./hooks.js";
import type { MaybePromise, HookRunner } from "./hooks.js";
import { copyEvent, isValidSpan, isValidTransaction, validSpansOf } from "./valid-event.js";
import type { Settings } from "../options/options.js";
import { matchesNamed } from "../options/text-pattern.js";
import type { DataCategory, DiscardReason } from "../protocol/data-category.js";
import type {
  EventHint,
  EventProcessor,
  TransactionEvent,
  TransactionSpan,
} from "../protocol/events.js";
import { guardCallback, reportAsyncHook } from "../support/diagnostics.js";
import type { CallbackName, Diagnostics } from "../support/diagnostics.js";
import { isRecord, isThenable } from "../support/foreign.js";

/** A transaction's JSON after the hooks and the number of spans that they removed, or the reason why it was dropped. */
export type PipelineResult =
  | { readonly json: string; readonly droppedSpans: number }
  | { readonly dropped: DiscardReason };

interface TransactionContent {
  readonly input: TransactionInput;
  readonly processData: ProcessData;
  readonly eventId: string;
  readonly merged: MergedScopes;
  readonly settings: Settings;
}

/** Tells whether the option `ignoreTransactions` drops a transaction. */
export function isIgnored(
  { name, spanName = name, op }: TransactionInput,
  settings: Settings,
): boolean {
  const named = { names: [name, spanName], op };
  return settings.ignoreTransactions.some((pattern) => matchesNamed(named, pattern));
}

/** The JSON of a transaction event, and its size in UTF-8. */
interface TransactionText {
  readonly json: string;
  readonly bytes: number;
}

/** Returns the JSON of a transaction event: its spans, the process data and the scopes. */
export function transactionJson(content: TransactionContent): TransactionText {
  const { input, processData, eventId, merged } = content;
  const scopes = scopeJson(merged, content.settings);
  const status = input.responseStatusCode;
  const response = status === undefined ? "" : `,"response":{"status_code":${status}}`;
  // If the scopes' contexts were removed for their size, those of the process are kept.
  const process = processContextsJson(processData, scopes.contexts === "" ? {} : merged.contexts);
  const { beforeSpans, spans, spansBytes, afterSpans } = input.fields;
  const before = `{"event_id":"${eventId}",${beforeSpans}`;
  const after = `${afterSpans}${processData.json}${scopes.event},"contexts":{"trace":{${input.traceContext}}${response}${process}${scopes.contexts}}}`;
  const bytes = Buffer.byteLength(before) + spansBytes + Buffer.byteLength(after);
  return { json: before + spans + after, bytes };
}

/** The hooks that a transaction passes through. */
export interface TransactionHooks {
  readonly settings: Settings;
  readonly diagnostics: Diagnostics;
  readonly processors: readonly EventProcessor[];
  readonly hint: EventHint;
  readonly hooks: HookRunner;
  /** Makes room for one more event that waits for a hook; returns false if there is none. May drop other data. */
  readonly makeRoom: (category: DataCategory) => boolean;
}

/**
 * Runs the application's hooks on a transaction: event processors, `beforeSendSpan`, `beforeSendTransaction`. Without
 * hooks the JSON is returned unchanged; it is parsed and encoded again only for hooks.
 */
export function runTransactionHooks(
  json: string,
  context: TransactionHooks,
): MaybePromise<PipelineResult> {
  const { beforeSendSpan, beforeSendTransaction } = context.settings;
  const { processors, diagnostics, hooks } = context;
  const isAwaitable = beforeSendTransaction !== undefined || processors.length > 0;
  if (!isAwaitable && beforeSendSpan === undefined) return { json, droppedSpans: 0 };
  if (isAwaitable && !context.makeRoom("transaction")) return { dropped: "queue_overflow" };
  const original = JSON.parse(json) as TransactionEvent;
  const before = original.spans.length;
  return hooks.andThen(processedTransaction(original, context), (event) => {
    if (event === null) return { dropped: "event_processor" };
    if (beforeSendSpan !== undefined) event.spans = spansAfterHook(event, beforeSendSpan, context);
    return hooks.andThen(hookedEvent(event, context), (result) =>
      result === null ? { dropped: "before_send" } : encodeAgain(result, before, diagnostics),
    );
  });
}

function processedTransaction(
  event: TransactionEvent,
  context: TransactionHooks,
): MaybePromise<TransactionEvent | null> {
  if (context.processors.length === 0) return event;
  const { type } = event;
  return context.hooks.andThen(runEventProcessors(event, context), (result) =>
    result === null ? null : checkedTransaction(result, type, context),
  );
}

function checkedTransaction(
  result: TransactionEvent,
  type: TransactionEvent["type"],
  { diagnostics }: TransactionHooks,
): TransactionEvent | null {
  if (isValidTransaction(result))
    return { ...copyEvent(result), spans: validSpansOf(result), type };
  diagnostics.warnOnce(
    "hook:eventProcessor",
    "an event processor returned an invalid transaction; it was dropped. Return the event, or null to drop it.",
  );
  return null;
}

const BEFORE_SEND_SPAN: CallbackName = {
  name: "beforeSendSpan",
  effect: "the span is sent unchanged",
};
const BEFORE_SEND_TRANSACTION: CallbackName = {
  name: "beforeSendTransaction",
  effect: "the transaction was dropped",
};
const HOOK_RESULT: CallbackName = {
  name: "hook result",
  effect: "the transaction cannot be encoded and was dropped",
};

type SpanHook = NonNullable<Settings["beforeSendSpan"]>;

// One call for all spans, because each call changes the active context, which takes a microsecond.
function spansAfterHook(
  event: TransactionEvent,
  hook: SpanHook,
  { hooks, diagnostics }: TransactionHooks,
): TransactionSpan[] {
  const run = (): TransactionSpan[] => hookedSpans(event, hook, diagnostics);
  const outcome = hooks.callNow(BEFORE_SEND_SPAN, run);
  return outcome.ok ? outcome.value : event.spans;
}

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

// If the hook throws or returns an invalid span, the span is sent unchanged.
function hookedSpan(
  span: TransactionSpan,
  hook: SpanHook,
  diagnostics: Diagnostics,
): TransactionSpan | null {
  const original = { ...span };
  const outcome = guardCallback(diagnostics, BEFORE_SEND_SPAN, () => hook(span));
  if (!outcome.ok) return original;
  if (outcome.value === null) return null;
  if (isRecord(outcome.value)) {
    const { span_id, trace_id } = original;
    const hooked = { ...copyEvent(outcome.value), span_id, trace_id };
    if (isValidSpan(hooked)) return hooked;
  }
  reportNoSpan(outcome.value, diagnostics);
  return original;
}

function reportNoSpan(value: unknown, diagnostics: Diagnostics): void {
  if (isThenable(value))
    return reportAsyncHook(diagnostics, BEFORE_SEND_SPAN.name, BEFORE_SEND_SPAN.effect);
  diagnostics.warnOnce(
    "hook:beforeSendSpan",
    "`beforeSendSpan` returned an invalid span; the span is sent unchanged. Return the span, or null to drop it.",
  );
}

function hookedEvent(
  event: TransactionEvent,
  { settings, diagnostics, hooks, hint }: TransactionHooks,
): MaybePromise<TransactionEvent | null> {
  const { event_id, type } = event;
  const { beforeSendTransaction } = settings;
  if (beforeSendTransaction === undefined) return event;
  const outcome = hooks.call(BEFORE_SEND_TRANSACTION, () => beforeSendTransaction(event, hint));
  return hooks.andThen(outcome, (result) => {
    if (!result.ok || result.value === null) return null;
    const { value } = result;
    if (isValidTransaction(value))
      return { ...copyEvent(value), spans: validSpansOf(value), event_id, type };
    diagnostics.warnOnce(
      "hook:beforeSendTransaction",
      "`beforeSendTransaction` returned an invalid transaction; it was dropped. Return the event, or null to drop it.",
    );
    return null;
  });
}

// A hook may have added anything: cycles, bigints, a throwing `toJSON`.
function encodeAgain(
  event: TransactionEvent,
  before: number,
  diagnostics: Diagnostics,
): PipelineResult {
  const encoded = guardCallback(diagnostics, HOOK_RESULT, () =>
    encodeConformed(event, diagnostics, before),
  );
  if (!encoded.ok) return { dropped: "before_send" };
  return { json: encoded.value, droppedSpans: Math.max(0, before - event.spans.length) };
}

// Attaches the children of removed spans to the nearest remaining ancestor.
function reparentSpans(
  spans: readonly TransactionSpan[],
  removed: ReadonlyMap<string, string | undefined>,
): void {
  if (removed.size === 0) return;
  for (const span of spans) {
    const parent = keptAncestor(span.parent_span_id, removed);
    if (parent === undefined) delete span.parent_span_id;
    else span.parent_span_id = parent;
  }
}

function keptAncestor(
  parent: string | undefined,
  removed: ReadonlyMap<string, string | undefined>,
): string | undefined {
  let ancestor = parent;
  // At most one step per removed span, so that the walk ends even if the ids form a cycle.
  for (let steps = 0; steps <= removed.size && ancestor !== undefined; steps++) {
    if (!removed.has(ancestor)) return ancestor;
    ancestor = removed.get(ancestor);
  }
  return undefined;
}
