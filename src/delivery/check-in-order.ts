import { sizeOf } from "../protocol/envelope.js";
import type { CheckInState, EncodedEnvelope } from "../protocol/envelope.js";
import { supersedes } from "../protocol/envelope.js";

// Check-ins of one run that may wait behind the one in flight. A run has more only if the job reports its status often.
const MAX_HELD_PER_ID = 10;

interface Run {
  /** Still queued. */
  readonly queued: Set<EncodedEnvelope>;
  /** In flight. */
  head: EncodedEnvelope | undefined;
  /** No longer queued; waiting for the one in flight. */
  readonly held: EncodedEnvelope[];
}

/**
 * Keeps the check-ins of one run in order, with one in flight at a time. An `in_progress` check-in is superseded if the
 * final check-in of its run waits behind it: dropping it then loses nothing.
 */
export class CheckInOrder implements Iterable<EncodedEnvelope> {
  readonly #runs = new Map<string, Run>();
  #bytes = 0;

  /** Bytes of all held check-ins. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Records that a check-in was queued. */
  entered(envelope: EncodedEnvelope, { id }: CheckInState): void {
    let run = this.#runs.get(id);
    if (run === undefined) {
      run = { queued: new Set(), head: undefined, held: [] };
      this.#runs.set(id, run);
    }
    run.queued.add(envelope);
  }

  /** Records that a check-in is no longer queued. */
  left(envelope: EncodedEnvelope, { id }: CheckInState): void {
    this.#runs.get(id)?.queued.delete(envelope);
    this.#forgetIfDone(id);
  }

  /** Tells whether the final check-in of the run is waiting, so that its `in_progress` is no longer needed. */
  isSuperseded(checkIn: CheckInState): boolean {
    const run = this.#runs.get(checkIn.id);
    if (run === undefined || !checkIn.isOpen) return false;
    return [...run.queued, ...run.held].some(
      ({ checkIn: other }) => other !== undefined && supersedes(other, checkIn),
    );
  }

  /** Returns true if the check-in may be sent now; otherwise it is held. */
  begin(envelope: EncodedEnvelope, { id }: CheckInState): boolean {
    const run = this.#runs.get(id) ?? { queued: new Set(), head: undefined, held: [] };
    this.#runs.set(id, run);
    if (run.head === undefined) {
      run.head = envelope;
      return true;
    }
    run.held.push(envelope);
    this.#bytes += sizeOf(envelope);
    return false;
  }

  /** Removes and returns the oldest held check-in of a run that holds too many. */
  excess({ id }: CheckInState): EncodedEnvelope | undefined {
    const held = this.#runs.get(id)?.held ?? [];
    return held.length > MAX_HELD_PER_ID ? this.#takeHeld(held) : undefined;
  }

  /** Holds a check-in if another one of its run is in flight; returns whether it is held. */
  holds(envelope: EncodedEnvelope): boolean {
    const { checkIn } = envelope;
    if (checkIn === undefined) return false;
    this.left(envelope, checkIn);
    return this.#runs.get(checkIn.id)?.head !== undefined && !this.begin(envelope, checkIn);
  }

  /** Records that a check-in has an outcome. */
  ended(envelope: EncodedEnvelope, id: string): void {
    const run = this.#runs.get(id);
    if (run?.head === envelope) run.head = undefined;
  }

  /** Removes and returns the next check-in to send; undefined while another one of its run is in flight. */
  next(id: string): EncodedEnvelope | undefined {
    const run = this.#runs.get(id);
    if (run === undefined || run.head !== undefined) return undefined;
    const next = this.#takeHeld(run.held);
    if (next === undefined) this.#forgetIfDone(id);
    return next;
  }

  /** Removes and returns the next held check-in of each run whose check-in in flight is overdue. */
  passLate(isLate: (head: EncodedEnvelope) => boolean): EncodedEnvelope[] {
    const passing: EncodedEnvelope[] = [];
    for (const run of this.#runs.values()) {
      if (run.head === undefined || run.held.length === 0 || !isLate(run.head)) continue;
      run.head = undefined;
      const next = this.#takeHeld(run.held);
      if (next !== undefined) passing.push(next);
    }
    return passing;
  }

  /** Removes and returns all held check-ins, in order. */
  takeAll(): EncodedEnvelope[] {
    const taken = [...this];
    for (const { held } of this.#runs.values()) held.length = 0;
    this.#bytes = 0;
    return taken;
  }

  *[Symbol.iterator](): Iterator<EncodedEnvelope> {
    for (const { held } of this.#runs.values()) yield* held;
  }

  #takeHeld(held: EncodedEnvelope[]): EncodedEnvelope | undefined {
    const envelope = held.shift();
    if (envelope !== undefined) this.#bytes -= sizeOf(envelope);
    return envelope;
  }

  #forgetIfDone(id: string): void {
    const run = this.#runs.get(id);
    if (run === undefined || run.queued.size > 0 || run.head !== undefined || run.held.length > 0)
      return;
    this.#runs.delete(id);
  }
}
