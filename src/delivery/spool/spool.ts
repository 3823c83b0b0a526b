import type { DataCategory } from "../../protocol/data-category.js";
import type { CheckInState, EncodedEnvelope } from "../../protocol/envelope.js";

/** Envelopes on disk that wait for the server to come back, also for the next process. */
export interface Spool {
  /**
   * Writes an envelope so that it survives a crash. Resolves to whether it did; where it could not
   * (disk full, read-only, larger than the spool) the envelope is still the caller's. Never rejects.
   */
  keep(envelope: EncodedEnvelope): Promise<boolean>;
  /** The same at the end of the process, where nothing can be waited for. Never throws. */
  keepSync(envelope: EncodedEnvelope): boolean;
  /**
   * Takes the next envelope, most important and oldest first, so that no other process sends it.
   * Categories that are limited now are passed over. Undefined when there is none. Never rejects.
   */
  claim(isLimited: (category: DataCategory) => boolean): Promise<SpooledEnvelope | undefined>;
  /** Whether check-ins of a run that this process has put in are still here. */
  holdsCheckIn(id: string): boolean;
  /**
   * Takes out the `in_progress` of a run whose later check-in is at hand and cannot be kept. Resolves to whether none of
   * the run is left. Never rejects.
   */
  supersede(checkIn: CheckInState): Promise<boolean>;
  counts(): SpoolCounts;
  /** False for a while after the disk has failed; default true. */
  readonly isUsable?: boolean;
}

/** An envelope that was taken out of the spool to be sent. One of the two methods must be called. */
export interface SpooledEnvelope {
  readonly envelope: EncodedEnvelope;
  /** Whether this process captured it, so that its outcome belongs into this process's books. */
  readonly isOwn: boolean;
  /** It has an outcome: its file is deleted. Never rejects. */
  done(): Promise<void>;
  /**
   * Puts it back, as it has no outcome yet. One that fails again and again lets all others go first, unless the fault is
   * not its own, as where there is no connection. Never rejects.
   */
  release(isItsFault?: boolean): Promise<void>;
}

/** Where the spool of this process stands. */
export interface SpoolCounts {
  /** Items that this process put in and neither took out nor gave up, by category. */
  readonly spooled: Partial<Record<DataCategory, number>>;
  /** Files in the directory as of the last look, of all processes. */
  readonly files: number;
  readonly bytes: number;
}
