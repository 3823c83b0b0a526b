import type { CheckInState, EncodedEnvelope } from "../protocol/envelope.js";
import { CheckInOrder } from "./check-in-order.js";
import type { Timers } from "../support/time.js";

/** The parts of the sender that the line uses. */
export interface CheckInLineSettings {
  readonly timers: Timers;
  readonly now: () => number;
  readonly isReachable: () => boolean;
  /** When an envelope was sent; undefined where it was not, or waits for the disk. */
  readonly startedAt: (envelope: EncodedEnvelope) => number | undefined;
  /** Sends a check-in. */
  readonly send: (envelope: EncodedEnvelope, checkIn: CheckInState) => void;
  /** Starts a check-in that was held; returns false if it is dropped. */
  readonly start: (envelope: EncodedEnvelope) => boolean;
  /** Drops a check-in for which there is no room. */
  readonly overflow: (envelope: EncodedEnvelope) => void;
}

// How long a check-in waits for an earlier one of its run that gets no answer: in a flush, and otherwise.
const LATE_IN_FLUSH_MILLIS = 500;
const LATE_MILLIS = 5000;

/** Sends the check-ins of each run one after the other. */
export class CheckInLine implements Iterable<EncodedEnvelope> {
  readonly #settings: CheckInLineSettings;
  readonly #order = new CheckInOrder();

  constructor(settings: CheckInLineSettings) {
    this.#settings = settings;
  }

  /** Bytes of the check-ins that have left the queue and wait for others. */
  get bytes(): number {
    return this.#order.bytes;
  }

  /** Notes an envelope that came into the queue. */
  entered(envelope: EncodedEnvelope): void {
    if (envelope.checkIn !== undefined) this.#order.entered(envelope, envelope.checkIn);
  }

  /** Notes an envelope that the queue evicts; returns whether nothing is lost by that. */
  evicted(envelope: EncodedEnvelope): boolean {
    const { checkIn } = envelope;
    if (checkIn === undefined) return false;
    this.#order.left(envelope, checkIn);
    return this.#order.isSuperseded(checkIn);
  }

  /** Sends a check-in, or holds it behind an earlier one of its run. */
  begin(envelope: EncodedEnvelope, checkIn: CheckInState): void {
    this.#order.left(envelope, checkIn);
    if (this.#order.begin(envelope, checkIn)) this.#settings.send(envelope, checkIn);
    else this.#hold(checkIn);
  }

  /** Notes the outcome of an envelope, and begins the check-in that waited for it. */
  ended(envelope: EncodedEnvelope): void {
    const { checkIn } = envelope;
    if (checkIn === undefined) return;
    this.#order.ended(envelope, checkIn.id);
    let next = this.#order.next(checkIn.id);
    while (next !== undefined && !this.#settings.start(next)) next = this.#order.next(checkIn.id);
  }

  /** A flush waits: no check-in waits for an earlier one that is late. */
  wake(): void {
    this.#passLate(LATE_IN_FLUSH_MILLIS);
  }

  /** Takes from what is left in the queue the check-ins whose run has one under way; returns whether it is one. */
  keepsBack(envelope: EncodedEnvelope): boolean {
    return this.#order.holds(envelope);
  }

  /** Takes out all that is held, in order. */
  takeAll(): EncodedEnvelope[] {
    return this.#order.takeAll();
  }

  [Symbol.iterator](): Iterator<EncodedEnvelope> {
    return this.#order[Symbol.iterator]();
  }

  #hold(checkIn: CheckInState): void {
    const excess = this.#order.excess(checkIn);
    if (excess !== undefined) this.#settings.overflow(excess);
    this.#settings.timers.inBackground(LATE_MILLIS, () => this.#passLate(LATE_MILLIS));
  }

  // Not while the server is gone: then the one in front is held back, and not late.
  #passLate(millis: number): void {
    const { isReachable, now, start, startedAt } = this.#settings;
    if (!isReachable()) return;
    const lateUntil = now() - millis;
    const passing = this.#order.passLate((head) => (startedAt(head) ?? now()) <= lateUntil);
    for (const envelope of passing) start(envelope);
  }
}
