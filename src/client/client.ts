import type { DiscardCounts, DiscardLedger } from "../client-reports/discard-recorder.js";
import type { Diagnostics } from "../diagnostics/diagnostics.js";
import type { Settings } from "../options/options.js";
import type { DiscardReason, ItemCount } from "../protocol/data-category.js";
import { encodeEnvelope } from "../protocol/envelope.js";
import type { EncodedEnvelope, EnvelopeParts } from "../protocol/envelope.js";
import type { ErrorEvent } from "../protocol/error-event.js";
import { dscJson } from "../propagation/dsc.js";
import { mergeScopes } from "../scope/merge.js";
import type { ScopeData } from "../scope/scope-data.js";
import type { EnvelopeSender } from "../transport/envelope-sender.js";
import { deadline, systemTimers } from "../transport/timers.js";
import type { ErrorTrace, TransactionInput } from "./capture-input.js";
import { finishErrorEvent } from "./error-pipeline.js";
import { MAX_ITEM_BYTES, fitTransaction } from "./fit-transaction.js";
import { createProcessMembers, SDK_HEADER_MEMBER } from "./process-members.js";
import type { ProcessMembers } from "./process-members.js";
import type { ResourceView } from "./capture-input.js";
import { scopeMembers } from "./scope-members.js";
import { countsOf } from "./stats.js";
import type { ClientStats, SpanCounts } from "./stats.js";
import { matchesAny } from "../options/text-pattern.js";
import { createTraceContext } from "./trace-context.js";
import type { TraceContextSource } from "./trace-context.js";
import { runTransactionHooks } from "./transaction-pipeline.js";

/** A part that holds spans before the client gets them. */
export interface SpanSource {
  counts(): SpanCounts;
  /** Hands over everything that has finished; resolves when it has. */
  flush(): Promise<void>;
}

/** What a client is made of. */
export interface ClientParts {
  readonly settings: Settings;
  readonly diagnostics: Diagnostics;
  readonly ledger: DiscardLedger;
  /** Absent without a DSN: then nothing is sent. */
  readonly sender: EnvelopeSender | undefined;
  /** Gets a copy of every envelope, and counts for nothing. */
  readonly spotlight: EnvelopeSender | undefined;
  readonly publicKey: string;
  readonly orgId: string | undefined;
  /** Envelope header members beside the SDK's: the DSN, with a tunnel. */
  readonly headerMembers: string;
  readonly newEventId: () => string;
  readonly random: () => number;
}

/** One Sentry client: it takes what was captured, applies scopes and hooks, and has it delivered. */
export class SentryClient {
  readonly settings: Settings;
  readonly diagnostics: Diagnostics;
  readonly #parts: ClientParts;
  readonly #membersOf: (resource: ResourceView | undefined) => ProcessMembers;
  readonly #traceContext: TraceContextSource;
  readonly #sources = new Set<SpanSource>();
  #resource: ResourceView | undefined;
  #closing: Promise<boolean> | undefined;

  /** Use `createClient`. */
  constructor(parts: ClientParts) {
    this.settings = parts.settings;
    this.diagnostics = parts.diagnostics;
    this.#parts = parts;
    this.#membersOf = createProcessMembers(parts.settings);
    this.#traceContext = createTraceContext(parts);
  }

  /** Whether `close` was called: what comes later is counted as `closed`. */
  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** Counts what is lost on the way to this client. */
  get ledger(): DiscardLedger {
    return this.#parts.ledger;
  }

  /** Makes a part's spans count, and be flushed, with the client. */
  addSpanSource(source: SpanSource): void {
    this.#sources.add(source);
  }

  /** Sends a transaction whose spans are encoded. Never throws. */
  captureTransaction(input: TransactionInput): void {
    const contents = transactionContents(input.spanCount);
    try {
      this.#resource ??= input.resource;
      this.#sendTransaction(input, contents);
    } catch (error) {
      this.#drop("internal_sdk_error", contents, "a transaction could not be encoded and is lost", error);
    }
  }

  /** Sends an error event; returns its id, whether or not it is sent. Never throws. */
  captureError(event: ErrorEvent, scopes: readonly ScopeData[], trace: ErrorTrace | undefined): string {
    const contents: readonly ItemCount[] = [{ category: "error", quantity: 1 }];
    try {
      this.#sendError(event, { scopes, trace, contents });
    } catch (error) {
      this.#drop("internal_sdk_error", contents, "an error event could not be encoded and is lost", error);
    }
    return event.event_id;
  }

  /**
   * Sends everything that was captured before the call. Resolves to true when all of it has an
   * outcome, to false after `timeoutMillis`. Never rejects.
   */
  async flush(timeoutMillis: number = this.settings.shutdownTimeoutMillis): Promise<boolean> {
    const remaining = await this.#flushSources(timeoutMillis);
    const { sender, spotlight } = this.#parts;
    const flushed = await Promise.all([sender?.flush(remaining), spotlight?.flush(remaining)]);
    return flushed[0] ?? true;
  }

  /** Flushes, then lets go of everything. Idempotent: a second call returns the first one's promise. */
  close(timeoutMillis: number = this.settings.shutdownTimeoutMillis): Promise<boolean> {
    this.#closing ??= this.#close(timeoutMillis);
    return this.#closing;
  }

  /** What was captured and what became of it. */
  stats(): ClientStats {
    const sources = [...this.#sources].map((source) => source.counts());
    return countsOf(sources, this.#parts.sender?.stats(), this.#discarded());
  }

  #discarded(): DiscardCounts {
    return this.#parts.ledger.snapshot();
  }

  async #close(timeoutMillis: number): Promise<boolean> {
    const remaining = await this.#flushSources(timeoutMillis);
    const { sender, spotlight } = this.#parts;
    const closed = await Promise.all([sender?.close(remaining), spotlight?.close(remaining)]);
    return closed[0] ?? true;
  }

  // Returns the milliseconds that are left of the time.
  async #flushSources(timeoutMillis: number): Promise<number> {
    const start = performance.now();
    const box = deadline(systemTimers, timeoutMillis);
    await Promise.race([Promise.allSettled([...this.#sources].map((source) => source.flush())), box.passed]);
    box.cancel();
    return Math.max(0, timeoutMillis - (performance.now() - start));
  }

  #sendTransaction(input: TransactionInput, contents: readonly ItemCount[]): void {
    if (matchesAny(input.name, this.settings.ignoreTransactions)) {
      this.#parts.ledger.record("event_processor", contents);
      return;
    }
    const eventId = this.#parts.newEventId();
    const result = runTransactionHooks(this.#transactionJson(input, eventId), this.settings, this.diagnostics);
    if ("dropped" in result) {
      this.#parts.ledger.record(result.dropped, contents);
      return;
    }
    if (result.droppedSpans > 0) this.#recordSpans(result.droppedSpans);
    this.#send({
      eventId,
      category: "transaction",
      itemType: "transaction",
      payload: this.#fitted(result.json),
      headerMembers: this.#header(dscJsonOf(this.#traceContext.ofTransaction(input.trace, this.#membersOf(input.resource)))),
      contents: transactionContents(input.spanCount - result.droppedSpans),
    });
  }

  #fitted(json: string): string {
    // No text of this length can have too many bytes.
    if (json.length <= MAX_ITEM_BYTES / 3) return json;
    const fitted = fitTransaction(json);
    if (fitted === undefined) return json;
    this.diagnostics.warnOnce("transaction:size", "a transaction was larger than Sentry takes; long texts in it were cut");
    return fitted;
  }

  #transactionJson(input: TransactionInput, eventId: string): string {
    const members = this.#membersOf(input.resource);
    const scopes = scopeMembers(mergeScopes(input.scopes, this.settings.maxBreadcrumbs));
    const response =
      input.responseStatusCode === undefined ? "" : `,"response":{"status_code":${input.responseStatusCode}}`;
    return `${input.openJson(eventId)}${members.json}${scopes.event},"contexts":{"trace":{${input.traceContext}}${response}${members.contexts}${scopes.contexts}}}`;
  }

  #sendError(
    event: ErrorEvent,
    capture: {
      scopes: readonly ScopeData[];
      trace: ErrorTrace | undefined;
      contents: readonly ItemCount[];
    },
  ): void {
    const members = this.#membersOf(this.#resource);
    const merged = mergeScopes(capture.scopes, this.settings.maxBreadcrumbs);
    const finished = finishErrorEvent(event, {
      merged,
      members,
      trace: capture.trace,
      settings: this.settings,
      diagnostics: this.diagnostics,
      random: this.#parts.random,
    });
    if ("dropped" in finished) {
      this.#parts.ledger.record(finished.dropped, capture.contents);
      return;
    }
    this.#send({
      eventId: event.event_id,
      category: "error",
      itemType: "event",
      payload: finished.json,
      headerMembers: this.#header(dscJsonOf(this.#traceContext.ofError(capture.trace, members))),
      contents: capture.contents,
    });
  }

  #header(traceMember: string): string {
    return `${SDK_HEADER_MEMBER}${this.#parts.headerMembers}${traceMember}`;
  }

  #send(parts: EnvelopeParts): void {
    const { sender, spotlight, ledger } = this.#parts;
    if (sender === undefined && spotlight === undefined) {
      ledger.record("disabled", parts.contents);
      return;
    }
    const envelope: EncodedEnvelope = encodeEnvelope(parts);
    spotlight?.enqueue(envelope);
    if (sender === undefined) ledger.record("disabled", parts.contents);
    else sender.enqueue(envelope);
  }

  #recordSpans(quantity: number): void {
    this.#parts.ledger.record("before_send", [{ category: "span", quantity }]);
  }

  #drop(reason: DiscardReason, contents: readonly ItemCount[], message: string, cause: unknown): void {
    this.#parts.ledger.record(reason, contents);
    this.diagnostics.warnOnce(`client:${reason}`, message, cause);
  }
}

function transactionContents(spanCount: number): readonly ItemCount[] {
  return [
    { category: "transaction", quantity: 1 },
    { category: "span", quantity: spanCount },
  ];
}

function dscJsonOf(dsc: Readonly<Record<string, string>> | undefined): string {
  return dsc === undefined ? "" : `,"trace":${dscJson(dsc)}`;
}
