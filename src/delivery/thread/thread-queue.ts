import { steadyNow, systemTimers } from "../../support/time.js";
import { priorityOf } from "../../protocol/data-category.js";
import { envelopeOf } from "../../protocol/envelope.js";
import type { EncodedEnvelope } from "../../protocol/envelope.js";
import { createEnvelopeQueue } from "../envelope-queue.js";
import { closedError, retryableResult } from "../http/send-failures.js";
import { MemoryBound } from "../memory-bound.js";
import { createRateLimits } from "../rate-limits.js";
import { DrainSchedule, SendSlots } from "../send-slots.js";
import type { SenderResult, SendOptions, SendResult, Transport } from "../transport.js";
import type { BatchMessage } from "./thread-messages.js";

/** Dependencies and bounds of a `ThreadQueue`. */
interface ThreadQueueSettings {
  readonly transport: Transport;
  readonly maxConcurrency: number;
  readonly stalledConcurrency: number;
  /** Called once for each envelope. `isUrgent` is true for errors and check-ins. */
  readonly onResult: (id: number, result: SenderResult, isUrgent: boolean) => void;
}

interface Entered {
  readonly id: number;
  readonly options: SendOptions | undefined;
}

const MIN_CONCURRENCY = 4;
const LAST_URGENT = priorityOf("error");
const UNSENT: SenderResult = Object.freeze({ outcome: "unsent" });

/**
 * The envelopes in the sender thread: those of the highest priority are sent first, a few at a time. Their number and
 * bytes are bounded by the application's thread.
 */
export class ThreadQueue {
  readonly #settings: ThreadQueueSettings;
  readonly #entered = new Map<EncodedEnvelope, Entered>();
  readonly #limits = createRateLimits();
  readonly #slots: SendSlots;
  readonly #queue = createEnvelopeQueue({
    maxItems: Number.POSITIVE_INFINITY,
    memory: new MemoryBound(Number.POSITIVE_INFINITY),
    onEvicted: (envelope) => this.#finish(envelope, UNSENT),
  });
  readonly #schedule = new DrainSchedule({
    timers: systemTimers,
    drain: () => this.#drain(),
    detached: (run) => run(),
  });
  #hasDelivered = false;
  #hasEnded = false;

  constructor(settings: ThreadQueueSettings) {
    this.#settings = settings;
    const { maxConcurrency: max, stalledConcurrency: stalled } = settings;
    const min = Math.min(MIN_CONCURRENCY, max);
    this.#slots = new SendSlots({ min, max, stalled, maxBytes: Number.POSITIVE_INFINITY });
  }

  /** Number of envelopes without a result. */
  get pending(): number {
    return this.#entered.size;
  }

  /** True if the server has accepted an envelope. */
  get hasDelivered(): boolean {
    return this.#hasDelivered;
  }

  /** Takes the envelopes of a batch. */
  enter({ firstId, contents, categories, options }: BatchMessage): void {
    for (const [index, content] of contents.entries()) {
      const envelope = envelopeOf(content, categories[index] ?? "default");
      this.#enterOne(envelope, { id: firstId + index, options: options?.[index] });
    }
    this.#drain();
  }

  /** Ends the queue: what has not been sent gets the result of a closed transport. */
  end(): void {
    this.#hasEnded = true;
    for (const left of this.#queue.takeAll())
      this.#finish(left, retryableResult(closedError(), "refused"));
  }

  // Client reports are exempt from rate limits, and a probe has been granted already.
  #enterOne(envelope: EncodedEnvelope, entered: Entered): void {
    this.#entered.set(envelope, entered);
    if (envelope.category === "internal" || entered.options?.isProbe === true) this.#send(envelope);
    else this.#queue.push(envelope, steadyNow());
  }

  #drain(): void {
    while (this.#queue.items > 0 && !this.#hasEnded) {
      const { items, isUrgent } = this.#queue;
      if (!this.#slots.hasRoom(items, isUrgent, steadyNow())) return this.#schedule.afterStall();
      const envelope = this.#queue.shift();
      if (envelope !== undefined) this.#start(envelope);
    }
  }

  // The rate limit may have arrived while the envelope waited.
  #start(envelope: EncodedEnvelope): void {
    if (this.#limits.isLimited(envelope.category, steadyNow())) this.#finish(envelope, UNSENT);
    else this.#send(envelope);
  }

  #send(envelope: EncodedEnvelope): void {
    this.#slots.take(envelope, steadyNow());
    const { options } = this.#entered.get(envelope) ?? {};
    this.#settings.transport.send(envelope, options).then(
      (result) => this.#ended(envelope, result),
      (error: unknown) => this.#ended(envelope, retryableResult(error, "refused")),
    );
  }

  #ended(envelope: EncodedEnvelope, result: SendResult): void {
    this.#slots.free(envelope);
    if (result.outcome !== "retryable")
      this.#limits.update(result.limits, result.statusCode, steadyNow());
    this.#hasDelivered ||= result.outcome === "delivered";
    this.#finish(envelope, result);
    this.#drain();
  }

  #finish(envelope: EncodedEnvelope, result: SenderResult): void {
    const entered = this.#entered.get(envelope);
    if (entered === undefined) return;
    this.#entered.delete(envelope);
    const isUrgent = priorityOf(envelope.category) <= LAST_URGENT;
    this.#settings.onResult(entered.id, result, isUrgent);
  }
}
