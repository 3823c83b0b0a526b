import type { DiscardRecorder } from "../../client-reports/ledger.js";
import type { DataCategory, ItemCount, ReportedReason } from "../../protocol/data-category.js";
import type { CheckInState, EncodedEnvelope } from "../../protocol/envelope.js";
import { supersedes } from "../../protocol/envelope.js";

/** What the spool has lost of another process: the server is told, this process's books are not. */
export type ForeignLoss = (reason: ReportedReason, contents: readonly ItemCount[]) => void;

interface OwnFile {
  readonly contents: readonly ItemCount[];
  readonly checkIn: CheckInState | undefined;
  /** Looks at the directory, one after the other, that did not show it. */
  unseen: number;
}

// A file that is renamed during a look may be missing in it.
const UNSEEN_UNTIL_GONE = 2;

/** What this process has put into the directory, and what has become of it. */
export class SpoolBooks {
  readonly #recorder: DiscardRecorder;
  readonly #onForeignLoss: ForeignLoss;
  readonly #own = new Map<string, OwnFile>();
  readonly #spooled = new Map<DataCategory, number>();
  // Files of own check-ins by the id of their run.
  readonly #checkIns = new Map<string, Map<string, CheckInState>>();

  constructor(recorder: DiscardRecorder, onForeignLoss: ForeignLoss) {
    this.#recorder = recorder;
    this.#onForeignLoss = onForeignLoss;
  }

  /** Enters what this process has put in; a second time is nothing new. */
  enter(base: string, { contents, checkIn }: EncodedEnvelope): void {
    if (this.#own.has(base)) return;
    this.#own.set(base, { contents, checkIn, unseen: 0 });
    this.#add(contents, 1);
    if (checkIn === undefined) return;
    const files = this.#checkIns.get(checkIn.id) ?? new Map<string, CheckInState>();
    this.#checkIns.set(checkIn.id, files.set(base, checkIn));
  }

  /** Own check-ins of a run that are in the directory, by file. */
  checkInsOf(id: string): ReadonlyMap<string, CheckInState> {
    return this.#checkIns.get(id) ?? new Map();
  }

  /** Tells whether a file holds an `in_progress` whose end is in the directory as well, or is the one to come. */
  isSuperseded(base: string, newcomer?: CheckInState): boolean {
    const checkIn = this.#own.get(base)?.checkIn;
    if (checkIn?.isOpen !== true) return false;
    if (newcomer?.id === checkIn.id && supersedes(newcomer, checkIn)) return true;
    const run = [...this.checkInsOf(checkIn.id).values()];
    return run.some((later) => supersedes(later, checkIn));
  }

  /** What an own file carries; undefined for a foreign one. */
  ownContents(base: string): readonly ItemCount[] | undefined {
    return this.#own.get(base)?.contents;
  }

  /** A file has an outcome: it is spooled no more. */
  settle(base: string): void {
    const own = this.#own.get(base);
    if (own === undefined) return;
    this.#forget(base, own);
    this.#add(own.contents, -1);
  }

  /** A file is withdrawn: it held an `in_progress` whose end goes another way. */
  supersede(base: string): void {
    const own = this.ownContents(base) ?? [];
    this.settle(base);
    this.#recorder.record("superseded", own);
  }

  /** A file is lost; `contents` is what a foreign one is known to carry. */
  lose(base: string, reason: ReportedReason, contents: readonly ItemCount[]): void {
    const own = this.ownContents(base);
    this.settle(base);
    if (own !== undefined) this.#recorder.record(reason, own);
    else if (contents.length > 0) this.#onForeignLoss(reason, contents);
  }

  /** Names of own files that are in the directory, as far as is known. */
  ownFiles(): Iterable<string> {
    return this.#own.keys();
  }

  /** Forgets the names of what other processes have taken; it stays in `spooled`, as its outcome is theirs. */
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
