import type { DiscardLedger } from "../client-reports/discard-recorder.js";
import { guardCallback } from "../support/diagnostics.js";
import type { Diagnostics } from "../support/diagnostics.js";
import { ownCall } from "../support/own-call.js";
import type { OwnCall } from "../support/own-call.js";
import type { ItemCount } from "../protocol/data-category.js";
import { guardMethods } from "../support/guard.js";
import type { Settings } from "../options/options.js";
import type { DynamicSamplingContext } from "../trace/incoming-trace.js";
import type { ScopeData } from "../scope/scope-data.js";
import { NO_PRESSURE } from "../trace/backpressure.js";
import type { Pressure } from "../trace/backpressure.js";
import type { ErrorCapture, TraceInput, TransactionInput } from "./capture-input.js";
import type { ResourceView } from "../trace/span-view.js";
import type { ClientParts } from "./client-parts.js";
import { EndTime } from "./end-time.js";
import { EnvelopeBuilder } from "./envelope-builder.js";
import {
  ONE_CHECK_IN,
  ONE_ERROR,
  ONE_FEEDBACK,
  transactionContents,
} from "../protocol/envelope-contents.js";
import { HookRunner } from "./hook-runner.js";
import { initialScopes } from "./initial-scopes.js";
import type { CheckInCapture, ItemBatch } from "./envelope-builder.js";
import { Outbox } from "./outbox.js";
import type { TraceIdentity } from "./sampling-context.js";
import type { DeliveryCounts } from "./delivery-stats.js";
import type { ProcessMembers } from "./process-members.js";
import { Sources } from "./sources.js";
import type { ItemBuffer, SpanSource } from "./sources.js";
import { countsOf } from "./stats.js";
import type { ClientStats } from "./stats.js";

export type { ItemBuffer } from "./sources.js";

/** What other services are told of a segment. */
export interface SegmentTrace {
  readonly sampled: boolean;
  readonly dsc: DynamicSamplingContext | undefined;
}

/** One Sentry client: it takes what was captured, applies scopes and hooks, and has it delivered. */
export class SentryClient {
  readonly settings: Settings;
  readonly diagnostics: Diagnostics;
  /** Counts what is lost on the way. */
  readonly ledger: DiscardLedger;
  /** How hard the way to the server is pressed. */
  readonly pressure: Pressure;
  /** Scope data of the client itself, less specific than all scopes. */
  readonly initialScopes: readonly ScopeData[];
  readonly #deliveryCounts: () => DeliveryCounts;
  readonly #builder: EnvelopeBuilder;
  readonly #onClosed: (() => void) | undefined;
  readonly #newEventId: () => string;
  readonly #activeOwnCall: () => OwnCall | undefined;
  readonly #sources = new Sources();
  readonly #outbox: Outbox;
  readonly #endTime: EndTime;
  readonly #onClosing = new Set<() => void>();
  readonly #onEnding = new Set<() => void>();
  #closing: Promise<boolean> | undefined;

  static {
    guardMethods<SentryClient>(SentryClient.prototype, {
      activity: () => 0,
      addBuffer: report,
      addSpanSource: report,
      captureBatch: report,
      captureCheckIn: report,
      captureError: report,
      captureTransaction: report,
      captureUnfinished: report,
      close: () => Promise.resolve(false),
      flush: () => Promise.resolve(false),
      flushAtEnd: () => Promise.resolve(false),
      learnResource: report,
      leave: report,
      letGo: report,
      newEventId: "passes",
      onClosing: report,
      onEnding: report,
      processMembers: "passes",
      refusesReentry: () => false,
      samplingContext: () => undefined,
      segmentOf: () => undefined,
      segmentTrace: () => undefined,
      stats: "passes",
    });
  }

  /** Use `createClient`. */
  constructor(parts: ClientParts) {
    this.settings = parts.settings;
    this.diagnostics = parts.diagnostics;
    this.ledger = parts.ledger;
    this.#outbox = new Outbox(parts);
    const isFull = (): boolean => this.#outbox.isFull;
    this.initialScopes = initialScopes(parts.settings, parts.diagnostics);
    this.#builder = new EnvelopeBuilder({
      ...parts,
      hooks: new HookRunner(parts),
      isFull,
      initialScopes: this.initialScopes,
    });
    this.pressure = parts.pressure ?? NO_PRESSURE;
    this.#deliveryCounts = parts.deliveryCounts ?? (() => ({}));
    this.#endTime = new EndTime({
      totalMillis: parts.settings.shutdownTimeoutMillis,
      delivered: () => this.#deliveryCounts().sender?.envelopesSent ?? 0,
    });
    this.#onClosed = parts.onClosed;
    this.#newEventId = parts.newEventId;
    this.#activeOwnCall = parts.activeOwnCall ?? ownCall;
  }

  /** Whether `close` was called: what comes later is counted as `closed`. */
  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** Tells the client of the process whose spans it gets. */
  learnResource(resource: ResourceView | undefined): void {
    this.#builder.learnResource(resource);
  }

  /** Makes a part's spans count, and be flushed, with the client. */
  addSpanSource(source: SpanSource): void {
    this.#sources.addSpans(source);
  }

  /** Makes what a part collects be sent when the client is flushed, closed, or left by its process. */
  addBuffer(buffer: ItemBuffer): void {
    this.#sources.addBuffer(buffer);
  }

  /** Calls `fn` when the client is about to close: what it captures is still sent. */
  onClosing(fn: () => void): void {
    this.#onClosing.add(fn);
  }

  /**
   * Calls `fn` when the process has nothing left to do, or ends: what is open will not end any more. It may be called
   * more than once.
   */
  onEnding(fn: () => void): void {
    this.#onEnding.add(fn);
  }

  /** Captures what waits for something that will not come any more, since the process is about to end. */
  captureUnfinished(): void {
    for (const fn of this.#onEnding) guardCallback(this.diagnostics, "onEnding", fn);
  }

  /** What events say of the process: release, environment, server name. */
  processMembers(): ProcessMembers {
    return this.#builder.processMembers();
  }

  /** True while a logger, a hook or a transport of the application is called by this package. */
  get isInOwnCall(): boolean {
    return this.#activeOwnCall() !== undefined;
  }

  /**
   * Tells whether something is captured by code that this package is calling, and counts it as `reentrant`: it would come
   * to that code again, without end. Logs and metrics have hooks of their own, so that other hooks may capture them.
   */
  refusesReentry(contents: readonly ItemCount[], isTelemetry: boolean = false): boolean {
    const call = this.#activeOwnCall();
    if (call === undefined || (isTelemetry && call === "hook")) return false;
    this.ledger.early.record("reentrant", contents);
    return true;
  }

  /** 32 hexadecimal digits for an event. */
  newEventId(): string {
    return this.#newEventId();
  }

  /** The sampling context of a trace that starts here and that no processor has seen (protocol: dynamic sampling context). */
  samplingContext(identity: TraceIdentity): DynamicSamplingContext | undefined {
    return this.#builder.samplingContext(identity);
  }

  /**
   * What is told of the segment of a span: whether Sentry gets it, and its sampling context, which is
   * frozen by this. Undefined where no processor of this client has seen the span start.
   */
  segmentTrace(span: object): SegmentTrace | undefined {
    const segment = this.#sources.segmentOf(span);
    if (segment === undefined) return undefined;
    return { sampled: segment.sampled, dsc: this.#builder.segmentContext(segment) };
  }

  /** The segment of a span; undefined where no processor of this client has seen the span start. */
  segmentOf(span: object): TraceInput | undefined {
    return this.#sources.segmentOf(span);
  }

  /** Sends a transaction whose spans are encoded. Never throws. */
  captureTransaction(input: TransactionInput): void {
    const event = { contents: transactionContents(input.spanCount), length: input.length };
    this.#outbox.deliver("transaction", event, () => this.#builder.transaction(input));
  }

  /** Sends an error event, or feedback. Never throws. */
  captureError(capture: ErrorCapture): void {
    const { category = "error", trace } = capture;
    const contents = category === "error" ? ONE_ERROR : ONE_FEEDBACK;
    if (this.refusesReentry(contents)) return;
    const segment = this.#sources.segmentOfTrace(trace);
    this.#outbox.deliver(category, { contents, length: 0 }, () =>
      this.#builder.error(capture, segment),
    );
  }

  /** Sends a check-in of a monitored job. Never throws. */
  captureCheckIn(capture: CheckInCapture): void {
    if (this.refusesReentry(ONE_CHECK_IN)) return;
    const segment = this.#sources.segmentOfTrace(capture.trace);
    const event = { contents: ONE_CHECK_IN, length: 0 };
    this.#outbox.deliver("monitor", event, () => this.#builder.checkIn(capture, segment));
  }

  /** Sends logs or values of metrics that were collected. Never throws. */
  captureBatch(batch: ItemBatch): void {
    const event = { contents: batch.contents, length: 0 };
    this.#outbox.deliver(batch.category, event, () => this.#builder.batch(batch));
  }

  /**
   * Sends everything that was captured before the call. Resolves to true when all of it has an
   * outcome, to false after `timeoutMillis`. Never rejects.
   */
  flush(timeoutMillis: number = this.settings.shutdownTimeoutMillis): Promise<boolean> {
    return this.#endTime.during(this.#flush(this.#endTime.valid(timeoutMillis)));
  }

  /** Flushes at the end of the process: such waits and `close` have `shutdownTimeoutMillis` together (`EndTime`). */
  flushAtEnd(): Promise<boolean> {
    return this.flush(this.#endTime.remaining);
  }

  /**
   * Flushes, then lets go of everything. Default: `shutdownTimeoutMillis`, less the time for which a flush has just waited
   * in vain. Idempotent: a second call returns the first one's promise.
   */
  close(timeoutMillis: number = this.#endTime.remaining): Promise<boolean> {
    this.#closing ??= this.#close(this.#endTime.valid(timeoutMillis));
    return this.#closing;
  }

  /** A number that grows with everything that is captured. */
  activity(): number {
    return this.#sources.started() + this.#outbox.activity();
  }

  /** Keeps the process alive no more, except for who waits in `flush`. What is under way may be tried again later. */
  letGo(): void {
    this.#outbox.letGo();
  }

  /** Saves what has not been sent, at the end of the process, where nothing can be waited for. */
  leave(): void {
    this.captureUnfinished();
    this.#sources.release();
    this.#outbox.leave();
  }

  /** What was captured and what became of it. */
  stats(): ClientStats {
    return countsOf(this.#sources.counts(), {
      given: this.#outbox.given(),
      waiting: this.#outbox.waiting(),
      ledger: this.ledger,
      ...this.#deliveryCounts(),
    });
  }

  async #flush(timeoutMillis: number): Promise<boolean> {
    const { isDone, remaining } = await this.#sources.flush(timeoutMillis);
    return (await this.#outbox.flush(remaining)) && isDone;
  }

  async #close(timeoutMillis: number): Promise<boolean> {
    for (const fn of this.#onClosing) guardCallback(this.diagnostics, "onClosing", fn);
    const { isDone, remaining } = await this.#sources.flush(timeoutMillis);
    const isSent = await this.#outbox.close(remaining);
    this.#onClosed?.();
    return isDone && isSent;
  }
}

function report(this: SentryClient, error: unknown): void {
  this.diagnostics.warnOnce("client:call", "a call of the client failed and has no effect", error);
}
