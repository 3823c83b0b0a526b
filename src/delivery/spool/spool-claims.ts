import type { Diagnostics } from "../../support/diagnostics.js";
import type { DataCategory, ItemCount } from "../../protocol/data-category.js";
import type { EncodedEnvelope } from "../../protocol/envelope.js";
import type { FileContent, SpoolEntry } from "./file-format.js";
import { decodeFile, claimedName, corruptName } from "./file-format.js";
import { reportForeign } from "./spool-disk.js";
import type { DiskResult, SpoolDisk } from "./spool-disk.js";
import type { Holder } from "./holder.js";
import type { SpooledEnvelope } from "./spool.js";
import type { SpoolAccounting } from "./spool-accounting.js";
import type { SpoolIndex } from "./spool-index.js";

/** Dependencies of `SpoolClaims`. */
interface SpoolClaimsSettings {
  readonly disk: SpoolDisk;
  readonly index: SpoolIndex;
  readonly accounting: SpoolAccounting;
  readonly holder: Holder;
  readonly diagnostics: Diagnostics;
  readonly now: () => number;
}

/** Claims files in order to send them. A claim is a rename, which succeeds for only one of several processes. */
export class SpoolClaims {
  readonly #settings: SpoolClaimsSettings;
  readonly #held = new Set<string>();

  constructor(settings: SpoolClaimsSettings) {
    this.#settings = settings;
  }

  /** Tells whether this spool has claimed a file. */
  isHeld(base: string): boolean {
    return this.#held.has(base);
  }

  /** Claims the first file of the last scan that still exists and is complete. */
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

  // The age of a claim is the file's modification time. It is set before the rename, so that the claim of an old file
  // never looks stale to a scan. A file of another user cannot be touched, but may be renamed.
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
      isOwn: this.#settings.accounting.ownContents(entry.base) !== undefined,
      done: () => once(() => this.#finish(entry, claim)),
      release: (isItsFault = true) => once(() => this.#release(entry, claim, isItsFault)),
    };
  }

  // Count before the first await, so that a caller that counts the outcome in the same turn never sees an inconsistent
  // state.
  async #finish(entry: SpoolEntry, claim: string): Promise<void> {
    const { accounting, disk, index } = this.#settings;
    accounting.completed(entry.base);
    const result = await disk.remove(claim);
    // A file that cannot be removed is sent again later; the server recognizes its event id.
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
    const { accounting, diagnostics, disk, index } = this.#settings;
    diagnostics.warnOnce(
      "spool-corrupt",
      `a file in the spool is damaged, so its envelope cannot be sent and counts as lost. The file was renamed to ${corruptName(entry.base)}; delete it if you do not need it`,
    );
    accounting.lose(entry.base, "internal_sdk_error", contents);
    const result = await disk.move(claim, corruptName(entry.base));
    if (result === "done") index.put(entry, "corrupt");
    else if (result === "missing") index.drop(entry.base);
    else if (result === "refused") this.#ignore(entry);
    else index.put(entry, "taken");
    this.#held.delete(entry.base);
    return "missing";
  }
}
