import type { Diagnostics } from "../../support/diagnostics.js";
import type { FoundFile, SpoolEntry } from "./file-format.js";
import { decodeFile, corruptName, parseName } from "./file-format.js";
import type { Holder } from "./holder.js";
import type { SpoolAccounting } from "./spool-accounting.js";
import { GONE } from "./spool-disk.js";
import type { FileKind } from "./spool-files.js";
import type { Inspected, SpoolDisk } from "./spool-disk.js";
import type { SpoolEvictions } from "./spool-evictions.js";
import type { SpoolIndex } from "./spool-index.js";

/** Dependencies of `SpoolScans`. */
interface SpoolScansSettings {
  readonly disk: SpoolDisk;
  readonly index: SpoolIndex;
  readonly accounting: SpoolAccounting;
  readonly evictions: SpoolEvictions;
  readonly holder: Holder;
  readonly diagnostics: Diagnostics;
  readonly maxAgeMillis: number;
  readonly now: () => number;
  /** Tells whether this spool is sending the file. */
  readonly isHeldHere: (base: string) => boolean;
}

const MAX_CORRUPT_FILES = 100;

const NONE: ReadonlySet<string> = new Set();

const INSPECTED_AT_A_TIME = 64;

// Age at which a claim is stale. No send takes this long, so the process that claimed the file has ended, on a machine
// that cannot be queried.
const STALE_MILLIS = 10 * 60 * 1000;

// Minimum age at which a scan is repeated. A scan takes about a microsecond per file, and other processes write
// meanwhile.
const MIN_SCAN_MILLIS = 50;
const MAX_SCAN_MILLIS = 5000;
const SCAN_MILLIS_PER_FILE = 0.5;

/** Scans the directory: detects changes by other processes, recovers files of ended ones, and enforces the limits. */
export class SpoolScans {
  readonly #settings: SpoolScansSettings;
  #scannedAt: number | undefined;
  #directory: string | undefined;
  #scan: Promise<boolean> | undefined;

  constructor(settings: SpoolScansSettings) {
    this.#settings = settings;
  }

  /** True if the last scan is recent enough for the number of files. */
  get isFresh(): boolean {
    if (this.#scannedAt === undefined) return false;
    const { index, now } = this.#settings;
    const limit = Math.max(MIN_SCAN_MILLIS, index.files * SCAN_MILLIS_PER_FILE);
    return Math.abs(now() - this.#scannedAt) < Math.min(limit, MAX_SCAN_MILLIS);
  }

  /** Scans the directory unless the last scan is recent; resolves to true if the directory is usable. */
  async ifStale(): Promise<boolean> {
    return this.isFresh || this.again();
  }

  /** Scans the directory. Calls made during a scan share it. */
  again(): Promise<boolean> {
    this.#scan ??= this.#run().finally(() => {
      this.#scan = undefined;
    });
    return this.#scan;
  }

  /**
   * Scans the directory synchronously unless the last scan is recent, without recovering files: another process may have
   * written meanwhile. Returns false if the directory has never been readable.
   */
  ifStaleSync(): boolean {
    if (this.isFresh) return true;
    const { index, disk, now } = this.#settings;
    const touched = index.beginScan();
    const names = disk.listSync();
    const found = names === undefined ? undefined : parseNames(names);
    index.merge(
      touched,
      found?.flatMap((file) =>
        this.#measured(file, this.#isNew(file) && disk.inspectSync(file.name)),
      ),
    );
    if (names !== undefined) this.#scannedAt = now();
    return this.#scannedAt !== undefined;
  }

  async #run(): Promise<boolean> {
    const { index, accounting, disk, now } = this.#settings;
    const touched = index.beginScan();
    const names = await disk.list();
    const found = names === undefined ? undefined : await this.#measure(parseNames(names));
    const directory = await disk.identity();
    index.merge(touched, found);
    if (found === undefined) {
      if (directory === GONE) this.#seen(GONE, NONE, touched);
      return false;
    }
    this.#scannedAt = now();
    this.#seen(directory, new Set(found.map(({ entry }) => entry.base)), touched);
    accounting.forgetUnseen((base) => index.has(base));
    await this.#recover(found);
    await this.#tidy();
    return true;
  }

  /** Counts this process's files as lost if the directory was removed; synchronous, for the end of the process. */
  countGoneSync(): void {
    this.#seen(this.#settings.disk.identitySync(), NONE);
  }

  /** Called when the disk has failed: counts this process's files as lost if there is no directory any more. */
  diskFailed(): void {
    if (this.#settings.disk.identitySync() === GONE) this.#seen(GONE, NONE);
  }

  // Reads the sizes from the disk: that in a name may be wrong, and the name may not be that of a spooled file.
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

  // A file that another process had claimed may reappear with another size.
  #isNew({ entry }: FoundFile): boolean {
    const { index } = this.#settings;
    const known = index.stateOf(entry.base);
    return (known === undefined || known === "taken") && !index.isIgnored(entry.base);
  }

  // `kind` is false if the file is already known.
  #measured(file: FoundFile, kind: Inspected | false): FoundFile[] {
    const { index } = this.#settings;
    const { entry } = file;
    if (kind === "missing" || kind === "failed" || index.isIgnored(entry.base)) return [];
    if (kind === false) return [{ ...file, entry: index.entryOf(entry.base) ?? entry }];
    return this.#asFound(file, kind);
  }

  #asFound(file: FoundFile, { isRegular, bytes: size }: FileKind): FoundFile[] {
    const { entry, state } = file;
    const bytes = isRegular ? size : 0;
    if (state === "waiting" && bytes > this.#settings.index.maxBytes)
      return this.#leaveAlone(entry);
    const isWhole = isRegular && (state !== "waiting" || bytes === entry.bytes);
    const measured = { ...file, entry: { ...entry, bytes } };
    return [isWhole || state === "corrupt" ? measured : this.#setAside(measured)];
  }

  // In the spool it would evict all others. It may belong to a process with a higher limit.
  #leaveAlone({ base }: SpoolEntry): FoundFile[] {
    const { diagnostics, index } = this.#settings;
    diagnostics.warnOnce(
      "spool-large",
      `a file in the spool directory is larger than \`spool.maxBytes\`, and is ignored: ${base}. Processes that share a directory should have the same limit`,
    );
    index.ignore(base);
    return [];
  }

  // Sets aside an entry that is not an envelope: a directory, a link, a pipe, a socket, or a file of another size.
  #setAside(file: FoundFile): FoundFile {
    const { disk, diagnostics } = this.#settings;
    const aside = corruptName(file.entry.base);
    diagnostics.warnOnce(
      "spool-corrupt",
      `a spooled file is damaged or not a regular file, and was set aside: ${aside}. It is not sent, and can be removed`,
    );
    void disk.move(file.name, aside);
    return { ...file, name: aside, state: "corrupt", holder: undefined };
  }

  // Counts the losses if the directory was removed or replaced with this process's files in it. The scan may have
  // outdated information about a file that was written meanwhile; the next scan decides about it, by comparing with the
  // previous identity of the directory.
  #seen(
    directory: string | undefined,
    there: ReadonlySet<string>,
    touched: ReadonlySet<string> = NONE,
  ): void {
    if (directory === undefined) return;
    const known = this.#directory;
    this.#directory = directory === GONE ? undefined : directory;
    const isGone = directory === GONE || (known !== undefined && known !== directory);
    if (!isGone) return;
    const { accounting, diagnostics, index, isHeldHere } = this.#settings;
    for (const base of accounting.ownFiles()) {
      if (there.has(base) || isHeldHere(base)) continue;
      if (touched.has(base)) {
        this.#directory = known;
        continue;
      }
      diagnostics.warnOnce(
        "spool-gone",
        "the spool directory was removed or replaced while the process was running: the envelopes in it are lost. It is created again, unless a file is in its place",
      );
      index.drop(base);
      accounting.lose(base, "internal_sdk_error", []);
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
      // The process that wrote the file wrote it again when it exited.
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

  // Completes a write whose process ended before the rename, if the file is complete.
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
