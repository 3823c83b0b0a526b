import { PRIORITIES } from "../../protocol/data-category.js";
import type { DataCategory } from "../../protocol/data-category.js";
import type { SpoolEntry } from "./file-format.js";

/** A file that may be sent. */
export interface WaitingFile {
  readonly entry: SpoolEntry;
  /** Number of times that this process has claimed and released the file. */
  releases: number;
}

// After this many releases an envelope is moved behind all others, so that one that breaks every connection does not
// block them for a day. It still gets a turn now and then: an outage may have caused the releases.
const RELEASES_IN_FRONT = 3;
const OTHERS_PER_TURN = 10;

/** The waiting files of each priority, sorted by name: the oldest comes first. */
export class SpoolLanes {
  readonly #lanes: readonly WaitingFile[][] = Array.from({ length: PRIORITIES }, () => []);
  // Files taken since the last one that was moved behind all others.
  #others = 0;

  /** Returns the files of one priority. */
  lane(priority: number): readonly WaitingFile[] {
    return this.#lanes[priority] ?? [];
  }

  add(file: WaitingFile): void {
    const lane = this.#lanes[file.entry.lane] ?? [];
    lane.splice(insertionIndex(file.entry.base, lane), 0, file);
  }

  remove(entry: SpoolEntry): void {
    const lane = this.#lanes[entry.lane] ?? [];
    lane.splice(insertionIndex(entry.base, lane), 1);
  }

  /**
   * Returns the next entry to send: of the highest priority that is not rate-limited, the oldest that was released fewer than
   * `RELEASES_IN_FRONT` times. Every eleventh time, or if there is no such entry, returns the one with the fewest releases
   * among the others.
   */
  next(isLimited: (category: DataCategory) => boolean): SpoolEntry | undefined {
    const passed = new Set<string>();
    let behind: WaitingFile | undefined;
    for (const file of this.#files(oncePerCategory(isLimited))) {
      const { entry, releases } = file;
      // Check-ins of one run keep their order.
      const isLaterInRun = entry.category === "monitor" && passed.has(entry.id);
      if (releases < RELEASES_IN_FRONT && !isLaterInRun) return this.#inTurn(entry, behind?.entry);
      if (entry.id !== "none") passed.add(entry.id);
      if (!isLaterInRun && releases < (behind?.releases ?? Infinity)) behind = file;
    }
    return behind?.entry;
  }

  #inTurn(entry: SpoolEntry, behind: SpoolEntry | undefined): SpoolEntry {
    this.#others = behind === undefined ? 0 : (this.#others + 1) % (OTHERS_PER_TURN + 1);
    return behind !== undefined && this.#others === 0 ? behind : entry;
  }

  *#files(isLimited: (category: DataCategory) => boolean): Iterable<WaitingFile> {
    for (const lane of this.#lanes)
      for (const file of lane) if (!isLimited(file.entry.category)) yield file;
  }
}

// Returns the index of a name in a sorted lane, or the index at which to insert it.
function insertionIndex(base: string, lane: readonly WaitingFile[]): number {
  let low = 0;
  let high = lane.length;
  // Entries almost always arrive in order.
  if ((lane.at(-1)?.entry.base ?? "") < base) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((lane[middle]?.entry.base ?? "") < base) low = middle + 1;
    else high = middle;
  }
  return low;
}

function oncePerCategory(
  ask: (category: DataCategory) => boolean,
): (category: DataCategory) => boolean {
  const answers = new Map<DataCategory, boolean>();
  return (category) => {
    const known = answers.get(category);
    if (known !== undefined) return known;
    const answer = ask(category);
    answers.set(category, answer);
    return answer;
  };
}
