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
import type { AttachmentItems } from "./attachments.js";
import { MAX_ATTACHMENT_BYTES, NO_ATTACHMENTS } from "./attachments.js";
import type { ErrorCapture, ResourceView, TraceInput, TransactionInput } from "./capture-input.js";
import {
  EnvelopeBuilder,
  ONE_CHECK_IN,
  ONE_ERROR,
  ONE_FEEDBACK,
  transactionContents,
} from "./envelope-builder.js";
import type {
  BuildResult,
  BuilderParts,
  BuiltEnvelope,
  CheckInCapture,
  ItemBatch,
} from "./envelope-builder.js";
import type { TraceIdentity } from "./trace-context.js";
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
  readonly #newEventId: () => string;
  readonly #sources = new Sources();
  readonly #given = new ItemCounter();
  readonly #onClosing = new Set<() => void>();
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
    this.#newEventId = parts.newEventId;
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

  /** Calls `fn` when the client is about to close: what it captures is still sent. Must not throw. */
  onClosing(fn: () => void): void {
    this.#onClosing.add(fn);
  }

  /** What events say of the process: release, environment, server name. */
  processMembers(): ProcessMembers {
    return this.#builder.processMembers();
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
    const contents = transactionContents(input.spanCount);
    this.#deliver("transaction", contents, () => this.#builder.transaction(input));
  }

  /** Sends an error event, or feedback. Never throws. */
  captureError(capture: ErrorCapture): void {
    const { category = "error", trace } = capture;
    const segment = this.#sources.segmentOfTrace(trace);
    const contents = category === "error" ? ONE_ERROR : ONE_FEEDBACK;
    this.#deliver(category, contents, () => this.#builder.error(capture, segment));
  }

  /** Sends a check-in of a monitored job. Never throws. */
  captureCheckIn(capture: CheckInCapture): void {
    const segment = this.#sources.segmentOfTrace(capture.trace);
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
    const { isDone, remaining } = await this.#sources.flush(timeoutMillis);
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
    let activity = this.#sources.started();
    for (const quantity of Object.values(this.#given.counts())) activity += quantity;
    return activity;
  }

  /** Keeps the process alive no more, except for who waits in `flush`. What is under way may be tried again later. */
  letGo(): void {
    this.#sender?.letGo();
    this.#spotlight?.letGo();
  }

  /** Saves what has not been sent, at the end of the process, where nothing can be waited for. */
  leave(): void {
    this.#sources.release();
    this.#sender?.leave();
  }

  /** What was captured and what became of it. */
  stats(): ClientStats {
    return countsOf(this.#sources.counts(), {
      given: this.#given.counts(),
      ledger: this.ledger,
      ...this.#deliveryCounts(),
    });
  }

  async #close(timeoutMillis: number): Promise<boolean> {
    for (const fn of this.#onClosing) fn();
    const { isDone, remaining } = await this.#sources.flush(timeoutMillis);
    const closed = await Promise.all([
      this.#sender?.close(remaining),
      this.#spotlight?.close(remaining),
    ]);
    this.#onClosed?.();
    return isDone && (closed[0] ?? true);
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
      else this.#send(result);
    } catch (error) {
      this.ledger.record("internal_sdk_error", contents);
      this.diagnostics.warnOnce("client", "an event could not be encoded and is lost", error);
    }
  }

  // What may throw comes first: then everything is recorded by who catches it.
  #send({ parts, droppedSpans, attachments = NO_ATTACHMENTS }: BuiltEnvelope): void {
    const isSent = this.#sender !== undefined || this.#spotlight !== undefined;
    const accompanied = this.#withAttachments(parts, attachments);
    const envelope = isSent ? encodeEnvelope(accompanied) : undefined;
    if (droppedSpans > 0) {
      this.ledger.record("before_send", [{ category: "span", quantity: droppedSpans }]);
    }
    if (this.#sender === undefined) this.ledger.record("disabled", accompanied.contents);
    if (envelope === undefined) return;
    this.#spotlight?.enqueue(envelope);
    this.#sender?.enqueue(envelope);
  }

  // Their share of the books: they are known only now, and the event goes without those it cannot take.
  #withAttachments(parts: EnvelopeParts, attachments: AttachmentItems): EnvelopeParts {
    const { items, bytes, refused, refusedBytes } = attachments;
    if (refused > 0) {
      this.ledger.early.record("invalid", [{ category: "attachment", quantity: refusedBytes }]);
      this.diagnostics.warnOnce(
        "attachment",
        `an attachment is not sent: it needs a filename and data of at most ${MAX_ATTACHMENT_BYTES} bytes`,
      );
    }
    if (items.length === 0) return parts;
    const contents: ItemCount[] = [{ category: "attachment", quantity: bytes }];
    this.#given.add(contents);
    if (this.#sender?.refuses("attachment", contents) === true) return parts;
    return { ...parts, attachments: items, contents: [...parts.contents, ...contents] };
  }
}
