import type { DataCategory } from "../../protocol/data-category.js";
import type { CheckInState, EncodedEnvelope } from "../../protocol/envelope.js";

/** Keeps envelopes on disk until the server accepts them, across restarts of the process. */
export interface Spool {
  /** Creates the directory, so that an unusable one is reported at the start. Never rejects. */
  prepare?(): Promise<void>;
  /**
   * Writes an envelope so that it survives a crash. Resolves to true if it was written; if not (disk full, read-only,
   * larger than the spool), the caller remains responsible for it. Never rejects.
   */
  keep(envelope: EncodedEnvelope): Promise<boolean>;
  /** Writes an envelope synchronously, at the end of the process. Never throws. */
  keepSync(envelope: EncodedEnvelope): boolean;
  /**
   * Claims the next envelope, by priority and age, so that no other process sends it. Skips rate-limited categories.
   * Resolves to undefined if there is none. Never rejects.
   */
  claim(isLimited: (category: DataCategory) => boolean): Promise<SpooledEnvelope | undefined>;
  /** Tells whether check-ins of a run that this process has spooled are still in the spool. */
  holdsCheckIn(id: string): boolean;
  /**
   * Removes the `in_progress` check-in of a run whose later check-in cannot be spooled. Resolves to true if none of the
   * run remains. Never rejects.
   */
  supersede(checkIn: CheckInState): Promise<boolean>;
  counts(): SpoolCounts;
  /** False for a minute after the disk has failed; default true. */
  readonly isUsable?: boolean;
}

/** A claimed envelope. Its claimant must call `done` or `release`. */
export interface SpooledEnvelope {
  readonly envelope: EncodedEnvelope;
  /** True if this process captured it, so that its outcome counts in this client's statistics. */
  readonly isOwn: boolean;
  /** Deletes the file, because the envelope has an outcome. Never rejects. */
  done(): Promise<void>;
  /**
   * Returns the envelope to the spool, because it has no outcome yet. An envelope that fails repeatedly is moved behind
   * all others, unless the failure is not due to it, as when there is no connection. Never rejects.
   */
  release(isItsFault?: boolean): Promise<void>;
}

/** Counts of a spool. */
export interface SpoolCounts {
  /** Items that this process has spooled and that have no outcome yet, by category. */
  readonly spooled: Partial<Record<DataCategory, number>>;
  /** Files in the directory as of the last scan, of all processes. */
  readonly files: number;
  readonly bytes: number;
}
