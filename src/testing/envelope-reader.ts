/** A parsed envelope. */
export interface ReadEnvelope {
  readonly header: Readonly<Record<string, unknown>>;
  readonly items: readonly ReadItem[];
}

/** A parsed item of an envelope. */
export interface ReadItem {
  readonly header: ReadItemHeader;
  /** Bytes of the payload, without the trailing newline. */
  readonly payload: Uint8Array;
  /** Returns the payload as JSON, parsed at the first call. Throws if it is not JSON in UTF-8. */
  json(): unknown;
}

/** Header of an item, with all its fields. */
interface ReadItemHeader {
  readonly type: string;
  readonly length?: number;
  readonly [key: string]: unknown;
}

/** Thrown for an envelope with more or larger parts than Relay accepts. */
export class TooLargeError extends Error {
  override readonly name = "TooLargeError";
}

/** Items per envelope. */
const MAX_ITEMS = 1000;

/** Bytes of the header of an envelope or an item. */
const MAX_HEADER_BYTES = 65_536;

/** Bytes of an event or a transaction, the same limit as Relay's. */
const MAX_EVENT_BYTES = 1_048_576;

const EVENT_TYPES: ReadonlySet<string> = new Set(["event", "transaction"]);

const NEWLINE = 0x0a;

/**
 * Parses one envelope as strictly as Relay (https://develop.sentry.dev/sdk/foundations/transport/envelopes/). Throws an
 * `Error` with the byte offset of the first fault, and a `TooLargeError` above 1000 items, 64 KiB per header or 1 MiB per
 * event or transaction.
 */
export function readEnvelope(bytes: Uint8Array): ReadEnvelope {
  const cursor = { bytes, offset: 0 };
  const header = readHeader(cursor, "envelope header");
  checkFields(header);
  const items: ReadItem[] = [];
  while (cursor.offset < bytes.length) {
    if (items.length === MAX_ITEMS)
      throw new TooLargeError(`the envelope has more than ${MAX_ITEMS} items`);
    items.push(readItem(cursor, items.length));
  }
  return { header, items };
}

interface Cursor {
  readonly bytes: Uint8Array;
  offset: number;
}

function readItem(cursor: Cursor, index: number): ReadItem {
  const header = readHeader(cursor, `header of item ${index}`);
  const { type, length } = header;
  if (typeof type !== "string" || type === "")
    throw fault(`item ${index} has no type`, cursor.offset);
  if (cursor.offset > cursor.bytes.length)
    throw fault(`item ${index} ends after its header`, cursor.offset - 1);
  const payload = length === undefined ? readLine(cursor) : readSized(cursor, { index, length });
  if (EVENT_TYPES.has(type) && payload.length > MAX_EVENT_BYTES)
    throw new TooLargeError(`item ${index} (${type}) has more than ${MAX_EVENT_BYTES} bytes`);
  return {
    header: { ...header, type },
    payload,
    json: once(() => parseJson(payload, `payload of item ${index}`)),
  };
}

function readSized(
  cursor: Cursor,
  { index, length }: { index: number; length: unknown },
): Uint8Array {
  if (typeof length !== "number" || !Number.isSafeInteger(length) || length < 0) {
    throw fault(`item ${index} has the length ${JSON.stringify(length)}`, cursor.offset);
  }
  const start = cursor.offset;
  const left = cursor.bytes.length - start;
  if (length > left)
    throw fault(`item ${index} announces ${length} bytes, but only ${left} are left`, start);
  const end = start + length;
  const next = cursor.bytes[end];
  if (next !== undefined && next !== NEWLINE) {
    throw fault(`item ${index} has no newline after its ${length} bytes`, end);
  }
  cursor.offset = end + 1;
  return cursor.bytes.subarray(start, end);
}

function readHeader(cursor: Cursor, what: string): Record<string, unknown> {
  const start = cursor.offset;
  const line = readLine(cursor);
  if (line.length === 0) throw fault(`${what} is empty`, start);
  if (line.length > MAX_HEADER_BYTES)
    throw new TooLargeError(`${what} has more than ${MAX_HEADER_BYTES} bytes`);
  const value = parseJson(line, what);
  if (!isJsonObject(value)) throw fault(`${what} is not an object`, start);
  const key = repeatedKey(decode(line, what));
  if (key !== undefined) throw fault(`${what} has "${key}" twice`, start);
  if (!isWellFormed(value)) throw fault(`${what} has a lone surrogate`, start);
  return value;
}

const UUID = /^[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i;

// Relay parses these fields into types, and rejects the envelope if that fails.
function checkFields({ event_id: eventId, sent_at: sentAt }: Record<string, unknown>): void {
  if (eventId !== undefined && (typeof eventId !== "string" || !UUID.test(eventId)))
    throw fault(`the event_id ${JSON.stringify(eventId)} is not a UUID`, 0);
  if (sentAt !== undefined && (typeof sentAt !== "string" || Number.isNaN(Date.parse(sentAt))))
    throw fault(`the sent_at ${JSON.stringify(sentAt)} is not a time`, 0);
}

// `JSON.parse` accepts an escaped lone surrogate (`\ud83d`); Relay's parser does not.
function isWellFormed(value: unknown): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([key, field]) => key.isWellFormed() && isWellFormed(field));
}

// The end of the input also ends a line.
function readLine(cursor: Cursor): Uint8Array {
  const found = cursor.bytes.indexOf(NEWLINE, cursor.offset);
  const end = found === -1 ? cursor.bytes.length : found;
  const line = cursor.bytes.subarray(cursor.offset, end);
  cursor.offset = end + 1;
  return line;
}

function parseJson(bytes: Uint8Array, what: string): unknown {
  const text = decode(bytes, what);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`malformed envelope: ${what} is not JSON: ${text.slice(0, 80)}`, {
      cause: error,
    });
  }
}

function decode(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new Error(`malformed envelope: ${what} is not UTF-8`, { cause: error });
  }
}

function fault(message: string, offset: number): Error {
  return new Error(`malformed envelope: ${message} (at byte ${offset})`);
}

function once(compute: () => unknown): () => unknown {
  let result: { value: unknown } | undefined;
  return () => (result ??= { value: compute() }).value;
}

// A string, or a structural character.
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/gs;

/**
 * Returns the first key that appears twice at the top level of a JSON object. `JSON.parse` silently keeps the last one,
 * but Relay rejects an envelope whose header repeats a key.
 */
function repeatedKey(json: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  let lastString = "";
  for (const [token] of json.matchAll(TOKEN)) {
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    else if (token.startsWith('"')) lastString = token;
    else if (token === ":" && depth === 1) {
      // Compared after unescaping, so that two spellings of a key are equal.
      const key = String(JSON.parse(lastString));
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return undefined;
}

/** Tells whether a value is a JSON object, not an array or a primitive. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
