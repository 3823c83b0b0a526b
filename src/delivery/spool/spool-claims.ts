import type { Diagnostics } from "../../support/diagnostics.js";
import type { DataCategory, ItemCount } from "../../protocol/data-category.js";
import type { EncodedEnvelope } from "../../protocol/envelope.js";
import type { FileContent } from "./file-content.js";
import { decodeFile } from "./file-content.js";
import type { SpoolEntry } from "./file-name.js";
import { reportForeign } from "./disk-trouble.js";
import { claimedName, corruptName } from "./file-name.js";
import type { Holder } from "./holder.js";
import type { SpooledEnvelope } from "./spool.js";
import type { SpoolBooks } from "./spool-books.js";
import type { DiskResult, SpoolDisk } from "./spool-disk.js";
import type { SpoolIndex } from "./spool-index.js";

/** What claims work on. */
export interface SpoolClaimsSettings {
  readonly disk: SpoolDisk;
  readonly index: SpoolIndex;
  readonly books: SpoolBooks;
  readonly holder: Holder;
  readonly diagnostics: Diagnostics;
  readonly now: () => number;
}

/** Takes files out to be sent. A claim is a rename: of several processes one succeeds. */
export class SpoolClaims {
  readonly #settings: SpoolClaimsSettings;
  readonly #held = new Set<string>();

  constructor(settings: SpoolClaimsSettings) {
    this.#settings = settings;
  }

  /** Whether this spool has claimed a file and has not settled it yet. */
  isHeld(base: string): boolean {
    return this.#held.has(base);
  }

  /** Claims the first file of the last look that is still there and whole. */
  async next(isLimited: (category: DataCategory) => boolean): Promise<SpooledEnvelope | undefined> {
    const { index } = this.#settings;
    for (let entry = index.next(isLimited); entry !== undefined; entry = index.next(isLimited)) {
      const taken = await this.#take(entry);
      if (taken === "failed") return undefined;
      if (taken !== "missing") return taken;
    }
    return undefined;
  }

  async #take(entry: SpoolEntry): Promise<SpooledEnvelope | "failed" | "missing"> {
    const { disk, index, holder } = this.#settings;
    index.put(entry, "busy");
    this.#held.add(entry.base);
    const claim = claimedName(entry.base, holder.tag);
    const result = await this.#rename(entry, claim);
    if (result !== "done") {
      this.#held.delete(entry.base);
      if (result === "missing") index.drop(entry.base);
      else if (result === "refused") this.#ignore(entry);
      else index.putBack(entry);
      return result === "refused" ? "missing" : result;
    }
    const read = await disk.read(claim, entry.bytes);
    if (read.result === "done") return this.#open(entry, claim, decodeFile(read.data));
    if (read.result === "unreadable") return this.#setAside(entry, claim, []);
    await this.#release(entry, claim, true);
    return "failed";
  }

  // The claim's age is the file's: it is set first, so that nobody ever sees a claim of an old file as stale.
  // A file of another user cannot be touched, and still be moved.
  async #rename(entry: SpoolEntry, claim: string): Promise<DiskResult> {
    const { disk, now } = this.#settings;
    const touched = await disk.touch(entry.base, now());
    const mayMove = touched === "done" || touched === "refused";
    return mayMove ? disk.move(entry.base, claim) : touched;
  }

  #ignore({ base }: SpoolEntry): void {
    const { diagnostics, index } = this.#settings;
    reportForeign(diagnostics, base);
    index.ignore(base);
  }

  #open(
    entry: SpoolEntry,
    claim: string,
    { envelope, contents }: FileContent,
  ): Promise<"missing"> | SpooledEnvelope {
    if (envelope === undefined) return this.#setAside(entry, claim, contents);
    return this.#spooled(entry, claim, envelope);
  }

  #spooled(entry: SpoolEntry, claim: string, envelope: EncodedEnvelope): SpooledEnvelope {
    let isSettled = false;
    const once = async (settle: () => Promise<void>): Promise<void> => {
      if (isSettled) return;
      isSettled = true;
      await settle();
    };
    return {
      envelope,
      isOwn: this.#settings.books.ownContents(entry.base) !== undefined,
      done: () => once(() => this.#finish(entry, claim)),
      release: (isItsFault = true) => once(() => this.#release(entry, claim, isItsFault)),
    };
  }

  // The books change before anything is waited for: whoever books the outcome in the same turn is
  // never seen with one half of it.
  async #finish(entry: SpoolEntry, claim: string): Promise<void> {
    const { books, disk, index } = this.#settings;
    books.settle(entry.base);
    const result = await disk.remove(claim);
    // A file that cannot be removed is sent again later: the server knows its event id.
    if (result === "failed") index.put(entry, "taken");
    else if (result === "refused") this.#ignore(entry);
    else index.drop(entry.base);
    this.#held.delete(entry.base);
  }

  async #release(entry: SpoolEntry, claim: string, isItsFault: boolean): Promise<void> {
    const { disk, index } = this.#settings;
    const result = await disk.move(claim, entry.base);
    if (result === "done" && isItsFault) index.putBack(entry);
    else if (result === "done") index.put(entry, "waiting");
    else if (result === "missing") index.drop(entry.base);
    else if (result === "refused") this.#ignore(entry);
    else index.put(entry, "taken");
    this.#held.delete(entry.base);
  }

  async #setAside(
    entry: SpoolEntry,
    claim: string,
    contents: readonly ItemCount[],
  ): Promise<"missing"> {
    const { books, diagnostics, disk, index } = this.#settings;
    diagnostics.warnOnce(
      "spool_corrupt",
      `a spooled file is damaged and was set aside: ${corruptName(entry.base)}. It is not sent; it can be removed`,
    );
    books.lose(entry.base, "internal_sdk_error", contents);
    const result = await disk.move(claim, corruptName(entry.base));
    if (result === "done") index.put(entry, "corrupt");
    else if (result === "missing") index.drop(entry.base);
    else if (result === "refused") this.#ignore(entry);
    else index.put(entry, "taken");
    this.#held.delete(entry.base);
    return "missing";
  }
}
