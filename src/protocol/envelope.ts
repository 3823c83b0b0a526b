import type { DataCategory, ItemCount } from "./data-category.js";

/**
 * One envelope as bytes, ready to be sent and re-sent: everything is frozen except `sent_at`, which
 * stands at a fixed offset and is stamped anew for each transmission (`stampSentAt`).
 */
export interface EncodedEnvelope {
  /** Absent where no item needs one (client reports, logs). */
  readonly eventId: string | undefined;
  /** What rate limits are asked about; an envelope carries one kind of telemetry. */
  readonly category: DataCategory;
  readonly body: Buffer;
  /** What is lost when this envelope is lost. */
  readonly contents: readonly ItemCount[];
  /** Milliseconds since 1970 after which the server would drop it without a word; absent: never. */
  readonly expiresAtMillis?: number | undefined;
  /** Only of check-ins. */
  readonly checkIn?: CheckInState | undefined;
}

/** What the order of check-ins depends on. */
export interface CheckInState {
  /** 32 hexadecimal digits: all check-ins of one run have the same. */
  readonly id: string;
  /** Whether it says that the run is in progress. */
  readonly isOpen: boolean;
  /** Whether it carries the monitor's configuration. */
  readonly hasConfig: boolean;
}

/** Tells whether nothing is lost when only the later of two check-ins of a run arrives. */
export function supersedes(later: CheckInState, earlier: CheckInState): boolean {
  return earlier.isOpen && !later.isOpen && (later.hasConfig || !earlier.hasConfig);
}

/** What an envelope is made of, before it is bytes. */
export interface EnvelopeParts {
  readonly eventId?: string | undefined;
  readonly category: DataCategory;
  readonly itemType: string;
  /** The item's payload: JSON text without lone surrogates. */
  readonly payload: string;
  /** More item header members, as JSON text with a leading comma, or nothing. */
  readonly itemMembers?: string | undefined;
  /** Further items of the envelope. */
  readonly attachments?: readonly AttachmentItem[] | undefined;
  /** More envelope header members, as JSON text with a leading comma (`,"sdk":{…}`), or nothing. */
  readonly headerMembers: string;
  readonly contents: readonly ItemCount[];
  readonly expiresAtMillis?: number | undefined;
  readonly checkIn?: CheckInState | undefined;
}

/** A file that goes with an event. */
export interface AttachmentItem {
  readonly data: Uint8Array;
  /** Item header members, as JSON text with a leading comma. */
  readonly members: string;
}

// `sent_at` is the first member, so that its 24 characters always stand at the same place.
const SENT_AT_PREFIX = '{"sent_at":"';
const SENT_AT_PLACEHOLDER = "1970-01-01T00:00:00.000Z";

const NEWLINE = 0x0a;
const MAX_CHARACTER_BYTES = 4;

/** Frames one item by the envelope grammar, with its length in bytes. */
export function encodeEnvelope(parts: EnvelopeParts): EncodedEnvelope {
  const { eventId, category, contents, attachments = [], expiresAtMillis, checkIn } = parts;
  const body = withAttachments(asciiBody(parts) ?? itemBody(parts), attachments);
  return { eventId, category, body, contents, expiresAtMillis, checkIn };
}

// Most payloads have one byte per character: written by that guess, they are not read twice. Where the room that a
// character can take at most is left, none was cut off, and as many bytes as characters means that the guess was right.
function asciiBody(parts: EnvelopeParts): Buffer | undefined {
  const { length } = parts.payload;
  const header = headerText(parts, length);
  const start = Buffer.byteLength(header);
  const body = Buffer.allocUnsafeSlow(start + length + MAX_CHARACTER_BYTES);
  if (body.write(parts.payload, start, "utf8") !== length) return undefined;
  body.write(header, 0, "utf8");
  body[start + length] = NEWLINE;
  return body.subarray(0, start + length + 1);
}

function itemBody(parts: EnvelopeParts): Buffer {
  const header = headerText(parts, Buffer.byteLength(parts.payload));
  return Buffer.from(`${header}${parts.payload}\n`);
}

function headerText(parts: EnvelopeParts, payloadBytes: number): string {
  const eventId = parts.eventId === undefined ? "" : `,"event_id":"${parts.eventId}"`;
  return `${SENT_AT_PREFIX}${SENT_AT_PLACEHOLDER}"${eventId}${parts.headerMembers}}\n{"type":"${parts.itemType}","length":${payloadBytes}${parts.itemMembers ?? ""}}\n`;
}

function withAttachments(body: Buffer, attachments: readonly AttachmentItem[]): Buffer {
  if (attachments.length === 0) return body;
  const pieces: Uint8Array[] = [body];
  for (const { data, members } of attachments) {
    const header = `{"type":"attachment","length":${data.length}${members}}\n`;
    pieces.push(Buffer.from(header), data, Buffer.of(NEWLINE));
  }
  return Buffer.concat(pieces);
}

/** The same envelope with one more item at its end, in a buffer of its own. `payload` as in `EnvelopeParts`. */
export function appendItem(
  envelope: EncodedEnvelope,
  itemType: string,
  payload: string,
): EncodedEnvelope {
  const { body } = envelope;
  // A payload's newline may be left out at the end of an envelope: what was read from a file may do so.
  const newline = body.at(-1) === NEWLINE ? "" : "\n";
  const header = `{"type":"${itemType}","length":${Buffer.byteLength(payload)}}`;
  const item = Buffer.from(`${newline}${header}\n${payload}\n`);
  return { ...envelope, body: Buffer.concat([body, item]) };
}

/** Writes the moment of transmission into the envelope's header, in place. */
export function stampSentAt(envelope: EncodedEnvelope, nowMillis: number): void {
  envelope.body.write(new Date(nowMillis).toISOString(), SENT_AT_PREFIX.length, "latin1");
}

const NEW_LINE = 0x0a;

// What their payloads hold is no business of the envelope.
const OPAQUE: ReadonlySet<unknown> = new Set(["attachment"]);

/**
 * Tells whether all items behind an envelope's header can be read: a server refuses the whole envelope for one that
 * cannot. https://develop.sentry.dev/sdk/foundations/envelopes/
 */
export function areItemsReadable(body: Buffer, start: number): boolean {
  let at = start;
  while (at < body.length) {
    const next = endOfItem(body, at);
    if (next === undefined) return false;
    at = next;
  }
  return true;
}

function endOfItem(body: Buffer, start: number): number | undefined {
  const headerEnd = lineEnd(body, start);
  const header = parseJson(body.subarray(start, headerEnd));
  if (typeof header !== "object" || header === null || !("type" in header)) return undefined;
  const length = "length" in header ? header.length : undefined;
  const payloadStart = Math.min(headerEnd + 1, body.length);
  const end = typeof length === "number" ? payloadStart + length : lineEnd(body, payloadStart);
  const isFramed = end <= body.length && (end === body.length || body[end] === NEW_LINE);
  if (!isFramed) return undefined;
  const isReadable = OPAQUE.has(header.type) || isJson(body.subarray(payloadStart, end));
  return isReadable ? end + 1 : undefined;
}

function lineEnd(body: Buffer, start: number): number {
  const end = body.indexOf(NEW_LINE, start);
  return end < 0 ? body.length : end;
}

function isJson(text: Buffer): boolean {
  return parseJson(text) !== undefined;
}

function parseJson(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString("utf8"));
  } catch {
    return undefined;
  }
}
