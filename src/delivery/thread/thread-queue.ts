import { steadyNow, systemTimers } from "../../support/time.js";
import { isUrgentCategory } from "../../protocol/data-category.js";
import { envelopeOf } from "../../protocol/envelope.js";
import type { EncodedEnvelope } from "../../protocol/envelope.js";
import { createEnvelopeQueue } from "../envelope-queue.js";
import { closedError, retryableResult } from "../http/send-failures.js";
import { MemoryBound } from "../memory-bound.js";
import { createRateLimits } from "../rate-limits.js";
import { DrainSchedule } from "../drain-schedule.js";
import { DEFAULT_MIN_CONCURRENCY, SendSlots } from "../send-slots.js";
import type { Slot } from "../send-slots.js";
import { observed } from "../transport.js";
import type { ObservedTransport, SenderResult, SendOptions, Transport } from "../transport.js";
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
  readonly #transport: ObservedTransport;
  readonly #queue = createEnvelopeQueue({
    maxItems: Number.POSITIVE_INFINITY,
    memory: new MemoryBound(Number.POSITIVE_INFINITY),
    onEvicted: (envelope) => this.#finish(envelope, UNSENT),
  });
  readonly #schedule = new DrainSchedule({
    timers: systemTimers,
    queue: this.#queue,
    isStopped: () => this.#hasEnded,
    hasRoom: () => this.#slots.hasRoom(this.#queue, steadyNow()),
    start: (envelope) => this.#start(envelope),
    detached: (run) => run(),
  });
  #hasDelivered = false;
  #hasEnded = false;

  constructor(settings: ThreadQueueSettings) {
    this.#settings = settings;
    const { maxConcurrency: max, stalledConcurrency: stalled } = settings;
    const min = Math.min(DEFAULT_MIN_CONCURRENCY, max);
    this.#transport = observed(settings.transport);
    this.#slots = new SendSlots(
      { min, max, stalled, maxBytes: Number.POSITIVE_INFINITY },
      {
        settled: (slot, result) => this.#ended(slot, result),
        threw: (slot, error) => this.#ended(slot, retryableResult(error, "refused")),
      },
    );
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
    this.#schedule.drain();
  }

  /** Stops sending; what waits gets no result. */
  stop(): void {
    this.#hasEnded = true;
  }

  /** Ends the queue: what has not been sent gets the result of a closed transport. */
  end(): void {
    this.stop();
    for (const left of this.#queue.takeAll())
      this.#finish(left, retryableResult(closedError(), "refused"));
  }

  // Client reports are exempt from rate limits, and a probe has been granted already.
  #enterOne(envelope: EncodedEnvelope, entered: Entered): void {
    this.#entered.set(envelope, entered);
    if (envelope.category === "internal" || entered.options?.isProbe === true) this.#send(envelope);
    else this.#queue.push(envelope, steadyNow());
  }

  // The rate limit may have arrived while the envelope waited.
  #start(envelope: EncodedEnvelope): void {
    if (this.#limits.isLimited(envelope.category, steadyNow())) this.#finish(envelope, UNSENT);
    else this.#send(envelope);
  }

  #send(envelope: EncodedEnvelope): void {
    const { options } = this.#entered.get(envelope) ?? {};
    this.#transport.deliver(envelope, this.#slots.take(envelope, steadyNow()), options);
  }

  #ended(slot: Slot, result: SenderResult): void {
    this.#slots.free(slot);
    if (result.outcome !== "retryable" && result.outcome !== "unsent")
      this.#limits.update(result.limits, result.statusCode, steadyNow());
    this.#hasDelivered ||= result.outcome === "delivered";
    this.#finish(slot.envelope, result);
    this.#schedule.drain();
  }

  #finish(envelope: EncodedEnvelope, result: SenderResult): void {
    const entered = this.#entered.get(envelope);
    if (entered === undefined) return;
    this.#entered.delete(envelope);
    this.#settings.onResult(entered.id, result, isUrgentCategory(envelope.category));
  }
}
