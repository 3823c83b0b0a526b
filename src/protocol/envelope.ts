import type { DataCategory, ItemCount } from "./data-category.js";

/** An encoded envelope, ready to be sent and retried. Only the time of transmission, `sent_at`, changes. */
export interface EncodedEnvelope {
  /** Undefined if no item needs an event id (client reports, logs). */
  readonly eventId: string | undefined;
  /** The category whose rate limits apply. An envelope carries one kind of telemetry. */
  readonly category: DataCategory;
  /** The bytes of the envelope: header and items. */
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
  /** Size of the payload in UTF-8. Default: it is measured. */
  readonly payloadBytes?: number | undefined;
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
const SENT_AT_END = SENT_AT_PREFIX.length + SENT_AT_PLACEHOLDER.length;

const NEWLINE = 0x0a;

/** Encodes an envelope: header, item and attachments, each with its length in bytes. */
export function encodeEnvelope(envelope: UnencodedEnvelope): EncodedEnvelope {
  const { payload, payloadBytes = Buffer.byteLength(payload), attachments } = envelope;
  const rest = `${headersAfterSentAt(envelope, payloadBytes)}${payload}\n`;
  const hasAttachments = attachments !== undefined && attachments.length > 0;
  if (!hasAttachments && payloadBytes === payload.length && isAscii(envelope.headerJson))
    return new AsciiEnvelope(envelope, rest);
  const body = Buffer.from(`${SENT_AT_PREFIX}${SENT_AT_PLACEHOLDER}${rest}`);
  const { eventId, category, contents, expiresAtMillis, checkIn } = envelope;
  return {
    eventId,
    category,
    body: hasAttachments ? withAttachments(body, attachments) : body,
    contents,
    expiresAtMillis,
    checkIn,
  };
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

/**
 * An envelope of ASCII text only, which most are. It stays text until somebody asks for its bytes, because a socket
 * takes text without a buffer: that saves an allocation of its size, and copying it twice.
 */
class AsciiEnvelope implements EncodedEnvelope {
  readonly eventId: string | undefined;
  readonly category: DataCategory;
  readonly contents: readonly ItemCount[];
  readonly expiresAtMillis: number | undefined;
  readonly checkIn: CheckInState | undefined;
  /** Length of the body in bytes, which is also its number of characters. */
  readonly length: number;
  #rest: string;
  #body: Buffer | undefined;

  /** `rest`: all that follows the value of `sent_at`. */
  constructor(
    envelope: Omit<UnencodedEnvelope, "headerJson" | "itemType" | "payload">,
    rest: string,
  ) {
    this.eventId = envelope.eventId;
    this.category = envelope.category;
    this.contents = envelope.contents;
    this.expiresAtMillis = envelope.expiresAtMillis;
    this.checkIn = envelope.checkIn;
    this.length = SENT_AT_END + rest.length;
    this.#rest = rest;
  }

  get body(): Buffer {
    if (this.#body === undefined) {
      this.#body = Buffer.from(this.#textAt(SENT_AT_PLACEHOLDER), "latin1");
      // So that the envelope is in memory once.
      this.#rest = "";
    }
    return this.#body;
  }

  /** Returns the text that follows the value of `sent_at`, or the bytes if they exist already. */
  get content(): Buffer | string {
    return this.#body ?? this.#rest;
  }

  /** Returns the envelope for a transmission: as text unless its bytes exist already. */
  at(sentAt: string): Buffer | string {
    if (this.#body === undefined) return this.#textAt(sentAt);
    writeSentAt(this.#body, sentAt);
    return this.#body;
  }

  #textAt(sentAt: string): string {
    return `${SENT_AT_PREFIX}${sentAt}${this.#rest}`;
  }
}

/** Returns the size of an envelope in bytes, without encoding it. */
export function sizeOf(envelope: EncodedEnvelope): number {
  return envelope instanceof AsciiEnvelope ? envelope.length : envelope.body.length;
}

/**
 * Returns the bytes or the ASCII text of an envelope, with the time of transmission in its header. Bytes are those of the
 * envelope itself, and are changed by the next transmission.
 */
export function stamped(envelope: EncodedEnvelope, nowMillis: number): Buffer | string {
  const sentAt = sentAtText(nowMillis);
  if (envelope instanceof AsciiEnvelope) return envelope.at(sentAt);
  writeSentAt(envelope.body, sentAt);
  return envelope.body;
}

/** Returns what `envelopeOf` needs to make the same envelope in another thread: bytes, or ASCII text. */
export function contentOf(envelope: EncodedEnvelope): Uint8Array | string {
  return envelope instanceof AsciiEnvelope ? envelope.content : envelope.body;
}

/** Makes an envelope of its content and its category; nothing else is known of it. */
export function envelopeOf(content: Uint8Array | string, category: DataCategory): EncodedEnvelope {
  const about = { eventId: undefined, category, contents: [] };
  if (typeof content === "string") return new AsciiEnvelope(about, content);
  const { buffer, byteOffset, byteLength } = content;
  const body = Buffer.from(buffer, byteOffset, byteLength);
  return { eventId: undefined, category, body, contents: [] };
}

/** Returns an envelope as a plain object with bytes, and the time of transmission in its header. */
export function stampedBytes(envelope: EncodedEnvelope, nowMillis: number): EncodedEnvelope {
  const { eventId, category, body, contents, expiresAtMillis, checkIn } = envelope;
  writeSentAt(body, sentAtText(nowMillis));
  return { eventId, category, body, contents, expiresAtMillis, checkIn };
}

// The envelopes of a turn of the event loop are sent in one millisecond or two, and formatting a time takes 1.5 µs.
let lastMillis = Number.NaN;
let lastText = "";

function sentAtText(nowMillis: number): string {
  if (nowMillis !== lastMillis) {
    lastText = new Date(nowMillis).toISOString();
    lastMillis = nowMillis;
  }
  return lastText;
}

function writeSentAt(body: Buffer, sentAt: string): void {
  body.write(sentAt, SENT_AT_PREFIX.length, "latin1");
}

function headersAfterSentAt(envelope: UnencodedEnvelope, payloadBytes: number): string {
  const eventId = envelope.eventId === undefined ? "" : `,"event_id":"${envelope.eventId}"`;
  return `"${eventId}${envelope.headerJson}}\n{"type":"${envelope.itemType}","length":${payloadBytes}${envelope.itemHeaderJson ?? ""}}\n`;
}

function withAttachments(body: Buffer, attachments: readonly AttachmentItem[]): Buffer {
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
  const { body, eventId, category, contents, expiresAtMillis, checkIn } = envelope;
  // The last newline of an envelope is optional: an envelope from a file may lack it.
  const newline = body.at(-1) === NEWLINE ? "" : "\n";
  const header = `{"type":"${itemType}","length":${Buffer.byteLength(payload)}}`;
  const item = Buffer.from(`${newline}${header}\n${payload}\n`);
  return {
    eventId,
    category,
    body: Buffer.concat([body, item]),
    contents,
    expiresAtMillis,
    checkIn,
  };
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
