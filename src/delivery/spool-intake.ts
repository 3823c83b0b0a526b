import type { CheckInState, EncodedEnvelope } from "../protocol/envelope.js";
import type { Spool } from "./spool/spool.js";

// What may wait for the disk of what a full queue has evicted: beyond it the disk is too slow to help.
const MAX_EVICTED_BYTES = 4 * 1024 * 1024;

/** Hands envelopes to the spool; holds those that the queue has evicted until they are written. */
export class SpoolIntake implements Iterable<EncodedEnvelope> {
  readonly #spool: Spool | undefined;
  readonly #writes = new Map<EncodedEnvelope, Promise<boolean>>();
  readonly #evicted = new Set<EncodedEnvelope>();
  readonly #onKept: () => void;
  #evictedBytes = 0;

  constructor(spool: Spool | undefined, onKept: () => void = () => {}) {
    this.#spool = spool;
    this.#onKept = onKept;
  }

  /** Whether there is a spool. */
  get isOpen(): boolean {
    return this.#spool !== undefined;
  }

  /** Whether an envelope that the queue evicts can be written before too many others. */
  get hasRoom(): boolean {
    return this.isOpen && this.#evictedBytes < MAX_EVICTED_BYTES;
  }

  /** Whether an envelope waits for the disk. */
  isWriting(envelope: EncodedEnvelope): boolean {
    return this.#writes.has(envelope);
  }

  /** Resolves to whether the envelope is safe; until then, and if it is not, it is the caller's. */
  async keep(envelope: EncodedEnvelope): Promise<boolean> {
    if (this.#spool === undefined) return false;
    const write = this.#spool.keep(envelope);
    this.#writes.set(envelope, write);
    const isKept = await write;
    this.#writes.delete(envelope);
    if (isKept) this.#onKept();
    return isKept;
  }

  /** The same for one that the queue has evicted and nobody else holds. */
  async keepEvicted(envelope: EncodedEnvelope): Promise<boolean> {
    this.#evicted.add(envelope);
    this.#evictedBytes += envelope.body.length;
    const isKept = await this.keep(envelope);
    this.#forgetEvicted(envelope);
    return isKept;
  }

  /** The same as `keep`, without waiting. */
  keepSync(envelope: EncodedEnvelope): boolean {
    const isKept = this.#spool?.keepSync(envelope) ?? false;
    if (isKept) this.#forgetEvicted(envelope);
    return isKept;
  }

  /** Tells whether earlier check-ins of the run are in the spool, or on the way there. */
  isBehind({ id }: CheckInState): boolean {
    return this.#spool?.holdsCheckIn(id) === true || this.#writesOf(id).length > 0;
  }

  /**
   * Keeps a check-in behind the earlier ones of its run, which replay sends first. Resolves to false where none of them
   * is left, or it cannot be kept: then it is to be sent, and an `in_progress` before it is withdrawn.
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

  /** Resolves when all that was handed over is written, or could not be. */
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
    if (this.#evicted.delete(envelope)) this.#evictedBytes -= envelope.body.length;
  }
}
