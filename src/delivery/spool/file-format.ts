import { isDataCategory, priorityOf } from "../../protocol/data-category.js";
import { areItemsReadable } from "../../protocol/envelope.js";
import type { DataCategory, ItemCount } from "../../protocol/data-category.js";
import type { CheckInState, EncodedEnvelope } from "../../protocol/envelope.js";

/** The data that the name of a spooled file contains, so that listing the directory opens no file. */
export interface SpoolEntry {
  /** The name of the file while it waits; other states append a suffix. */
  readonly base: string;
  /** Priority: 0 is sent first and evicted last. */
  readonly lane: number;
  /** Time at which the envelope was spooled, by the wall clock; earlier for one that expires before the maximum age. */
  readonly timeMillis: number;
  readonly category: DataCategory;
  /** Length of the whole file. */
  readonly bytes: number;
  /** Event id or check-in id; `none` if the envelope has neither. */
  readonly id: string;
}

/** The fields of an entry's name. */
interface EntryFields {
  readonly category: DataCategory;
  /** Event id or check-in id. */
  readonly id: string | undefined;
  readonly timeMillis: number;
  readonly bytes: number;
  /** 16 hex digits that are unique to the writing spool. */
  readonly writer: string;
  /** Increases within a writer. */
  readonly sequence: number;
}

/** A file that was found in the directory. */
export interface FoundFile {
  readonly name: string;
  readonly entry: SpoolEntry;
  readonly state: "claimed" | "corrupt" | "temporary" | "waiting";
  /** Tag of the process that writes or sends the file. */
  readonly holder: string | undefined;
}

// A later version of the file format must use another suffix, so that this version ignores its files.
const BASE = /^\d-(\d{14})-[0-9a-f]{16}-\d{8,}-([a-z_]+)-(\d{1,12})-([0-9a-f]{32}|none)\.envelope/;
const ID = /^[0-9a-f]{32}$/;
const HELD = /^\.([0-9a-f]{16}\.\d+\.\d+)\.(sending|tmp|exit)$/;

/** Creates the entry of an envelope. Names sort by priority, then by age. */
export function spoolEntryOf(fields: EntryFields): SpoolEntry {
  const { category, timeMillis, bytes, writer } = fields;
  const lane = priorityOf(category);
  const time = Math.max(0, Math.trunc(timeMillis));
  const id = fields.id !== undefined && ID.test(fields.id) ? fields.id : "none";
  const sequence = String(fields.sequence).padStart(8, "0");
  const age = String(time).padStart(14, "0");
  const base = `${lane}-${age}-${writer}-${sequence}-${category}-${bytes}-${id}.envelope`;
  return { base, lane, timeMillis: time, category, bytes, id };
}

/** Returns the name of a file that a process has claimed. */
export function claimedName(base: string, holder: string): string {
  return `${base}.${holder}.sending`;
}

/**
 * Returns the name of a file while it is being written. At process exit, a file may be written again while a first
 * write is still in progress, so there are two kinds.
 */
export function temporaryName(base: string, holder: string, kind: "exit" | "tmp"): string {
  return `${base}.${holder}.${kind}`;
}

/** Returns the name of a corrupt file. */
export function corruptName(base: string): string {
  return `${base}.corrupt`;
}

/** Parses a file name; returns undefined for files that are not the spool's. */
export function parseName(name: string): FoundFile | undefined {
  const match = BASE.exec(name);
  const category = match?.[2];
  if (match === null || category === undefined || !isDataCategory(category)) return undefined;
  const base = match[0];
  const entry = {
    base,
    // Computed from the category, because another version may have assigned other priorities to the digit in the name.
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

const FORMAT = 1;
const NEW_LINE = 0x0a;
// The beginning of an envelope. `sent_at` comes first and is overwritten for each transmission.
const ENVELOPE_START = '{"sent_at":"';
const SENT_AT_END = ENVELOPE_START.length + 24;

/** The first line of a spooled file. */
interface Metadata {
  readonly category: DataCategory;
  readonly eventId: string | undefined;
  readonly contents: readonly ItemCount[];
  readonly bodyBytes: number;
  readonly checkIn: CheckInState | undefined;
}

/** The parsed content of a spooled file. */
export interface FileContent {
  /** Undefined if the file is damaged. */
  readonly envelope: EncodedEnvelope | undefined;
  /** The items that the file contains, as far as its first line can be parsed. */
  readonly contents: readonly ItemCount[];
}

/** Returns the line of JSON that precedes the envelope. */
export function fileHeader(envelope: EncodedEnvelope, writer: string): Buffer {
  const { category, eventId, contents, checkIn, body } = envelope;
  const bytes = body.length;
  const metadata = { format: FORMAT, category, eventId, contents, checkIn, writer, bytes };
  return Buffer.from(`${JSON.stringify(metadata)}\n`);
}

/** Parses a file, and checks that it is complete. */
export function decodeFile(file: Buffer): FileContent {
  const end = file.indexOf(NEW_LINE);
  const metadata = end < 0 ? undefined : parseMetadata(file.subarray(0, end));
  if (metadata === undefined) return { envelope: undefined, contents: [] };
  const { category, eventId, contents, bodyBytes, checkIn } = metadata;
  const body = file.subarray(end + 1);
  const isWhole =
    body.length === bodyBytes &&
    hasEnvelopeHeader(body) &&
    areItemsReadable(body, body.indexOf(NEW_LINE) + 1);
  return {
    envelope: isWhole ? { eventId, category, body, contents, checkIn } : undefined,
    contents,
  };
}

function parseMetadata(line: Buffer): Metadata | undefined {
  const read = parseObject(line);
  if (read?.["format"] !== FORMAT) return undefined;
  const { category, eventId, contents, bytes } = read;
  if (typeof category !== "string" || !isDataCategory(category)) return undefined;
  if (eventId !== undefined && typeof eventId !== "string") return undefined;
  if (typeof bytes !== "number" || !Array.isArray(contents) || !contents.every(isItemCount))
    return undefined;
  return { category, eventId, contents, bodyBytes: bytes, checkIn: checkInOf(read["checkIn"]) };
}

// Files of earlier versions have no check-in data.
function checkInOf(value: unknown): CheckInState | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (!("id" in value && "isOpen" in value && "hasConfig" in value)) return undefined;
  const { id, isOpen, hasConfig } = value;
  if (typeof id !== "string" || typeof isOpen !== "boolean" || typeof hasConfig !== "boolean")
    return undefined;
  return { id, isOpen, hasConfig };
}

function isItemCount(value: unknown): value is ItemCount {
  if (typeof value !== "object" || value === null) return false;
  if (!("category" in value && "quantity" in value)) return false;
  const { category, quantity } = value;
  const isCategory = typeof category === "string" && isDataCategory(category);
  return isCategory && typeof quantity === "number" && quantity >= 0;
}

// `sent_at` is overwritten in place, so it must be at the offset that this version uses.
function hasEnvelopeHeader(body: Buffer): boolean {
  const end = body.indexOf(NEW_LINE);
  if (end <= SENT_AT_END || body[SENT_AT_END] !== '"'.charCodeAt(0)) return false;
  if (body.toString("latin1", 0, ENVELOPE_START.length) !== ENVELOPE_START) return false;
  return parseObject(body.subarray(0, end)) !== undefined;
}

function parseObject(text: Buffer): Partial<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text.toString("utf8"));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Partial<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
