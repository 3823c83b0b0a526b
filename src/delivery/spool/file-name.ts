import type { DataCategory } from "../../protocol/data-category.js";
import { isDataCategory, priorityOf } from "../../protocol/data-category.js";

/** What the name of a spooled file tells, so that a look at the directory opens none of them. */
export interface SpoolEntry {
  /** The file's name while it waits; in every other state something is appended. */
  readonly base: string;
  /** 0 is sent first and evicted last. */
  readonly lane: number;
  /** When it was spooled, by the wall clock; earlier for what expires before its age says so. */
  readonly timeMillis: number;
  readonly category: DataCategory;
  /** The whole file's length. */
  readonly bytes: number;
  /** Event id, or id of the run of a check-in; `none` without one. */
  readonly id: string;
}

/** What an entry's name is made of. */
export interface EntryParts {
  readonly category: DataCategory;
  /** Event id, or id of the run of a check-in. */
  readonly id: string | undefined;
  readonly timeMillis: number;
  readonly bytes: number;
  /** 16 hex digits that no other spool has. */
  readonly writer: string;
  /** Counts up within a writer. */
  readonly sequence: number;
}

/** A name that was found in the directory. */
export interface FoundFile {
  readonly name: string;
  readonly entry: SpoolEntry;
  readonly state: "claimed" | "corrupt" | "temporary" | "waiting";
  /** The process that writes or sends it. */
  readonly holder: string | undefined;
}

// A later format of the files gets another suffix, so that this version leaves them alone.
const BASE = /^\d-(\d{14})-[0-9a-f]{16}-\d{8,}-([a-z_]+)-(\d{1,12})-([0-9a-f]{32}|none)\.envelope/;
const ID = /^[0-9a-f]{32}$/;
const HELD = /^\.([0-9a-f]{16}\.\d+\.\d+)\.(sending|tmp|exit)$/;

/** Names an envelope: names sort by importance, then by age. */
export function entryOf(parts: EntryParts): SpoolEntry {
  const { category, timeMillis, bytes, writer } = parts;
  const lane = priorityOf(category);
  const time = Math.max(0, Math.trunc(timeMillis));
  const id = parts.id !== undefined && ID.test(parts.id) ? parts.id : "none";
  const sequence = String(parts.sequence).padStart(8, "0");
  const age = String(time).padStart(14, "0");
  const base = `${lane}-${age}-${writer}-${sequence}-${category}-${bytes}-${id}.envelope`;
  return { base, lane, timeMillis: time, category, bytes, id };
}

/** The name of a file that a process has taken out to send. */
export function claimedName(base: string, holder: string): string {
  return `${base}.${holder}.sending`;
}

/** The name of a file while it is written; an exit may write what is being written already. */
export function temporaryName(base: string, holder: string, kind: "exit" | "tmp"): string {
  return `${base}.${holder}.${kind}`;
}

/** The name of a file that cannot be read. */
export function corruptName(base: string): string {
  return `${base}.corrupt`;
}

/** Reads a name; undefined for what is not the spool's. */
export function parseName(name: string): FoundFile | undefined {
  const match = BASE.exec(name);
  const category = match?.[2];
  if (match === null || category === undefined || !isDataCategory(category)) return undefined;
  const base = match[0];
  const entry = {
    base,
    // Not the digit of the name: the priorities of another version may differ.
    lane: priorityOf(category),
    timeMillis: Number(match[1]),
    category,
    bytes: Number(match[3]),
    id: match[4] ?? "none",
  };
  if (name === base) return { name, entry, state: "waiting", holder: undefined };
  if (name === corruptName(base)) return { name, entry, state: "corrupt", holder: undefined };
  const held = HELD.exec(name.slice(base.length));
  if (held === null) return undefined;
  const state = held[2] === "sending" ? "claimed" : "temporary";
  return { name, entry, state, holder: held[1] };
}
