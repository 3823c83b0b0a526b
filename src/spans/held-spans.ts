import { MEMORY_FULL } from "../delivery/memory-bound.js";
import type { BoundedBuffer, MemoryBound } from "../delivery/memory-bound.js";
import { priorityOf } from "../protocol/data-category.js";

/** Settings that determine how a buffer of encoded spans makes room. */
interface HeldSpansSettings {
  readonly memory: MemoryBound;
  /** Characters above which the spans that have been held longest are sent early. Default: `memory.share`. */
  readonly maxLength?: number;
  /** Logs a warning, once for each kind. */
  readonly warnOnce: (kind: string, message: string) => void;
  /** Warning to log when spans are sent early. */
  readonly earlyMessage?: string;
  /** Sends the spans that have been held longest; returns false if none are held. Must not throw. */
  readonly sendOldest: () => boolean;
  /** Drops and counts the spans that have been held longest; returns false if none are held. Must not throw. */
  readonly dropOldest: () => boolean;
}

const SENT_EARLY =
  "finished spans of open traces take half of `maxBufferedBytes`; the oldest are sent early, as transactions of their own. Raise `maxBufferedBytes` to keep such traces whole";

const PRIORITY = priorityOf("transaction");

/** Counts the encoded spans that a buffer holds, and keeps them within the client's memory limit. */
export class HeldSpans implements BoundedBuffer {
  readonly #settings: HeldSpansSettings;
  readonly #maxLength: number;
  readonly #step: number;
  #count = 0;
  heldBytes = 0;
  // Length at which the limits are checked next, so that most spans cost one addition and one comparison.
  #checkAt = 0;

  constructor(settings: HeldSpansSettings) {
    const { memory, maxLength = memory.share } = settings;
    this.#settings = settings;
    this.#maxLength = maxLength;
    this.#step = memory.step;
    memory.add(this, memory.step);
  }

  /** Number of spans. */
  get count(): number {
    return this.#count;
  }

  /**
   * Counts spans that were added to the buffer. If a limit is exceeded, sends or drops the ones that have been held
   * longest.
   */
  add(count: number, length: number): void {
    this.#count += count;
    this.heldBytes += length;
    if (this.heldBytes > this.#checkAt) this.#check();
  }

  /** Counts spans that were removed from the buffer. */
  remove(count: number, length: number): void {
    this.#count -= count;
    this.heldBytes -= length;
    this.#checkAt = Math.min(this.#checkAt, this.#nextCheck());
  }

  /** Takes the buffer, which is empty, out of the memory limit. */
  end(): void {
    this.#settings.memory.remove(this);
  }

  dropOldest(priority: number): boolean {
    if (priority !== PRIORITY || !this.#settings.dropOldest()) return false;
    this.#settings.warnOnce("memory", MEMORY_FULL);
    return true;
  }

  #check(): void {
    const { memory, sendOldest, warnOnce, earlyMessage = SENT_EARLY } = this.#settings;
    while (this.heldBytes > this.#maxLength && sendOldest()) warnOnce("span:early", earlyMessage);
    memory.makeRoom(PRIORITY);
    this.#checkAt = this.#nextCheck();
  }

  #nextCheck(): number {
    return Math.min(this.#maxLength, this.heldBytes + this.#step);
  }
}
