import type { DataCategory, ItemCount } from "./data-category.js";

/**
 * An encoded envelope, ready to be sent and retried. Only `sent_at` changes: it has a fixed offset and is rewritten for
 * each transmission (`stampSentAt`).
 */
export interface EncodedEnvelope {
  /** Undefined if no item needs an event id (client reports, logs). */
  readonly eventId: string | undefined;
  /** The category whose rate limits apply. An envelope carries one kind of telemetry. */
  readonly category: DataCategory;
  readonly body: Buffer;
  /** The items to count as discarded if this envelope is lost. */
  readonly contents: readonly ItemCount[];
  /** Milliseconds since 1970 after which the server would silently drop it. Default: never. */
  readonly expiresAtMillis?: number | undefined;
  /** Set for check-ins only. */
  readonly checkIn?: CheckInState | undefined;
}

/** The state of a check-in that decides in which order check-ins of a run are sent. */
export interface CheckInState {
  /** The id of the run, shared by all of its check-ins: 32 hexadecimal digits. */
  readonly id: string;
  /** True if the status is `in_progress`. */
  readonly isOpen: boolean;
  /** True if it contains the monitor's configuration. */
  readonly hasConfig: boolean;
}

/** Tells whether a later check-in of a run makes an earlier one redundant, so that only the later one need be sent. */
export function supersedes(later: CheckInState, earlier: CheckInState): boolean {
  return earlier.isOpen && !later.isOpen && (later.hasConfig || !earlier.hasConfig);
}

/** An envelope before it is encoded. */
export interface UnencodedEnvelope {
  readonly eventId?: string | undefined;
  readonly category: DataCategory;
  readonly itemType: string;
  /** The payload of the first item: JSON text without lone surrogates. */
  readonly payload: string;
  /** Additional header fields of the first item, as JSON text with a leading comma. Default: none. */
  readonly itemHeaderJson?: string | undefined;
  /** Attachments, each of which becomes an item after the first. */
  readonly attachments?: readonly AttachmentItem[] | undefined;
  /** Additional header fields of the envelope, as JSON text with a leading comma (`,"sdk":{…}`), or "". */
  readonly headerJson: string;
  readonly contents: readonly ItemCount[];
  readonly expiresAtMillis?: number | undefined;
  readonly checkIn?: CheckInState | undefined;
}

/** An attachment of an event, ready to be encoded. */
export interface AttachmentItem {
  readonly data: Uint8Array;
  /** Additional fields of the item's header, as JSON text with a leading comma. */
  readonly headerJson: string;
}

// `sent_at` comes first, so that its 24 characters have a fixed offset.
const SENT_AT_PREFIX = '{"sent_at":"';
const SENT_AT_PLACEHOLDER = "1970-01-01T00:00:00.000Z";

const NEWLINE = 0x0a;
const MAX_CHARACTER_BYTES = 4;

/** Encodes an envelope: header, item and attachments, each with its length in bytes. */
export function encodeEnvelope(envelope: UnencodedEnvelope): EncodedEnvelope {
  const { eventId, category, contents, attachments = [], expiresAtMillis, checkIn } = envelope;
  const body = withAttachments(asciiBody(envelope) ?? itemBody(envelope), attachments);
  return { eventId, category, body, contents, expiresAtMillis, checkIn };
}

// Writes the payload as if every character took one byte, which is true for most payloads and saves measuring it. The
// buffer has room for one more character of any length: if the number of bytes written equals the number of characters,
// the assumption was right and nothing was cut off.
function asciiBody(envelope: UnencodedEnvelope): Buffer | undefined {
  const { length } = envelope.payload;
  const header = headerText(envelope, length);
  const start = Buffer.byteLength(header);
  const body = Buffer.allocUnsafeSlow(start + length + MAX_CHARACTER_BYTES);
  if (body.write(envelope.payload, start, "utf8") !== length) return undefined;
  body.write(header, 0, "utf8");
  body[start + length] = NEWLINE;
  return body.subarray(0, start + length + 1);
}

function itemBody(envelope: UnencodedEnvelope): Buffer {
  const header = headerText(envelope, Buffer.byteLength(envelope.payload));
  return Buffer.from(`${header}${envelope.payload}\n`);
}

function headerText(envelope: UnencodedEnvelope, payloadBytes: number): string {
  const eventId = envelope.eventId === undefined ? "" : `,"event_id":"${envelope.eventId}"`;
  return `${SENT_AT_PREFIX}${SENT_AT_PLACEHOLDER}"${eventId}${envelope.headerJson}}\n{"type":"${envelope.itemType}","length":${payloadBytes}${envelope.itemHeaderJson ?? ""}}\n`;
}

function withAttachments(body: Buffer, attachments: readonly AttachmentItem[]): Buffer {
  if (attachments.length === 0) return body;
  const pieces: Uint8Array[] = [body];
  for (const { data, headerJson } of attachments) {
    const header = `{"type":"attachment","length":${data.length}${headerJson}}\n`;
    pieces.push(Buffer.from(header), data, Buffer.of(NEWLINE));
  }
  return Buffer.concat(pieces);
}

/** Returns a copy of an envelope with one more item at its end. `payload` is JSON text without lone surrogates. */
export function appendItem(
  envelope: EncodedEnvelope,
  itemType: string,
  payload: string,
): EncodedEnvelope {
  const { body } = envelope;
  // The last newline of an envelope is optional: an envelope from a file may lack it.
  const newline = body.at(-1) === NEWLINE ? "" : "\n";
  const header = `{"type":"${itemType}","length":${Buffer.byteLength(payload)}}`;
  const item = Buffer.from(`${newline}${header}\n${payload}\n`);
  return { ...envelope, body: Buffer.concat([body, item]) };
}

/** Writes the time of transmission into the envelope's header, in place. */
export function stampSentAt(envelope: EncodedEnvelope, nowMillis: number): void {
  envelope.body.write(new Date(nowMillis).toISOString(), SENT_AT_PREFIX.length, "latin1");
}

// Items whose payload need not be JSON.
const OPAQUE: ReadonlySet<unknown> = new Set(["attachment"]);

/**
 * Tells whether all items of an envelope are well-formed: the server rejects a whole envelope for one malformed item
 * (https://develop.sentry.dev/sdk/foundations/envelopes/). `start` is the offset behind the envelope's header.
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
  const isFramed = end <= body.length && (end === body.length || body[end] === NEWLINE);
  if (!isFramed) return undefined;
  const isReadable = OPAQUE.has(header.type) || isJson(body.subarray(payloadStart, end));
  return isReadable ? end + 1 : undefined;
}

function lineEnd(body: Buffer, start: number): number {
  const end = body.indexOf(NEWLINE, start);
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
