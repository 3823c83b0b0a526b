import type { CheckInState, EncodedEnvelope } from "../protocol/envelope.js";
import { CheckInOrder } from "./check-in-order.js";
import type { SendSlots } from "./send-slots.js";
import type { SpoolIntake } from "./spool-intake.js";
import type { Timers } from "../support/time.js";

/** The components of the sender that a check-in line uses. */
interface CheckInLineSettings {
  readonly timers: Timers;
  readonly now: () => number;
  readonly isReachable: () => boolean;
  readonly slots: Pick<SendSlots, "since">;
  readonly intake: Pick<SpoolIntake, "isBehind" | "isWriting">;
  /** Sends a check-in. */
  readonly send: (envelope: EncodedEnvelope) => void;
  /** Spools a check-in that must be sent after an earlier one of its run, which is in the spool. */
  readonly spool: (envelope: EncodedEnvelope) => void;
  /** Sends a held check-in; returns false if it is dropped instead. */
  readonly start: (envelope: EncodedEnvelope) => boolean;
  /** Drops a check-in because too many of its run are waiting. */
  readonly overflow: (envelope: EncodedEnvelope) => void;
}

// How long a check-in waits for the response to an earlier one of its run: while a flush is pending, and otherwise.
const LATE_IN_FLUSH_MILLIS = 500;
// Longer than the time-outs of a request and its retry, because a check-in that passes another may arrive first.
const LATE_MILLIS = 60_000;
const WATCH_MILLIS = 5000;

/** Sends the check-ins of each run one after the other. */
export class CheckInLine implements Iterable<EncodedEnvelope> {
  readonly #settings: CheckInLineSettings;
  readonly #order = new CheckInOrder();
  #isWatching = false;

  constructor(settings: CheckInLineSettings) {
    this.#settings = settings;
  }

  /** Bytes of the check-ins that have left the queue and wait for an earlier one of their run. */
  get bytes(): number {
    return this.#order.bytes;
  }

  /** Records that an envelope was queued. */
  entered(envelope: EncodedEnvelope): void {
    if (envelope.checkIn !== undefined) this.#order.entered(envelope, envelope.checkIn);
  }

  /**
   * Records that an envelope has left the queue unsent; returns true if a later check-in of the same run makes it
   * superfluous.
   */
  leftUnsent(envelope: EncodedEnvelope): boolean {
    const { checkIn } = envelope;
    if (checkIn === undefined) return false;
    this.#order.left(envelope, checkIn);
    return this.#order.isSuperseded(checkIn);
  }

  /** Sends a check-in, or holds it behind an earlier one of its run. */
  begin(envelope: EncodedEnvelope, checkIn: CheckInState): void {
    this.#order.left(envelope, checkIn);
    const { intake, send, spool } = this.#settings;
    if (!this.#order.begin(envelope, checkIn)) this.#hold(checkIn);
    else if (intake.isBehind(checkIn)) spool(envelope);
    else send(envelope);
  }

  /** Records the outcome of an envelope, and sends the check-in that waited for it. */
  ended(envelope: EncodedEnvelope): void {
    const { checkIn } = envelope;
    if (checkIn === undefined) return;
    this.#order.ended(envelope, checkIn.id);
    let next = this.#order.next(checkIn.id);
    while (next !== undefined && !this.#settings.start(next)) next = this.#order.next(checkIn.id);
  }

  /** Called by a flush: check-ins stop waiting for an earlier one that is overdue. */
  wake(): void {
    this.#passLate(LATE_IN_FLUSH_MILLIS);
  }

  /** Holds an envelope that is still queued if a check-in of its run is in flight; returns whether it is held. */
  keepsBack(envelope: EncodedEnvelope): boolean {
    return this.#order.holds(envelope);
  }

  /** Removes and returns all held check-ins, in order. */
  takeAll(): EncodedEnvelope[] {
    return this.#order.takeAll();
  }

  [Symbol.iterator](): Iterator<EncodedEnvelope> {
    return this.#order[Symbol.iterator]();
  }

  #hold(checkIn: CheckInState): void {
    const excess = this.#order.excess(checkIn);
    if (excess !== undefined) this.#settings.overflow(excess);
    this.#watch();
  }

  #watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#settings.timers.inBackground(WATCH_MILLIS, () => {
      this.#isWatching = false;
      this.#passLate(LATE_MILLIS);
      if (this.#order.bytes > 0) this.#watch();
    });
  }

  // While the server is unreachable, the first check-in waits for a retry; it is not overdue.
  #passLate(millis: number): void {
    const { isReachable, now, start } = this.#settings;
    if (!isReachable()) return;
    const lateUntil = now() - millis;
    const passing = this.#order.passLate((head) => (this.#sentAt(head) ?? now()) <= lateUntil);
    for (const envelope of passing) start(envelope);
  }

  // Undefined if it was not sent, or if it is being written to the spool.
  #sentAt(envelope: EncodedEnvelope): number | undefined {
    const { intake, slots } = this.#settings;
    return intake.isWriting(envelope) ? undefined : slots.since(envelope);
  }
}
