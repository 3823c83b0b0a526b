import type { Diagnostics } from "../../support/diagnostics.js";
import type { FoundFile, SpoolEntry } from "./file-name.js";
import { decodeFile } from "./file-content.js";
import { corruptName, parseName } from "./file-name.js";
import type { Holder } from "./holder.js";
import type { SpoolBooks } from "./spool-books.js";
import type { Inspected, SpoolDisk } from "./spool-disk.js";
import type { SpoolEvictions } from "./spool-evictions.js";
import type { SpoolIndex } from "./spool-index.js";

/** What a look at the directory works on. */
export interface SpoolLooksSettings {
  readonly disk: SpoolDisk;
  readonly index: SpoolIndex;
  readonly books: SpoolBooks;
  readonly evictions: SpoolEvictions;
  readonly holder: Holder;
  readonly diagnostics: Diagnostics;
  readonly maxAgeMillis: number;
  readonly now: () => number;
  /** Whether this spool sends the file now. */
  readonly isHeldHere: (base: string) => boolean;
}

const MAX_CORRUPT_FILES = 100;

const NONE: ReadonlySet<string> = new Set();

const INSPECTED_AT_A_TIME = 64;

// No send takes that long: whoever claimed it has gone, on a machine that cannot be asked.
const STALE_MILLIS = 10 * 60 * 1000;

// How old a look may be: a look costs about a microsecond per file, and others write meanwhile.
const MIN_LOOK_MILLIS = 50;
const MAX_LOOK_MILLIS = 5000;
const LOOK_MILLIS_PER_FILE = 0.5;

/** Looks at the directory: notices what other processes did, recovers what dead ones left, and keeps the bounds. */
export class SpoolLooks {
  readonly #settings: SpoolLooksSettings;
  #lookedAt: number | undefined;
  #directory: string | undefined;
  #look: Promise<boolean> | undefined;

  constructor(settings: SpoolLooksSettings) {
    this.#settings = settings;
  }

  /** Whether the last look is recent enough for the number of files. */
  get isFresh(): boolean {
    if (this.#lookedAt === undefined) return false;
    const { index, now } = this.#settings;
    const limit = Math.max(MIN_LOOK_MILLIS, index.files * LOOK_MILLIS_PER_FILE);
    return Math.abs(now() - this.#lookedAt) < Math.min(limit, MAX_LOOK_MILLIS);
  }

  /** Looks unless the last look is fresh; resolves to whether the directory can be used. */
  async ifStale(): Promise<boolean> {
    return this.isFresh || this.again();
  }

  /** Looks in any case; who comes while one is under way shares it. */
  again(): Promise<boolean> {
    this.#look ??= this.#run().finally(() => {
      this.#look = undefined;
    });
    return this.#look;
  }

  /** Looks if nobody has before, without recovering anything. */
  ifNeverSync(): boolean {
    if (this.#lookedAt !== undefined) return true;
    const { index, disk, now } = this.#settings;
    const touched = index.beginLook();
    const names = disk.listSync();
    const found = names === undefined ? undefined : parseNames(names);
    index.merge(
      touched,
      found?.flatMap((file) =>
        this.#measured(file, this.#isNew(file) && disk.inspectSync(file.name)),
      ),
    );
    if (names !== undefined) this.#lookedAt = now();
    return names !== undefined;
  }

  async #run(): Promise<boolean> {
    const { index, books, disk, now } = this.#settings;
    const touched = index.beginLook();
    const names = await disk.list();
    const found = names === undefined ? undefined : await this.#measure(parseNames(names));
    const directory = await disk.identity();
    index.merge(touched, found);
    if (found === undefined) return false;
    this.#lookedAt = now();
    this.#seen(directory, new Set(found.map(({ entry }) => entry.base)), touched);
    books.forgetUnseen((base) => index.has(base));
    await this.#recover(found);
    await this.#tidy();
    return true;
  }

  /** Counts what was in a directory that is gone; for the end of the process. */
  countGoneSync(): void {
    this.#seen(this.#settings.disk.identitySync(), new Set());
  }

  // A name may claim any size, and stand for anything.
  async #measure(found: readonly FoundFile[]): Promise<FoundFile[]> {
    const measured: FoundFile[] = [];
    for (let start = 0; start < found.length; start += INSPECTED_AT_A_TIME) {
      const batch = found.slice(start, start + INSPECTED_AT_A_TIME).map(async (file) => {
        const kind = this.#isNew(file) && (await this.#settings.disk.inspect(file.name));
        return this.#measured(file, kind);
      });
      measured.push(...(await Promise.all(batch)).flat());
    }
    return measured;
  }

  // What another process holds may have another size when it is back.
  #isNew({ entry }: FoundFile): boolean {
    const { index } = this.#settings;
    const known = index.stateOf(entry.base);
    return (known === undefined || known === "taken") && !index.isIgnored(entry.base);
  }

  // `kind` is false where the file is known.
  #measured(file: FoundFile, kind: Inspected | false): FoundFile[] {
    const { index } = this.#settings;
    const { entry, state } = file;
    if (kind === "missing" || kind === "failed" || index.isIgnored(entry.base)) return [];
    if (kind === false) return [{ ...file, entry: index.entryOf(entry.base) ?? entry }];
    const measured = { ...file, entry: { ...entry, bytes: kind.isRegular ? kind.bytes : 0 } };
    const isWhole = kind.isRegular && (state !== "waiting" || kind.bytes === entry.bytes);
    return [isWhole || state === "corrupt" ? measured : this.#setAside(measured)];
  }

  // A directory, a link, a pipe, a socket, or a file of another size: it is none of the spool's envelopes.
  #setAside(file: FoundFile): FoundFile {
    const { disk, diagnostics } = this.#settings;
    const aside = corruptName(file.entry.base);
    diagnostics.warnOnce(
      "spool_corrupt",
      `a spooled file is damaged, or no file at all, and was set aside: ${aside}. It is not sent; it can be removed`,
    );
    void disk.move(file.name, aside);
    return { ...file, name: aside, state: "corrupt", holder: undefined };
  }

  // Counts what is lost where the directory that held our files was removed or replaced. The look may be out of date
  // about a file that was written during it: the next look decides, by the directory that was known before.
  #seen(
    directory: string | undefined,
    there: ReadonlySet<string>,
    touched: ReadonlySet<string> = NONE,
  ): void {
    const known = this.#directory;
    this.#directory = directory;
    const isGone = directory === undefined || (known !== undefined && known !== directory);
    if (!isGone) return;
    const { books, diagnostics, index, isHeldHere } = this.#settings;
    for (const base of books.ownFiles()) {
      if (there.has(base) || isHeldHere(base)) continue;
      if (touched.has(base)) {
        this.#directory = known;
        continue;
      }
      diagnostics.warnOnce(
        "spool_gone",
        "the spool's directory was removed while the process ran: what was in it is lost, and the directory is made again",
      );
      index.drop(base);
      books.lose(base, "internal_sdk_error", []);
    }
  }

  async #recover(found: readonly FoundFile[]): Promise<void> {
    const named = new Set(
      found
        .filter(({ state }) => state === "waiting" || state === "claimed")
        .map(({ entry }) => entry.base),
    );
    for (const file of found.filter(({ holder }) => holder !== undefined)) {
      if (!(await this.#isLeftBehind(file))) continue;
      if (file.state === "claimed") await this.#putBack(file);
      // The exit of its process was faster than the write.
      else if (named.has(file.entry.base)) await this.#settings.disk.discard(file.name);
      else await this.#finishWrite(file);
    }
  }

  async #isLeftBehind({ name, entry, state, holder }: FoundFile): Promise<boolean> {
    const { disk, now, isHeldHere } = this.#settings;
    if (holder === undefined || isHeldHere(entry.base)) return false;
    if (this.#settings.holder.isGone(holder)) return true;
    if (state === "temporary" && holder === this.#settings.holder.tag) return false;
    const claimedAt = await disk.claimedAt(name);
    return claimedAt !== undefined && now() - claimedAt > STALE_MILLIS;
  }

  async #putBack({ name, entry }: FoundFile): Promise<void> {
    const { disk, index } = this.#settings;
    if ((await disk.move(name, entry.base)) === "done") index.put(entry, "waiting");
  }

  // What a process had written but not yet named is as good as named, if it is whole.
  async #finishWrite(file: FoundFile): Promise<void> {
    const { disk, index } = this.#settings;
    const read = await disk.read(file.name, file.entry.bytes);
    const isWhole = read.result === "done" && decodeFile(read.data).envelope !== undefined;
    if (isWhole) return this.#putBack(file);
    if (read.result === "failed") return;
    await disk.discard(file.name);
    index.drop(file.entry.base);
  }

  async #tidy(): Promise<void> {
    const { index, evictions, maxAgeMillis, now } = this.#settings;
    const victims: SpoolEntry[] = [
      ...index.olderThan(now() - maxAgeMillis),
      ...index.corruptBeyond(MAX_CORRUPT_FILES),
    ];
    if (victims.length > 0) await evictions.evict(victims);
    await evictions.evictExcess();
  }
}

function parseNames(names: readonly string[]): FoundFile[] {
  return names.map(parseName).filter((file) => file !== undefined);
}
