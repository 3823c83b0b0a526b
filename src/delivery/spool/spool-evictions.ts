import type { Diagnostics } from "../../support/diagnostics.js";
import type { CheckInState, EncodedEnvelope } from "../../protocol/envelope.js";
import { supersedes } from "../../protocol/envelope.js";
import { decodeFile, corruptName } from "./file-format.js";
import type { SpoolEntry } from "./file-format.js";
import { reportForeign } from "./spool-disk.js";
import type { DiskResult, ReadResult, SpoolDisk } from "./spool-disk.js";
import type { SpoolAccounting } from "./spool-accounting.js";
import type { EntryState, SpoolIndex, SupersededTest } from "./spool-index.js";
import { Turns } from "../../support/collections.js";

/** Dependencies of `SpoolEvictions`. */
interface SpoolEvictionsSettings {
  readonly disk: SpoolDisk;
  readonly index: SpoolIndex;
  readonly accounting: SpoolAccounting;
  readonly diagnostics: Diagnostics;
}

/** Removes files from the directory without sending them, and counts the losses. */
export class SpoolEvictions {
  readonly #disk: SpoolDisk;
  readonly #index: SpoolIndex;
  readonly #accounting: SpoolAccounting;
  readonly #diagnostics: Diagnostics;
  // One eviction at a time, so that no other one uses the space that was freed.
  readonly #turn = new Turns(1);

  constructor(settings: SpoolEvictionsSettings) {
    this.#disk = settings.disk;
    this.#index = settings.index;
    this.#accounting = settings.accounting;
    this.#diagnostics = settings.diagnostics;
  }

  /** Makes room for an entry and reserves it, as long as the entry is wanted; resolves to whether it fits. */
  makeRoom({ entry, envelope }: Newcomer, isWanted: () => boolean): Promise<boolean> {
    const isSuperseded = this.#supersededBy(envelope.checkIn);
    return this.#turn.run(async () => {
      // A synchronous write at process exit may use the space, so check again.
      while (isWanted()) {
        const victims = this.#index.victimsFor(entry, isSuperseded);
        if (victims?.length === 0) {
          this.#index.put(entry, "busy");
          return true;
        }
        if (victims === undefined || !(await this.#evictAll(victims, isSuperseded))) return false;
      }
      return false;
    });
  }

  /** Makes room for an entry synchronously. */
  makeRoomSync({ entry, envelope }: Newcomer): boolean {
    if (this.#index.has(entry.base)) return true;
    const isSuperseded = this.#supersededBy(envelope.checkIn);
    const victims = this.#index.victimsFor(entry, isSuperseded);
    const areGone = victims?.every((victim) => this.#evictSync(victim, isSuperseded)) === true;
    if (areGone) this.#index.put(entry, "busy");
    return areGone;
  }

  /**
   * Removes this process's `in_progress` check-ins of a run whose later check-in is sent without the spool. Resolves to
   * true if none of the run remains. One that is being sent, or that contains more than the later one, is kept.
   */
  async supersede(later: CheckInState): Promise<boolean> {
    for (const [base, earlier] of this.#accounting.checkInsOf(later.id)) {
      const entry = this.#index.entryOf(base);
      // Another process has claimed the file.
      if (entry === undefined) continue;
      const isFree = this.#index.stateOf(base) === "waiting" && supersedes(later, earlier);
      if (!isFree || !(await this.#withdraw(entry))) return false;
    }
    return true;
  }

  /** Removes files and counts them as `cache_overflow`; resolves to whether all are gone. */
  evict(victims: readonly SpoolEntry[]): Promise<boolean> {
    return this.#evictAll(victims, () => false);
  }

  /** Removes files until the bounds hold. */
  async evictExcess(): Promise<void> {
    const isSuperseded = this.#supersededBy(undefined);
    await this.#evictAll(this.#index.overfull(isSuperseded), isSuperseded);
  }

  #supersededBy(newcomer: CheckInState | undefined): SupersededTest {
    return (base) => this.#accounting.isSuperseded(base, newcomer);
  }

  async #evictAll(victims: readonly SpoolEntry[], isSuperseded: SupersededTest): Promise<boolean> {
    for (const victim of victims) if (!(await this.#evict(victim, isSuperseded))) return false;
    return true;
  }

  async #withdraw(entry: SpoolEntry): Promise<boolean> {
    this.#index.put(entry, "busy");
    const result = await this.#disk.remove(entry.base);
    if (result === "failed" || result === "refused") {
      this.#index.put(entry, "waiting");
      return false;
    }
    this.#index.drop(entry.base);
    if (result === "done") this.#accounting.supersede(entry.base);
    return true;
  }

  async #evict(victim: SpoolEntry, isSuperseded: SupersededTest): Promise<boolean> {
    const { base, bytes } = victim;
    const state = this.#index.stateOf(base);
    // The file was claimed while others were removed.
    if (state !== "waiting" && state !== "corrupt") return true;
    this.#index.put(victim, "busy");
    const isUnknown = state === "waiting" && this.#accounting.ownContents(base) === undefined;
    const read = isUnknown ? await this.#disk.read(base, bytes) : undefined;
    const result = await this.#disk.remove(nameIn(state, base));
    return this.#removed({ victim, state, result, data: dataOf(read), isSuperseded });
  }

  #evictSync(victim: SpoolEntry, isSuperseded: SupersededTest): boolean {
    const { base } = victim;
    const state = this.#index.stateOf(base) ?? "waiting";
    const isUnknown = state === "waiting" && this.#accounting.ownContents(base) === undefined;
    const data = isUnknown ? this.#disk.readSync(base, victim.bytes) : undefined;
    const result = this.#disk.removeSync(nameIn(state, base));
    return this.#removed({ victim, state, result, data, isSuperseded });
  }

  // A missing file was claimed by another process, which counts it. A corrupt file was counted when it was found.
  #removed({ victim, state, result, data, isSuperseded }: Removal): boolean {
    if (result === "failed") {
      this.#index.put(victim, state);
      return false;
    }
    if (result === "refused") {
      // A corrupt file was already reported when it was found.
      if (state !== "corrupt") reportForeign(this.#diagnostics, victim.base);
      this.#index.ignore(victim.base);
      return true;
    }
    this.#index.drop(victim.base);
    if (result !== "done" || state !== "waiting") return true;
    if (isSuperseded(victim.base)) this.#accounting.supersede(victim.base);
    else this.#lose(victim.base, data);
    return true;
  }

  #lose(base: string, data: Buffer | undefined): void {
    this.#diagnostics.warnOnce(
      "spool-overflow",
      "the spool is full, or the server was unreachable for too long: envelopes of the lowest priority, and the oldest, are dropped. Check the connection to the server, or raise `spool.maxBytes` or `spool.maxAgeMillis`",
    );
    const contents = data === undefined ? [] : decodeFile(data).contents;
    this.#accounting.lose(base, "cache_overflow", contents);
  }
}

/** An envelope that is to be written. */
interface Newcomer {
  readonly entry: SpoolEntry;
  readonly envelope: EncodedEnvelope;
}

interface Removal {
  readonly victim: SpoolEntry;
  readonly state: EntryState;
  readonly result: DiskResult;
  /** The content of another process's file. */
  readonly data: Buffer | undefined;
  readonly isSuperseded: SupersededTest;
}

function nameIn(state: EntryState, base: string): string {
  return state === "corrupt" ? corruptName(base) : base;
}

function dataOf(read: ReadResult | undefined): Buffer | undefined {
  return read?.result === "done" ? read.data : undefined;
}
