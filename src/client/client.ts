import type { DiscardLedger } from "../client-reports/discard-recorder.js";
import type { Diagnostics } from "../diagnostics/diagnostics.js";
import type { Settings } from "../options/options.js";
import type { DynamicSamplingContext } from "../propagation/incoming-trace.js";
import type { DataCategory, ItemCount } from "../protocol/data-category.js";
import { encodeEnvelope } from "../protocol/envelope.js";
import type { EnvelopeParts } from "../protocol/envelope.js";
import type { EnvelopeSender } from "../transport/envelope-sender.js";
import { ItemCounter } from "../transport/item-counter.js";
import { NO_PRESSURE } from "../sampling/backpressure.js";
import type { Pressure } from "../sampling/backpressure.js";
import { deadline, systemTimers } from "../transport/timers.js";
import type { ErrorTrace, ResourceView, TraceInput, TransactionInput } from "./capture-input.js";
import {
  EnvelopeBuilder,
  ONE_CHECK_IN,
  ONE_ERROR,
  transactionContents,
} from "./envelope-builder.js";
import type {
  BuildResult,
  BuilderParts,
  CheckInCapture,
  ErrorCapture,
  ItemBatch,
} from "./envelope-builder.js";
import type { TraceIdentity } from "./trace-context.js";
import type { DeliveryCounts } from "./delivery-stats.js";
import { countsOf } from "./stats.js";
import type { ClientStats, SpanCounts } from "./stats.js";

/** A part that holds spans before the client gets them. */
export interface SpanSource {
  counts(): SpanCounts;
  /** Hands over everything that has finished; resolves when it has. */
  flush(): Promise<void>;
  /** The segment of a span, if this part has seen the span start. */
  segmentOf?(span: object): TraceInput | undefined;
}

/** A part that collects small items before the client gets them. */
export interface ItemBuffer {
  /** Hands over everything it holds, at once. Must not throw. */
  flush(): void;
}

/** What other services are told of a segment. */
export interface SegmentTrace {
  readonly sampled: boolean;
  readonly dsc: DynamicSamplingContext | undefined;
}

/** What a client is made of. */
export interface ClientParts extends BuilderParts {
  readonly ledger: DiscardLedger;
  /** Absent without a DSN: then nothing is sent. */
  readonly sender: EnvelopeSender | undefined;
  /** Gets a copy of every envelope, and counts for nothing. */
  readonly spotlight: EnvelopeSender | undefined;
  /** What the parts of the delivery count. */
  readonly deliveryCounts?: (() => DeliveryCounts) | undefined;
  /** How hard the way to the server is pressed. Default: not at all. */
  readonly pressure?: Pressure | undefined;
  /** Called whenever something was captured. Must not throw. */
  readonly onCaptured?: (() => void) | undefined;
  /** Called once the client is closed. */
  readonly onClosed?: (() => void) | undefined;
}

/** One Sentry client: it takes what was captured, applies scopes and hooks, and has it delivered. */
export class SentryClient {
  readonly settings: Settings;
  readonly diagnostics: Diagnostics;
  /** Counts what is lost on the way. */
  readonly ledger: DiscardLedger;
  /** How hard the way to the server is pressed. */
  readonly pressure: Pressure;
  readonly #deliveryCounts: () => DeliveryCounts;
  readonly #sender: EnvelopeSender | undefined;
  readonly #spotlight: EnvelopeSender | undefined;
  readonly #builder: EnvelopeBuilder;
  readonly #onClosed: (() => void) | undefined;
  readonly #onCaptured: (() => void) | undefined;
  readonly #sources = new Set<SpanSource>();
  readonly #buffers = new Set<ItemBuffer>();
  readonly #given = new ItemCounter();
  #closing: Promise<boolean> | undefined;

  /** Use `createClient`. */
  constructor(parts: ClientParts) {
    this.settings = parts.settings;
    this.diagnostics = parts.diagnostics;
    this.ledger = parts.ledger;
    this.#sender = parts.sender;
    this.#spotlight = parts.spotlight;
    this.#builder = new EnvelopeBuilder(parts);
    this.pressure = parts.pressure ?? NO_PRESSURE;
    this.#deliveryCounts = parts.deliveryCounts ?? (() => ({}));
    this.#onClosed = parts.onClosed;
    this.#onCaptured = parts.onCaptured;
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
    this.#sources.add(source);
  }

  /** Makes what a part collects be sent when the client is flushed, closed, or left by its process. */
  addBuffer(buffer: ItemBuffer): void {
    this.#buffers.add(buffer);
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
    const segment = this.#segmentOf(span);
    if (segment === undefined) return undefined;
    return { sampled: segment.sampled, dsc: this.#builder.segmentContext(segment) };
  }

  /** Sends a transaction whose spans are encoded. Never throws. */
  captureTransaction(input: TransactionInput): void {
    const contents = transactionContents(input.spanCount);
    this.#deliver("transaction", contents, () => this.#builder.transaction(input));
  }

  /** Sends an error event. Never throws. */
  captureError(capture: ErrorCapture): void {
    const segment = this.#segmentOfTrace(capture.trace);
    this.#deliver("error", ONE_ERROR, () => this.#builder.error(capture, segment));
  }

  /** Sends a check-in of a monitored job. Never throws. */
  captureCheckIn(capture: CheckInCapture): void {
    const segment = this.#segmentOfTrace(capture.trace);
    this.#deliver("monitor", ONE_CHECK_IN, () => this.#builder.checkIn(capture, segment));
  }

  /** Sends logs or values of metrics that were collected. Never throws. */
  captureBatch(batch: ItemBatch): void {
    this.#deliver(batch.category, batch.contents, () => this.#builder.batch(batch));
  }

  /**
   * Sends everything that was captured before the call. Resolves to true when all of it has an
   * outcome, to false after `timeoutMillis`. Never rejects.
   */
  async flush(timeoutMillis: number = this.settings.shutdownTimeoutMillis): Promise<boolean> {
    const { isDone, remaining } = await this.#flushSources(timeoutMillis);
    const flushed = await Promise.all([
      this.#sender?.flush(remaining),
      this.#spotlight?.flush(remaining),
    ]);
    return isDone && (flushed[0] ?? true);
  }

  /** Flushes, then lets go of everything. Idempotent: a second call returns the first one's promise. */
  close(timeoutMillis: number = this.settings.shutdownTimeoutMillis): Promise<boolean> {
    this.#closing ??= this.#close(timeoutMillis);
    return this.#closing;
  }

  /** A number that grows with everything that is captured. */
  activity(): number {
    let activity = 0;
    for (const quantity of Object.values(this.#given.counts())) activity += quantity;
    for (const source of this.#sources) activity += source.counts().started;
    return activity;
  }

  /** Keeps the process alive no more, except for who waits in `flush`. What is under way may be tried again later. */
  letGo(): void {
    this.#sender?.letGo();
    this.#spotlight?.letGo();
  }

  /** Saves what has not been sent, at the end of the process, where nothing can be waited for. */
  leave(): void {
    this.#flushBuffers();
    this.#sender?.leave();
  }

  /** What was captured and what became of it. */
  stats(): ClientStats {
    const sources = [...this.#sources].map((source) => source.counts());
    return countsOf(sources, {
      given: this.#given.counts(),
      ledger: this.ledger,
      ...this.#deliveryCounts(),
    });
  }

  async #close(timeoutMillis: number): Promise<boolean> {
    const { isDone, remaining } = await this.#flushSources(timeoutMillis);
    const closed = await Promise.all([
      this.#sender?.close(remaining),
      this.#spotlight?.close(remaining),
    ]);
    this.#onClosed?.();
    return isDone && (closed[0] ?? true);
  }

  // Whether all of them are done, and the milliseconds that are left of the time.
  async #flushSources(timeoutMillis: number): Promise<{ isDone: boolean; remaining: number }> {
    this.#flushBuffers();
    const start = performance.now();
    const box = deadline(systemTimers, timeoutMillis);
    const flushes = Promise.allSettled([...this.#sources].map((source) => source.flush()));
    const isDone = await Promise.race([flushes.then(() => true), box.passed.then(() => false)]);
    box.cancel();
    return { isDone, remaining: Math.max(0, timeoutMillis - (performance.now() - start)) };
  }

  #flushBuffers(): void {
    for (const buffer of this.#buffers) buffer.flush();
  }

  #segmentOfTrace(trace: ErrorTrace | undefined): TraceInput | undefined {
    return trace?.span === undefined ? undefined : this.#segmentOf(trace.span);
  }

  #segmentOf(span: object): TraceInput | undefined {
    for (const source of this.#sources) {
      const segment = source.segmentOf?.(span);
      if (segment !== undefined) return segment;
    }
    return undefined;
  }

  // What the server does not want now is not encoded first; Spotlight wants all.
  #deliver(category: DataCategory, contents: readonly ItemCount[], build: () => BuildResult): void {
    this.#given.add(contents);
    this.#onCaptured?.();
    try {
      const isForSentryOnly = this.#spotlight === undefined;
      if (isForSentryOnly && this.#sender?.refuses(category, contents) === true) return;
      const result = build();
      if ("dropped" in result) this.ledger.record(result.dropped, contents);
      else this.#send(result.parts, result.droppedSpans);
    } catch (error) {
      this.ledger.record("internal_sdk_error", contents);
      this.diagnostics.warnOnce("client", "an event could not be encoded and is lost", error);
    }
  }

  // What may throw comes first: then everything is recorded by who catches it.
  #send(parts: EnvelopeParts, droppedSpans: number): void {
    const isSent = this.#sender !== undefined || this.#spotlight !== undefined;
    const envelope = isSent ? encodeEnvelope(parts) : undefined;
    if (droppedSpans > 0) {
      this.ledger.record("before_send", [{ category: "span", quantity: droppedSpans }]);
    }
    if (this.#sender === undefined) this.ledger.record("disabled", parts.contents);
    if (envelope === undefined) return;
    this.#spotlight?.enqueue(envelope);
    this.#sender?.enqueue(envelope);
  }
}
