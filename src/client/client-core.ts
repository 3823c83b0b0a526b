import type { DiscardLedger } from "../client-reports/ledger.js";
import type { MemoryBound } from "../delivery/memory-bound.js";
import { guardCallback } from "../support/diagnostics.js";
import type { Diagnostics } from "../support/diagnostics.js";
import type { OwnCall } from "../support/own-call.js";
import type { ItemCount } from "../protocol/data-category.js";
import { guardMethods } from "../support/guard.js";
import type { Settings } from "../options/options.js";
import type { DynamicSamplingContext, PropagatedTrace } from "../trace/headers.js";
import type { ScopeData } from "../scope/scope-data.js";
import type { Pressure } from "../trace/backpressure.js";
import { PendingDecision } from "../trace/sampling.js";
import type {
  CheckInCapture,
  ErrorCapture,
  ItemBatch,
  SegmentView,
  TransactionInput,
} from "./capture-input.js";
import type { ResourceView } from "../trace/span.js";
import { END_OF_CLIENT, createComponents } from "./client-components.js";
import type { ClientDependencies } from "./client-components.js";
import type { EndTime } from "./end-time.js";
import type { EnvelopeBuilder } from "./envelope-builder.js";
import {
  ONE_CHECK_IN,
  ONE_ERROR,
  ONE_FEEDBACK,
  transactionContents,
} from "../protocol/data-category.js";
import type { Outbox } from "./outbox.js";
import type { ProcessData } from "./process-data.js";
import type { Client } from "./public-client.js";
import { Sources } from "./sources.js";
import type { ItemBuffer, SpanSource } from "./sources.js";
import { combineCounts } from "./stats.js";
import type { ClientStats, DeliveryCounts } from "./stats.js";

/** A Sentry client: applies scopes and hooks to captured events and transactions, and sends them. */
export class ClientCore implements Client {
  readonly settings: Settings;
  readonly diagnostics: Diagnostics;
  /** Counts every item that is discarded. */
  readonly ledger: DiscardLedger;
  /** Limits the memory of all buffers of the client together. */
  readonly memory: MemoryBound;
  /** The backpressure by which sampling rates are lowered. */
  readonly pressure: Pressure;
  /** The decision of a `SentrySampler` about the root that starts next. */
  readonly pendingDecision = new PendingDecision();
  /** Returns a new event id of 32 hexadecimal digits. */
  readonly newEventId: () => string;
  /** Scope data of the option `initialScope`, which all other scopes override. */
  readonly initialScopes: readonly ScopeData[];
  /** True if spans are only counted: no transaction is made of them, so none is sent or passed to a hook. */
  readonly isDisabled: boolean;
  readonly #deliveryCounts: () => DeliveryCounts;
  readonly #builder: EnvelopeBuilder;
  readonly #onClosed: (() => void) | undefined;
  readonly #activeOwnCall: () => OwnCall | undefined;
  readonly #sources = new Sources();
  readonly #outbox: Outbox;
  readonly #endTime: EndTime;
  readonly #onClosing = new Set<() => void>();
  readonly #onEnding = new Set<(mayGoOn: boolean) => void>();
  #closing: Promise<boolean> | undefined;

  static {
    guardMethods<ClientCore>(ClientCore.prototype, {
      activity: () => 0,
      addBuffer: report,
      addSpanSource: report,
      atExit: report,
      captureBatch: report,
      captureCheckIn: report,
      captureError: report,
      captureTransaction: report,
      captureUnfinished: report,
      close: () => Promise.resolve(false),
      flush: () => Promise.resolve(false),
      flushAtEnd: () => Promise.resolve(false),
      learnResource: report,
      newEventId: "passes",
      onClosing: report,
      onEnding: report,
      processData: "passes",
      refusesReentry: () => false,
      samplingContext: () => undefined,
      segmentOf: () => undefined,
      propagatedTrace: () => undefined,
      stats: "passes",
      unref: report,
    });
  }

  /** Internal: use `createClient`. */
  constructor(dependencies: ClientDependencies) {
    this.settings = dependencies.settings;
    this.diagnostics = dependencies.diagnostics;
    this.ledger = dependencies.ledger;
    this.memory = dependencies.memory;
    const components = createComponents(dependencies);
    this.initialScopes = components.initialScopes;
    this.pressure = components.pressure;
    this.isDisabled = components.isDisabled;
    this.#outbox = components.outbox;
    this.#builder = components.builder;
    this.#deliveryCounts = components.deliveryCounts;
    this.#endTime = components.endTime;
    this.#activeOwnCall = components.activeOwnCall;
    this.#onClosed = dependencies.onClosed;
    this.newEventId = dependencies.newEventId;
  }

  get dsn(): string | undefined {
    return this.settings.dsn;
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** Gives the client the OTel resource that describes the process, for events without a span. */
  learnResource(resource: ResourceView | undefined): void {
    this.#builder.learnResource(resource);
  }

  /** Registers a source of spans, which the client includes in `stats` and flushes with its own events. */
  addSpanSource(source: SpanSource): void {
    this.#sources.addSpans(source);
  }

  /** Registers a buffer that the client empties on `flush`, on `close` and at the end of the process. */
  addBuffer(buffer: ItemBuffer): void {
    this.#sources.addBuffer(buffer);
  }

  /** Registers a function that is called when the client begins to close. What it captures is still sent. */
  onClosing(fn: () => void): void {
    this.#onClosing.add(fn);
  }

  /**
   * Registers a function that is called when the process has nothing left to do, or ends, so that open work will not
   * finish any more. It may be called more than once. `mayGoOn`: the application may still begin or end something.
   */
  onEnding(fn: (mayGoOn: boolean) => void): void {
    this.#onEnding.add(fn);
  }

  /** Captures what waits for an event that will not occur any more: exceptions below open roots, open runs of monitors. */
  captureUnfinished(mayGoOn: boolean = false): void {
    this.#sources.flushBuffers();
    for (const fn of this.#onEnding)
      guardCallback(this.diagnostics, END_OF_CLIENT, () => fn(mayGoOn));
  }

  /** Returns the release, environment and server name that events carry. */
  processData(): ProcessData {
    return this.#builder.processData();
  }

  /** True while this package is calling a logger, hook or transport of the application. */
  get isInOwnCall(): boolean {
    return this.#activeOwnCall() !== undefined;
  }

  /**
   * Returns true, and counts the items as `reentrant`, if the running code is an application callback that this package
   * is calling: capturing there would call it again, without end. Hooks may capture logs and metrics, which have hooks
   * of their own.
   */
  refusesReentry(contents: readonly ItemCount[], isTelemetry: boolean = false): boolean {
    const call = this.#activeOwnCall();
    if (call === undefined || (isTelemetry && call === "hook")) return false;
    this.ledger.early.record("reentrant", contents);
    return true;
  }

  /**
   * Returns the dynamic sampling context of a trace that starts in this process without a span that a processor saw
   * start. `isRecorded`: OTel's sampler decided to record its root.
   */
  samplingContext(traceId: string, isRecorded: boolean): DynamicSamplingContext | undefined {
    return this.#builder.samplingContext(traceId, isRecorded);
  }

  /**
   * Returns the sampling decision and the dynamic sampling context of a span's segment, and freezes the context. Undefined
   * if no processor of this client saw the span start.
   */
  propagatedTrace(span: object): PropagatedTrace | undefined {
    const segment = this.#sources.segmentOf(span);
    if (segment === undefined) return undefined;
    return { sampled: segment.sampled, dsc: this.#builder.segmentContext(segment) };
  }

  /** Returns the segment of a span; undefined if no processor of this client saw the span start. */
  segmentOf(span: object): SegmentView | undefined {
    return this.#sources.segmentOf(span);
  }

  /** Sends a transaction with encoded spans. Never throws. */
  captureTransaction(input: TransactionInput): void {
    const contents = transactionContents(input.spanCount);
    const event = { category: "transaction", contents, length: () => input.length } as const;
    if (this.#outbox.admits(event)) this.#outbox.deliver(event, this.#builder.transaction(input));
  }

  /** Sends an error event or feedback. Never throws. */
  captureError(capture: ErrorCapture): void {
    const { category = "error", trace } = capture;
    const contents = category === "error" ? ONE_ERROR : ONE_FEEDBACK;
    if (this.refusesReentry(contents)) return;
    const segment = this.#sources.segmentOfTrace(trace);
    const event = { category, contents, length: noLength };
    if (this.#outbox.admits(event))
      this.#outbox.deliver(event, this.#builder.error(capture, segment, event));
  }

  /** Sends a check-in of a monitored job. Never throws. */
  captureCheckIn(capture: CheckInCapture): void {
    if (this.refusesReentry(ONE_CHECK_IN)) return;
    const segment = this.#sources.segmentOfTrace(capture.trace);
    const event = { category: "monitor", contents: ONE_CHECK_IN, length: noLength } as const;
    if (this.#outbox.admits(event))
      this.#outbox.deliver(event, this.#builder.checkIn(capture, segment));
  }

  /** Sends a batch of logs or metric values. Never throws. */
  captureBatch(batch: ItemBatch): void {
    const { category, contents } = batch;
    const event = { category, contents, length: noLength };
    if (this.#outbox.admits(event)) this.#outbox.deliver(event, this.#builder.batch(batch));
  }

  flush(timeoutMillis: number = this.settings.shutdownTimeoutMillis): Promise<boolean> {
    return this.#endTime.during(this.#flush(this.#endTime.valid(timeoutMillis)));
  }

  /** Flushes at the end of the process, within the part of `shutdownTimeoutMillis` that `EndTime` has left. */
  flushAtEnd(): Promise<boolean> {
    return this.flush(this.#endTime.remaining);
  }

  close(timeoutMillis: number = this.#endTime.remaining): Promise<boolean> {
    this.#closing ??= this.#close(this.#endTime.valid(timeoutMillis));
    return this.#closing;
  }

  /** Returns a number that grows with every captured item, and every span that starts or ends. */
  activity(): number {
    return this.#sources.activity() + this.#outbox.activity();
  }

  /** Lets only a pending `flush` keep the process alive from now on. Requests in flight may be retried later. */
  unref(): void {
    this.#outbox.unref();
  }

  /** Saves unsent envelopes at the end of the process, when only synchronous work is possible. */
  atExit(): void {
    this.captureUnfinished();
    this.#sources.atExit();
    this.#outbox.atExit();
  }

  stats(): ClientStats {
    return combineCounts(this.#sources.counts(), {
      given: this.#outbox.given(),
      waiting: this.#outbox.waiting(),
      ledger: this.ledger,
      bufferedBytes: this.memory.heldBytes,
      ...this.#deliveryCounts(),
    });
  }

  async #flush(timeoutMillis: number): Promise<boolean> {
    const { isDone, remaining } = await this.#sources.flush(timeoutMillis);
    return (await this.#outbox.flush(remaining)) && isDone;
  }

  async #close(timeoutMillis: number): Promise<boolean> {
    for (const fn of this.#onClosing) guardCallback(this.diagnostics, END_OF_CLIENT, fn);
    const { isDone, remaining } = await this.#sources.flush(timeoutMillis);
    const isSent = await this.#outbox.close(remaining);
    this.#onClosed?.();
    return isDone && isSent;
  }
}

const noLength = (): number => 0;

function report(this: ClientCore, error: unknown): void {
  this.diagnostics.warnOnce(
    "client-call",
    "a method of the client threw an error, and the call had no effect. This is a bug in otel-sentry-bridge; please report it",
    error,
  );
}
