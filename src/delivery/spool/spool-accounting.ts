import type { DiscardRecorder } from "../../client-reports/ledger.js";
import type { DataCategory, ItemCount, ReportedReason } from "../../protocol/data-category.js";
import type { CheckInState, EncodedEnvelope } from "../../protocol/envelope.js";
import { supersedes } from "../../protocol/envelope.js";

/**
 * Called with losses of envelopes that another process spooled: they are reported to the server, but not included in
 * this client's statistics.
 */
export type ForeignLoss = (reason: ReportedReason, contents: readonly ItemCount[]) => void;

interface OwnFile {
  readonly contents: readonly ItemCount[];
  readonly checkIn: CheckInState | undefined;
  /** Number of consecutive scans of the directory that did not find the file. */
  unseen: number;
}

// Scans after which an unseen file counts as gone. More than one, because a scan may miss a file that is renamed
// meanwhile.
const UNSEEN_UNTIL_GONE = 2;

/** Accounts for the envelopes that this process has spooled. */
export class SpoolAccounting {
  readonly #recorder: DiscardRecorder;
  readonly #onForeignLoss: ForeignLoss;
  readonly #own = new Map<string, OwnFile>();
  readonly #spooled = new Map<DataCategory, number>();
  // Check-ins of this process: by check-in id, then by file.
  readonly #checkIns = new Map<string, Map<string, CheckInState>>();

  constructor(recorder: DiscardRecorder, onForeignLoss: ForeignLoss) {
    this.#recorder = recorder;
    this.#onForeignLoss = onForeignLoss;
  }

  /** Adds a file that this process has written; a second call has no effect. */
  enter(base: string, { contents, checkIn }: EncodedEnvelope): void {
    if (this.#own.has(base)) return;
    this.#own.set(base, { contents, checkIn, unseen: 0 });
    this.#add(contents, 1);
    if (checkIn === undefined) return;
    const files = this.#checkIns.get(checkIn.id) ?? new Map<string, CheckInState>();
    this.#checkIns.set(checkIn.id, files.set(base, checkIn));
  }

  /** Returns this process's check-ins of a run that are in the directory, by file. */
  checkInsOf(id: string): ReadonlyMap<string, CheckInState> {
    return this.#checkIns.get(id) ?? new Map();
  }

  /**
   * Tells whether a file contains an `in_progress` check-in that is no longer needed, because the final one of its run
   * is in the directory as well or is `newcomer`.
   */
  isSuperseded(base: string, newcomer?: CheckInState): boolean {
    const checkIn = this.#own.get(base)?.checkIn;
    if (checkIn?.isOpen !== true) return false;
    if (newcomer?.id === checkIn.id && supersedes(newcomer, checkIn)) return true;
    const run = [...this.checkInsOf(checkIn.id).values()];
    return run.some((later) => supersedes(later, checkIn));
  }

  /** Returns the items of a file of this process; undefined for a file of another process. */
  ownContents(base: string): readonly ItemCount[] | undefined {
    return this.#own.get(base)?.contents;
  }

  /** Records that a file has an outcome and is no longer spooled. */
  completed(base: string): void {
    const own = this.#own.get(base);
    if (own === undefined) return;
    this.#forget(base, own);
    this.#add(own.contents, -1);
  }

  /**
   * Counts a removed file as superseded: it contained an `in_progress` check-in, and the final one of its run is sent
   * without the spool.
   */
  supersede(base: string): void {
    const own = this.ownContents(base) ?? [];
    this.completed(base);
    this.#recorder.record("superseded", own);
  }

  /** Counts a lost file; `contents` are the items of a file of another process, if they are known. */
  lose(base: string, reason: ReportedReason, contents: readonly ItemCount[]): void {
    const own = this.ownContents(base);
    this.completed(base);
    if (own !== undefined) this.#recorder.record(reason, own);
    else if (contents.length > 0) this.#onForeignLoss(reason, contents);
  }

  /** Names of this process's files that are known to be in the directory. */
  ownFiles(): Iterable<string> {
    return this.#own.keys();
  }

  /**
   * Forgets files that other processes have claimed. They stay in `spooled`, because those processes count their
   * outcomes.
   */
  forgetUnseen(isThere: (base: string) => boolean): void {
    for (const [base, own] of this.#own) {
      own.unseen = isThere(base) ? 0 : own.unseen + 1;
      if (own.unseen >= UNSEEN_UNTIL_GONE) this.#forget(base, own);
    }
  }

  spooled(): Partial<Record<DataCategory, number>> {
    return Object.fromEntries(this.#spooled);
  }

  #forget(base: string, { checkIn }: OwnFile): void {
    this.#own.delete(base);
    if (checkIn === undefined) return;
    const files = this.#checkIns.get(checkIn.id);
    files?.delete(base);
    if (files?.size === 0) this.#checkIns.delete(checkIn.id);
  }

  #add(contents: readonly ItemCount[], sign: -1 | 1): void {
    for (const { category, quantity } of contents) {
      const sum = (this.#spooled.get(category) ?? 0) + sign * quantity;
      if (sum === 0) this.#spooled.delete(category);
      else this.#spooled.set(category, sum);
    }
  }
}
