import type { DiscardRecorder } from "../client-reports/discard-recorder.js";
import type { Diagnostics } from "../diagnostics/diagnostics.js";
import type { DataCategory } from "../protocol/data-category.js";
import type { EncodedEnvelope } from "../protocol/envelope.js";
import type { EnvelopeQueue } from "./envelope-queue.js";
import { createEnvelopeQueue } from "./envelope-queue.js";
import { FlushWaiters } from "./flush-waiters.js";
import { ItemCounter } from "./item-counter.js";
import { SendOutcomes } from "./send-outcomes.js";
import type { Timers } from "./timers.js";
import { deadline, systemTimers } from "./timers.js";
import type { SendResult, Transport } from "./transport.js";

/** What a sender is made of. */
export interface EnvelopeSenderSettings {
  readonly transport: Transport;
  readonly recorder: DiscardRecorder;
  readonly diagnostics: Diagnostics;
  /** Bytes that may wait; default 20 MiB. What is in flight does not count. */
  readonly maxBufferedBytes?: number | undefined;
  /** Envelopes that may wait; default 10,000. */
  readonly maxBufferedItems?: number | undefined;
  /** Envelopes in flight while few wait; default 4. */
  readonly minConcurrency?: number | undefined;
  /** Envelopes in flight while many wait; default 64. */
  readonly maxConcurrency?: number | undefined;
  /** Runs a function outside of any unit of work, with tracing suppressed. */
  readonly runDetached?: (<T>(run: () => T) => T) | undefined;
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: (() => number) | undefined;
  readonly timers?: Timers | undefined;
}

/** Where the sender stands. */
export interface SenderStats {
  /** What the server has accepted since the start. */
  readonly delivered: Partial<Record<DataCategory, number>>;
  /** What waits or is in flight. */
  readonly queued: Partial<Record<DataCategory, number>>;
  /** Envelopes that wait, without those in flight. */
  readonly queuedItems: number;
  readonly queuedBytes: number;
  readonly inFlight: number;
  /** Envelopes that the server has accepted. */
  readonly envelopesSent: number;
}

/** Sends envelopes in the background and accounts for each: delivered, recorded as lost, or waiting. */
export interface EnvelopeSender {
  /** Takes an envelope, once; returns at once and never throws. */
  enqueue(envelope: EncodedEnvelope): void;
  /** Resolves with true once all that was enqueued before has an outcome, with false at the time-out. */
  flush(timeoutMillis: number): Promise<boolean>;
  /** Flushes, then takes nothing more; what is left is recorded as `closed`. Idempotent. */
  close(timeoutMillis: number): Promise<boolean>;
  stats(): SenderStats;
}

const DEFAULT_MAX_BYTES = 20 * 1024 * 1024;
const DEFAULT_MAX_ITEMS = 10_000;
const DEFAULT_MIN_CONCURRENCY = 4;
const DEFAULT_MAX_CONCURRENCY = 64;

// A near server is served by few connections that stay warm; only a backlog, which a far or slow
// server makes, is worth more of them.
const WAITING_PER_EXTRA_SLOT = 8;

// What a transport is given to let go of its connections, after the time-out of `close`.
const TRANSPORT_CLOSE_MILLIS = 500;

/** Builds a sender over a transport. It has no timer of its own while it is idle. */
export function createEnvelopeSender(settings: EnvelopeSenderSettings): EnvelopeSender {
  return new QueuedSender(settings);
}

class QueuedSender implements EnvelopeSender {
  readonly #settings: EnvelopeSenderSettings;
  readonly #timers: Timers;
  readonly #queue: EnvelopeQueue;
  readonly #outcomes: SendOutcomes;
  readonly #minConcurrency: number;
  readonly #maxConcurrency: number;
  readonly #inFlight = new Set<EncodedEnvelope>();
  readonly #waiters = new FlushWaiters();
  #isDrainDue = false;
  #isGivingUp = false;
  #closing: Promise<boolean> | undefined;

  constructor(settings: EnvelopeSenderSettings) {
    const { recorder, diagnostics, now = Date.now } = settings;
    this.#settings = settings;
    this.#timers = settings.timers ?? systemTimers;
    this.#outcomes = new SendOutcomes({ recorder, diagnostics, now });
    this.#minConcurrency = settings.minConcurrency ?? DEFAULT_MIN_CONCURRENCY;
    this.#maxConcurrency = settings.maxConcurrency ?? DEFAULT_MAX_CONCURRENCY;
    this.#queue = createEnvelopeQueue({
      maxBytes: settings.maxBufferedBytes ?? DEFAULT_MAX_BYTES,
      maxItems: settings.maxBufferedItems ?? DEFAULT_MAX_ITEMS,
    });
  }

  enqueue(envelope: EncodedEnvelope): void {
    if (this.#closing !== undefined) return this.#outcomes.closed(envelope);
    if (this.#outcomes.isLimited(envelope)) return this.#outcomes.pausedByLimit(envelope);
    for (const evicted of this.#queue.push(envelope)) {
      this.#outcomes.overflowed(evicted);
      this.#waiters.settle(evicted);
    }
    this.#drainSoon();
  }

  flush(timeoutMillis: number): Promise<boolean> {
    this.#detached(() => this.#drain());
    const outstanding = [...this.#queue, ...this.#inFlight];
    return this.#waiters.wait(outstanding, { timers: this.#timers, timeoutMillis });
  }

  close(timeoutMillis: number): Promise<boolean> {
    this.#closing ??= this.#close(timeoutMillis);
    return this.#closing;
  }

  stats(): SenderStats {
    const queued = new ItemCounter();
    for (const { contents } of this.#queue) queued.add(contents);
    for (const { contents } of this.#inFlight) queued.add(contents);
    return {
      delivered: this.#outcomes.delivered(),
      queued: queued.counts(),
      queuedItems: this.#queue.items,
      queuedBytes: this.#queue.bytes,
      inFlight: this.#inFlight.size,
      envelopesSent: this.#outcomes.envelopesSent,
    };
  }

  // A span ends on the stack of the user's request: that goes first, and a burst is started as one.
  #drainSoon(): void {
    if (this.#isDrainDue || this.#inFlight.size >= this.#concurrency()) return;
    this.#isDrainDue = true;
    this.#detached(() =>
      this.#timers.soon(() => {
        this.#isDrainDue = false;
        this.#drain();
      }),
    );
  }

  #drain(): void {
    while (this.#inFlight.size < this.#concurrency()) {
      const envelope = this.#queue.shift();
      if (envelope === undefined) return;
      this.#start(envelope);
    }
  }

  // The limit may have come while the envelope waited.
  #start(envelope: EncodedEnvelope): void {
    if (this.#outcomes.isLimited(envelope)) {
      this.#outcomes.pausedByLimit(envelope);
      this.#waiters.settle(envelope);
    } else {
      this.#inFlight.add(envelope);
      this.#send(envelope);
    }
  }

  #send(envelope: EncodedEnvelope): void {
    const onThrown = (error: unknown): void =>
      this.#finish(envelope, () => this.#outcomes.transportThrew(envelope, error));
    try {
      this.#settings.transport
        .send(envelope)
        .then((result) => this.#finish(envelope, () => this.#book(envelope, result)), onThrown);
    } catch (error) {
      onThrown(error);
    }
  }

  #book(envelope: EncodedEnvelope, result: SendResult): void {
    if (this.#isGivingUp && result.outcome === "retryable") this.#outcomes.closed(envelope);
    else this.#outcomes.settle(envelope, result);
  }

  // An outcome that comes after `close` has given the envelope up is not booked a second time.
  #finish(envelope: EncodedEnvelope, book: () => void): void {
    if (!this.#inFlight.delete(envelope)) return;
    book();
    this.#waiters.settle(envelope);
    this.#drain();
  }

  #concurrency(): number {
    const extra = Math.floor(this.#queue.items / WAITING_PER_EXTRA_SLOT);
    return Math.min(this.#minConcurrency + extra, this.#maxConcurrency);
  }

  async #close(timeoutMillis: number): Promise<boolean> {
    const isFlushed = await this.flush(timeoutMillis);
    this.#isGivingUp = true;
    for (let left = this.#queue.shift(); left !== undefined; left = this.#queue.shift())
      this.#giveUp(left);
    await this.#closeTransport();
    for (const stuck of this.#inFlight) this.#giveUp(stuck);
    this.#inFlight.clear();
    return isFlushed;
  }

  #giveUp(envelope: EncodedEnvelope): void {
    this.#outcomes.closed(envelope);
    this.#waiters.settle(envelope);
  }

  // Closing ends what is in flight, so that the outcomes are in before the rest is given up.
  async #closeTransport(): Promise<void> {
    const grace = deadline(this.#timers, TRANSPORT_CLOSE_MILLIS);
    try {
      await Promise.race([this.#settings.transport.close(), grace.passed]);
    } catch (error) {
      this.#settings.diagnostics.warnOnce("transport", "the transport could not be closed", error);
    }
    grace.cancel();
  }

  #detached<T>(run: () => T): T {
    return this.#settings.runDetached === undefined ? run() : this.#settings.runDetached(run);
  }
}
