import { sizeOf } from "../protocol/envelope.js";
import type { CheckInState, EncodedEnvelope } from "../protocol/envelope.js";
import type { MemoryBound } from "./memory-bound.js";
import type { Spool } from "./spool/spool.js";

// Bytes of evicted envelopes that may wait to be written to disk, but at most a quarter of the memory limit. If more
// are waiting, the disk is too slow to help.
const MAX_EVICTED_BYTES = 4 * 1024 * 1024;

/** The spool, if there is one. */
interface IntakeSettings {
  readonly spool?: Spool | undefined;
  /** Called when an envelope was spooled and the process continues. */
  readonly onSpooled?: (() => void) | undefined;
}

/** Hands envelopes to the spool, and holds those that the queue has evicted until they are written. */
export class SpoolIntake implements Iterable<EncodedEnvelope> {
  readonly #spool: Spool | undefined;
  readonly #writes = new Map<EncodedEnvelope, Promise<boolean>>();
  readonly #evicted = new Set<EncodedEnvelope>();
  readonly #onKept: () => void;
  readonly #maxEvictedBytes: number;
  #evictedBytes = 0;

  /** Reserves memory for evicted envelopes, because evicting them would otherwise free none. */
  constructor({ spool, onSpooled = () => {} }: IntakeSettings, memory: MemoryBound) {
    this.#spool = spool;
    this.#onKept = onSpooled;
    this.#maxEvictedBytes = Math.min(MAX_EVICTED_BYTES, memory.maxBytes / 4);
    if (this.isOpen) memory.reserve(this.#maxEvictedBytes, () => this.#evictedBytes);
  }

  /** True if there is a spool. */
  get isOpen(): boolean {
    return this.#spool !== undefined;
  }

  /** Tells whether an evicted envelope can wait to be written. A large one can if no other one is waiting. */
  hasRoomFor({ body }: EncodedEnvelope): boolean {
    if (!this.isOpen) return false;
    return this.#evictedBytes === 0 || this.#evictedBytes + body.length <= this.#maxEvictedBytes;
  }

  /** Tells whether an envelope is being written. */
  isWriting(envelope: EncodedEnvelope): boolean {
    return this.#writes.has(envelope);
  }

  /**
   * Resolves to true if the envelope was written. Until then, and if it was not, the caller remains responsible for it.
   */
  async keep(envelope: EncodedEnvelope): Promise<boolean> {
    if (this.#spool === undefined) return false;
    const write = this.#spool.keep(envelope);
    this.#writes.set(envelope, write);
    const isKept = await write;
    this.#writes.delete(envelope);
    if (isKept) this.#onKept();
    return isKept;
  }

  /** Keeps an envelope that the queue has evicted, so that nothing else refers to it. */
  async keepEvicted(envelope: EncodedEnvelope): Promise<boolean> {
    this.#evicted.add(envelope);
    this.#evictedBytes += sizeOf(envelope);
    const isKept = await this.keep(envelope);
    this.#forgetEvicted(envelope);
    return isKept;
  }

  /** Keeps an envelope synchronously. */
  keepSync(envelope: EncodedEnvelope): boolean {
    const isKept = this.#spool?.keepSync(envelope) ?? false;
    if (isKept) this.#forgetEvicted(envelope);
    return isKept;
  }

  /** Tells whether earlier check-ins of the run are in the spool or being written. */
  isBehind({ id }: CheckInState): boolean {
    return this.#spool?.holdsCheckIn(id) === true || this.#writesOf(id).length > 0;
  }

  /**
   * Spools a check-in after the earlier ones of its run, which are replayed first. Resolves to false if none of them
   * remains or if the check-in cannot be spooled: it must then be sent, and an `in_progress` before it is removed from
   * the spool.
   */
  async keepBehind(envelope: EncodedEnvelope, isWanted: () => boolean): Promise<boolean> {
    const { checkIn } = envelope;
    if (checkIn === undefined || this.#spool === undefined) return false;
    await Promise.all(this.#writesOf(checkIn.id));
    if (!isWanted() || !this.#spool.holdsCheckIn(checkIn.id)) return false;
    if (await this.keep(envelope)) return true;
    if (isWanted()) await this.#spool.supersede(checkIn);
    return false;
  }

  /** Resolves when all pending writes have finished or failed. */
  async settled(): Promise<void> {
    await Promise.all(this.#writes.values());
  }

  [Symbol.iterator](): Iterator<EncodedEnvelope> {
    return this.#evicted.values();
  }

  #writesOf(id: string): Promise<boolean>[] {
    const writes: Promise<boolean>[] = [];
    for (const [{ checkIn }, write] of this.#writes) if (checkIn?.id === id) writes.push(write);
    return writes;
  }

  #forgetEvicted(envelope: EncodedEnvelope): void {
    if (this.#evicted.delete(envelope)) this.#evictedBytes -= sizeOf(envelope);
  }
}
