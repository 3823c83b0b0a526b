import type { DataCategory, ItemCount } from "../../protocol/data-category.js";
import type { CheckInState, EncodedEnvelope } from "../../protocol/envelope.js";
import { areItemsReadable } from "../../protocol/envelope.js";
import { isDataCategory } from "../../protocol/data-category.js";

const FORMAT = 1;
const NEW_LINE = 0x0a;
// Where the envelope's `sent_at` is stamped anew for each transmission.
const ENVELOPE_START = '{"sent_at":"';
const SENT_AT_END = ENVELOPE_START.length + 24;

/** What the first line of a spooled file says. */
interface Metadata {
  readonly category: DataCategory;
  readonly eventId: string | undefined;
  readonly contents: readonly ItemCount[];
  readonly bodyBytes: number;
  readonly checkIn: CheckInState | undefined;
}

/** A spooled file that was read. */
export interface FileContent {
  /** Undefined where the file is damaged. */
  readonly envelope: EncodedEnvelope | undefined;
  /** What the file says that it carries, as far as that can still be read. */
  readonly contents: readonly ItemCount[];
}

/** The line of JSON that stands in front of the envelope's bytes. */
export function fileHeader(envelope: EncodedEnvelope, writer: string): Buffer {
  const { category, eventId, contents, checkIn, body } = envelope;
  const bytes = body.length;
  const metadata = { format: FORMAT, category, eventId, contents, checkIn, writer, bytes };
  return Buffer.from(`${JSON.stringify(metadata)}\n`);
}

/** Reads a file back, and checks that it is whole. */
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

// Absent in what an earlier version wrote.
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

// `sent_at` is written over in place, so it must stand where this version puts it.
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
