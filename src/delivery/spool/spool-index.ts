import { PRIORITIES } from "../../protocol/data-category.js";
import type { DataCategory } from "../../protocol/data-category.js";
import { BoundedMap } from "../../support/collections.js";
import type { FoundFile, SpoolEntry } from "./file-format.js";
import { SpoolLanes } from "./spool-lanes.js";
import type { WaitingFile } from "./spool-lanes.js";

/**
 * State of a file:
 * - `waiting`: may be claimed or evicted.
 * - `busy`: is being written, sent or removed by this process; a scan may have outdated information about it.
 * - `taken`: is being written, sent or removed by another process.
 * - `corrupt`: was set aside.
 */
export type EntryState = "busy" | "corrupt" | "taken" | "waiting";

/** Tells whether removing a file loses nothing, because a later check-in of its run is in the spool. */
export type SupersededTest = (base: string) => boolean;

interface Tracked extends WaitingFile {
  state: EntryState;
}

interface Room {
  readonly files: number;
  readonly bytes: number;
  readonly lane: number;
}

/** Limits of the directory. */
interface SpoolBounds {
  readonly maxBytes: number;
  readonly maxFiles: number;
}

const MAX_IGNORED = 1000;

/** The files in the directory as of the last scan, updated by this process's own operations. */
export class SpoolIndex {
  readonly #bounds: SpoolBounds;
  readonly #tracked = new Map<string, Tracked>();
  readonly #waiting = new SpoolLanes();
  readonly #corrupt = new Map<string, SpoolEntry>();
  #bytes = 0;
  #corruptBytes = 0;
  readonly #scans = new Set<Set<string>>();
  readonly #ignored = new BoundedMap<string, true>(MAX_IGNORED);

  constructor(bounds: SpoolBounds) {
    this.#bounds = bounds;
  }

  /** Maximum bytes in the directory. */
  get maxBytes(): number {
    return this.#bounds.maxBytes;
  }

  /** Number of envelopes in any state; corrupt files do not count. */
  get files(): number {
    return this.#tracked.size - this.#corrupt.size;
  }

  get bytes(): number {
    return this.#bytes - this.#corruptBytes;
  }

  has(base: string): boolean {
    return this.#tracked.has(base);
  }

  isIgnored(base: string): boolean {
    return this.#ignored.has(base);
  }

  /** Adds an entry or changes its state. */
  put(entry: SpoolEntry, state: EntryState): void {
    this.#touch(entry.base);
    const releases = this.#tracked.get(entry.base)?.releases ?? 0;
    this.#remove(entry.base);
    this.#insert({ entry, state, releases });
  }

  /** Returns a claimed entry to `waiting`, and counts the release. */
  putBack(entry: SpoolEntry): void {
    this.put(entry, "waiting");
    const tracked = this.#tracked.get(entry.base);
    if (tracked !== undefined) tracked.releases += 1;
  }

  drop(base: string): void {
    this.#touch(base);
    this.#remove(base);
  }

  /** Permanently ignores a file that this process can neither read nor remove. */
  ignore(base: string): void {
    this.drop(base);
    this.#ignored.setNewest(base, true);
  }

  /** Returns the next entry to send: see `SpoolLanes.next`. */
  next(isLimited: (category: DataCategory) => boolean): SpoolEntry | undefined {
    return this.#waiting.next(isLimited);
  }

  /**
   * Chooses the entries to evict so that a new one fits: lowest priority first; within a priority superseded ones
   * first, then the oldest. Undefined if it would not fit even then.
   */
  victimsFor(
    newcomer: SpoolEntry,
    isSuperseded: SupersededTest,
  ): readonly SpoolEntry[] | undefined {
    return this.#victims({ files: 1, bytes: newcomer.bytes, lane: newcomer.lane }, isSuperseded);
  }

  /** Chooses the entries to evict so that the limits hold, in the same order. */
  overfull(isSuperseded: SupersededTest): readonly SpoolEntry[] {
    return this.#victims({ files: 0, bytes: 0, lane: 0 }, isSuperseded) ?? [];
  }

  /** Returns the entries that were spooled before this time and are not in use. */
  olderThan(millis: number): SpoolEntry[] {
    return [...this.#tracked.values()]
      .filter(({ entry, state }) => isIdle(state) && entry.timeMillis < millis)
      .map(({ entry }) => entry);
  }

  entryOf(base: string): SpoolEntry | undefined {
    return this.#tracked.get(base)?.entry;
  }

  stateOf(base: string): EntryState | undefined {
    return this.#tracked.get(base)?.state;
  }

  /** Returns the oldest corrupt files in excess of a number. */
  corruptBeyond(count: number): SpoolEntry[] {
    const excess = this.#corrupt.size - count;
    if (excess <= 0) return [];
    const byAge = [...this.#corrupt.values()].toSorted((a, b) => a.timeMillis - b.timeMillis);
    return byAge.slice(0, excess);
  }

  /**
   * Starts a scan of the directory. Pass the returned set to `merge`: it collects the names that this process changes
   * during the scan, about which the scan may be outdated.
   */
  beginScan(): Set<string> {
    const touched = new Set<string>();
    this.#scans.add(touched);
    return touched;
  }

  /** Ends a scan; `found` is undefined if it failed. */
  merge(touched: Set<string>, found: readonly FoundFile[] | undefined): void {
    this.#scans.delete(touched);
    if (found === undefined) return;
    const seen = new Set(touched);
    for (const { entry } of found) seen.add(entry.base);
    for (const [base, { state }] of this.#tracked)
      if (!seen.has(base) && state !== "busy") this.drop(base);
    // Sorted, so that each is appended to the end of its lane.
    for (const { entry, state } of found.filter((file) => this.#isNews(file)).toSorted(byName))
      if (!touched.has(entry.base)) this.put(entry, stateOfFound(state));
  }

  #isNews({ entry, state }: FoundFile): boolean {
    if (this.#ignored.has(entry.base)) return false;
    const known = this.#tracked.get(entry.base)?.state;
    return known !== "busy" && known !== stateOfFound(state);
  }

  #touch(base: string): void {
    for (const touched of this.#scans) touched.add(base);
  }

  #victims(room: Room, isSuperseded: SupersededTest): SpoolEntry[] | undefined {
    if (room.bytes > this.#bounds.maxBytes || room.files > this.#bounds.maxFiles) return undefined;
    const victims: SpoolEntry[] = [];
    let files = this.#tracked.size + room.files;
    let bytes = this.#bytes + room.bytes;
    for (const entry of this.#dispensable(room.lane, isSuperseded)) {
      if (files <= this.#bounds.maxFiles && bytes <= this.#bounds.maxBytes) break;
      victims.push(entry);
      files -= 1;
      bytes -= entry.bytes;
    }
    const fits = files <= this.#bounds.maxFiles && bytes <= this.#bounds.maxBytes;
    return fits || room.files === 0 ? victims : undefined;
  }

  *#dispensable(lane: number, isSuperseded: SupersededTest): Iterable<SpoolEntry> {
    yield* this.#corrupt.values();
    for (let last = PRIORITIES - 1; last >= lane; last -= 1) {
      const tracked = this.#waiting.lane(last);
      if (last === 0)
        yield* supersededFirst(
          tracked.map(({ entry }) => entry),
          isSuperseded,
        );
      else for (const { entry } of tracked) yield entry;
    }
  }

  #insert(tracked: Tracked): void {
    const { entry, state } = tracked;
    this.#tracked.set(entry.base, tracked);
    this.#bytes += entry.bytes;
    if (state === "waiting") this.#waiting.add(tracked);
    else if (state === "corrupt") {
      this.#corrupt.set(entry.base, entry);
      this.#corruptBytes += entry.bytes;
    }
  }

  #remove(base: string): void {
    const tracked = this.#tracked.get(base);
    if (tracked === undefined) return;
    this.#tracked.delete(base);
    this.#bytes -= tracked.entry.bytes;
    if (tracked.state === "waiting") this.#waiting.remove(tracked.entry);
    else if (tracked.state === "corrupt") {
      this.#corrupt.delete(base);
      this.#corruptBytes -= tracked.entry.bytes;
    }
  }
}

function isIdle(state: EntryState): boolean {
  return state === "waiting" || state === "corrupt";
}

// Only check-ins can be superseded, and they have a lane of their own.
function supersededFirst(
  entries: readonly SpoolEntry[],
  isSuperseded: SupersededTest,
): SpoolEntry[] {
  const superseded = entries.filter(({ base }) => isSuperseded(base));
  const isFirst = new Set(superseded);
  return [...superseded, ...entries.filter((entry) => !isFirst.has(entry))];
}

function byName(a: FoundFile, b: FoundFile): number {
  return a.name < b.name ? -1 : 1;
}

function stateOfFound(state: FoundFile["state"]): EntryState {
  return state === "claimed" || state === "temporary" ? "taken" : state;
}
