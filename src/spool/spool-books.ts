import type { DiscardRecorder } from "../client-reports/discard-recorder.js";
import type { DataCategory, ItemCount, ReportedReason } from "../protocol/data-category.js";

/** What the spool has lost of another process: the server is told, this process's books are not. */
export type ForeignLoss = (reason: ReportedReason, contents: readonly ItemCount[]) => void;

interface OwnFile {
  readonly contents: readonly ItemCount[];
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

  constructor(recorder: DiscardRecorder, onForeignLoss: ForeignLoss) {
    this.#recorder = recorder;
    this.#onForeignLoss = onForeignLoss;
  }

  /** Enters what this process has put in; a second time is nothing new. */
  enter(base: string, contents: readonly ItemCount[]): void {
    if (this.#own.has(base)) return;
    this.#own.set(base, { contents, unseen: 0 });
    this.#add(contents, 1);
  }

  /** What an own file carries; undefined for a foreign one. */
  ownContents(base: string): readonly ItemCount[] | undefined {
    return this.#own.get(base)?.contents;
  }

  /** A file has an outcome: it is spooled no more. */
  settle(base: string): void {
    const own = this.#own.get(base);
    if (own === undefined) return;
    this.#own.delete(base);
    this.#add(own.contents, -1);
  }

  /** A file is lost; `contents` is what a foreign one is known to carry. */
  lose(base: string, reason: ReportedReason, contents: readonly ItemCount[]): void {
    const own = this.ownContents(base);
    this.settle(base);
    if (own !== undefined) this.#recorder.record(reason, own);
    else if (contents.length > 0) this.#onForeignLoss(reason, contents);
  }

  /** Forgets the names of what other processes have taken; it stays in `spooled`, as its outcome is theirs. */
  forgetUnseen(isThere: (base: string) => boolean): void {
    for (const [base, own] of this.#own) {
      own.unseen = isThere(base) ? 0 : own.unseen + 1;
      if (own.unseen >= UNSEEN_UNTIL_GONE) this.#own.delete(base);
    }
  }

  spooled(): Partial<Record<DataCategory, number>> {
    return Object.fromEntries(this.#spooled);
  }

  #add(contents: readonly ItemCount[], sign: -1 | 1): void {
    for (const { category, quantity } of contents) {
      const sum = (this.#spooled.get(category) ?? 0) + sign * quantity;
      if (sum === 0) this.#spooled.delete(category);
      else this.#spooled.set(category, sum);
    }
  }
}
