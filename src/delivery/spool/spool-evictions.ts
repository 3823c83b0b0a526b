import type { Diagnostics } from "../../support/diagnostics.js";
import type { CheckInState, EncodedEnvelope } from "../../protocol/envelope.js";
import { supersedes } from "../../protocol/envelope.js";
import { decodeFile } from "./file-content.js";
import { reportForeign } from "./disk-trouble.js";
import type { SpoolEntry } from "./file-name.js";
import { corruptName } from "./file-name.js";
import type { SpoolBooks } from "./spool-books.js";
import type { DiskResult, ReadResult, SpoolDisk } from "./spool-disk.js";
import type { EntryState, SpoolIndex, SupersededTest } from "./spool-index.js";
import { Turns } from "../../support/collections.js";

/** What evictions work on. */
export interface SpoolEvictionsSettings {
  readonly disk: SpoolDisk;
  readonly index: SpoolIndex;
  readonly books: SpoolBooks;
  readonly diagnostics: Diagnostics;
}

/** Takes files out of the directory without sending them, and books what is lost by that. */
export class SpoolEvictions {
  readonly #disk: SpoolDisk;
  readonly #index: SpoolIndex;
  readonly #books: SpoolBooks;
  readonly #diagnostics: Diagnostics;
  // One after the other: what one has made room for, another must not take for its own.
  readonly #turn = new Turns(1);

  constructor(settings: SpoolEvictionsSettings) {
    this.#disk = settings.disk;
    this.#index = settings.index;
    this.#books = settings.books;
    this.#diagnostics = settings.diagnostics;
  }

  /** Makes room for an entry and reserves it, while it is wanted; resolves to whether there is any. */
  makeRoom({ entry, envelope }: Newcomer, isWanted: () => boolean): Promise<boolean> {
    const isSuperseded = this.#supersededBy(envelope.checkIn);
    return this.#turn.run(async () => {
      // An exit may take the room that was made: so it is looked at again.
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

  /** The same at once. */
  makeRoomSync({ entry, envelope }: Newcomer): boolean {
    if (this.#index.has(entry.base)) return true;
    const isSuperseded = this.#supersededBy(envelope.checkIn);
    const victims = this.#index.victimsFor(entry, isSuperseded);
    const areGone = victims?.every((victim) => this.#evictSync(victim, isSuperseded)) === true;
    if (areGone) this.#index.put(entry, "busy");
    return areGone;
  }

  /**
   * Removes own `in_progress` check-ins of a run whose later check-in goes another way. Resolves to whether none of
   * the run is left: one that is being sent, or says more than the later one, stays.
   */
  async supersede(later: CheckInState): Promise<boolean> {
    for (const [base, earlier] of this.#books.checkInsOf(later.id)) {
      const entry = this.#index.entryOf(base);
      // Another process has taken it.
      if (entry === undefined) continue;
      const isFree = this.#index.stateOf(base) === "waiting" && supersedes(later, earlier);
      if (!isFree || !(await this.#withdraw(entry))) return false;
    }
    return true;
  }

  /** Removes files and books them as `cache_overflow`; resolves to whether all are gone. */
  evict(victims: readonly SpoolEntry[]): Promise<boolean> {
    return this.#evictAll(victims, () => false);
  }

  /** Removes what is beyond the bounds. */
  async evictExcess(): Promise<void> {
    const isSuperseded = this.#supersededBy(undefined);
    await this.#evictAll(this.#index.overfull(isSuperseded), isSuperseded);
  }

  #supersededBy(newcomer: CheckInState | undefined): SupersededTest {
    return (base) => this.#books.isSuperseded(base, newcomer);
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
    if (result === "done") this.#books.supersede(entry.base);
    return true;
  }

  async #evict(victim: SpoolEntry, isSuperseded: SupersededTest): Promise<boolean> {
    const { base, bytes } = victim;
    const state = this.#index.stateOf(base);
    // It was claimed while others went: it is no victim any more.
    if (state !== "waiting" && state !== "corrupt") return true;
    this.#index.put(victim, "busy");
    const isUnknown = state === "waiting" && this.#books.ownContents(base) === undefined;
    const read = isUnknown ? await this.#disk.read(base, bytes) : undefined;
    const result = await this.#disk.remove(nameIn(state, base));
    return this.#removed({ victim, state, result, data: dataOf(read), isSuperseded });
  }

  #evictSync(victim: SpoolEntry, isSuperseded: SupersededTest): boolean {
    const { base } = victim;
    const state = this.#index.stateOf(base) ?? "waiting";
    const isUnknown = state === "waiting" && this.#books.ownContents(base) === undefined;
    const data = isUnknown ? this.#disk.readSync(base, victim.bytes) : undefined;
    const result = this.#disk.removeSync(nameIn(state, base));
    return this.#removed({ victim, state, result, data, isSuperseded });
  }

  // What is missing was taken by another process, which then books it. What is corrupt was booked
  // when that was noticed.
  #removed({ victim, state, result, data, isSuperseded }: Removal): boolean {
    if (result === "failed") {
      this.#index.put(victim, state);
      return false;
    }
    if (result === "refused") {
      // What was set aside was reported then.
      if (state !== "corrupt") reportForeign(this.#diagnostics, victim.base);
      this.#index.ignore(victim.base);
      return true;
    }
    this.#index.drop(victim.base);
    if (result !== "done" || state !== "waiting") return true;
    if (isSuperseded(victim.base)) this.#books.supersede(victim.base);
    else this.#lose(victim.base, data);
    return true;
  }

  #lose(base: string, data: Buffer | undefined): void {
    this.#diagnostics.warnOnce(
      "spool_overflow",
      "the spool is full, or the server was away for too long: the least important and oldest envelopes are dropped. Check the way to the server; `transport.spoolMaxBytes` and `spoolMaxAgeMillis` allow more",
    );
    const contents = data === undefined ? [] : decodeFile(data).contents;
    this.#books.lose(base, "cache_overflow", contents);
  }
}

/** What is to be written. */
interface Newcomer {
  readonly entry: SpoolEntry;
  readonly envelope: EncodedEnvelope;
}

interface Removal {
  readonly victim: SpoolEntry;
  readonly state: EntryState;
  readonly result: DiskResult;
  /** A foreign file's bytes. */
  readonly data: Buffer | undefined;
  readonly isSuperseded: SupersededTest;
}

function nameIn(state: EntryState, base: string): string {
  return state === "corrupt" ? corruptName(base) : base;
}

function dataOf(read: ReadResult | undefined): Buffer | undefined {
  return read?.result === "done" ? read.data : undefined;
}
