/** What a scope holds, as the programs write it. Replaced as a whole by each write. */
export interface UnitData {
  readonly user: { readonly id: string } | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** Messages with their times. */
  readonly crumbs: readonly Crumb[];
  readonly contexts: Readonly<Record<string, object>>;
}

export interface Crumb {
  readonly message: string;
  /** Seconds. */
  readonly timestamp: number;
}

export const EMPTY: UnitData = { user: undefined, tags: {}, crumbs: [], contexts: {} };

/** What is written before any unit of work opens: all of them have it. */
export const BEFORE_UNITS: UnitData = { ...EMPTY, tags: { region: "eu" } };

/** What an event carries of an isolation scope with an overlay on it. */
export function merged(under: UnitData, over: UnitData = EMPTY): UnitData {
  const crumbs = [...under.crumbs, ...over.crumbs];
  // Stable, and no write is older than the one before it.
  crumbs.sort((one, other) => one.timestamp - other.timestamp);
  return {
    user: over.user ?? under.user,
    tags: { ...under.tags, ...over.tags },
    crumbs,
    contexts: { ...under.contexts, ...over.contexts },
  };
}

/** A scope's data over time. */
export class Cell {
  readonly #versions: UnitData[];
  /** Sequence numbers of writes, and of the forks from this one. */
  readonly writes: number[] = [];
  readonly forks: number[] = [];
  readonly since: number;

  constructor(data: UnitData, since: number) {
    this.#versions = [data];
    this.since = since;
  }

  get data(): UnitData {
    return this.#versions.at(-1) ?? EMPTY;
  }

  get versions(): readonly UnitData[] {
    return this.#versions;
  }

  write(change: Partial<UnitData>, sequence: number): void {
    this.#versions.push({ ...this.data, ...change });
    this.writes.push(sequence);
  }
}
