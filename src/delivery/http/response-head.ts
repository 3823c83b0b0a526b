/** The end of a response's body (RFC 9112, 6.3): after so many bytes, with the last chunk, or with the connection. */
export type BodyEnd = number | "chunked" | "connection";

/** The parts of a response's header that matter to a sender of envelopes. */
export interface ResponseHead {
  readonly statusCode: number;
  readonly bodyEnd: BodyEnd;
  /** `X-Sentry-Rate-Limits`. */
  readonly rateLimits: string | undefined;
  /** `Retry-After`. */
  readonly retryAfter: string | undefined;
  /** True if the server closes the connection after this response. */
  readonly isLast: boolean;
  /** True if the body is an HTML page, which no server of Sentry's protocol answers with. */
  readonly isPage: boolean;
  /** How long the server keeps the idle connection, in milliseconds; undefined if it does not say. */
  readonly keepMillis: number | undefined;
  /** `Date`: the server's clock. */
  readonly date: string | undefined;
}

/** Maximum of a response header, far more than Relay, Sentry or a proxy needs. */
export const MAX_HEAD_BYTES: number = 16 * 1024;

const STATUS_LINE = /HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?\r\n/y;
const FIELD = /([!#$%&'*+.^_`|~\w-]+):([\t\x20-\x7e\x80-\xff]*)\r\n/y;
const HTML = /^text\/html\b/i;
const NO_MORE_REQUESTS = /\bmax\s*=\s*0+(?!\d)/i;
const LENGTH = /^\d{1,15}$/;

interface Fields {
  length?: string;
  encoding?: string;
  connection?: string;
  keepAlive?: string;
  rateLimits?: string;
  retryAfter?: string;
  type?: string;
  date?: string;
}

const FIELDS: ReadonlyMap<string, keyof Fields> = new Map([
  ["content-length", "length"],
  ["transfer-encoding", "encoding"],
  ["connection", "connection"],
  ["keep-alive", "keepAlive"],
  ["x-sentry-rate-limits", "rateLimits"],
  ["retry-after", "retryAfter"],
  ["content-type", "type"],
  ["date", "date"],
]);

/**
 * Reads a status line and the fields after it, each with its line end and without the empty line at the end. Returns
 * undefined if anything in them is not as RFC 9112 requires: line ends without CR, folded lines, a space before a
 * colon, control characters, and a length that is given twice or is ambiguous.
 */
export function readHead(text: string): ResponseHead | undefined {
  STATUS_LINE.lastIndex = 0;
  const status = STATUS_LINE.exec(text);
  if (status === null) return undefined;
  const fields = readFields(text, STATUS_LINE.lastIndex);
  if (fields === undefined) return undefined;
  const statusCode = Number(status[2]);
  const isOld = status[1] === "0";
  const bodyEnd = endOf(fields, statusCode, isOld);
  if (bodyEnd === undefined) return undefined;
  const keepMillis = keepMillisOf(fields.keepAlive);
  const isLast =
    bodyEnd === "connection" ||
    isClosing(fields.connection, isOld) ||
    (keepMillis !== undefined && keepMillis <= 0) ||
    NO_MORE_REQUESTS.test(fields.keepAlive ?? "");
  const isPage = bodyEnd !== 0 && fields.type !== undefined && HTML.test(fields.type);
  const { rateLimits, retryAfter, date } = fields;
  return { statusCode, bodyEnd, rateLimits, retryAfter, isLast, isPage, keepMillis, date };
}

function readFields(text: string, start: number): Fields | undefined {
  const fields: Fields = {};
  let at = start;
  while (at < text.length) {
    FIELD.lastIndex = at;
    const [, name, value] = FIELD.exec(text) ?? [];
    if (name === undefined || value === undefined) return undefined;
    at = FIELD.lastIndex;
    const key = FIELDS.get(name.toLowerCase());
    if (key === undefined) continue;
    const former = fields[key];
    fields[key] = former === undefined ? trimmed(value) : `${former},${trimmed(value)}`;
  }
  return fields;
}

// Without the spaces and tabs around it (RFC 9110, 5.5). A loop: a pattern would take quadratic time for spaces inside.
function trimmed(value: string): string {
  let start = 0;
  let end = value.length;
  while (isSpace(value.charCodeAt(start))) start += 1;
  while (end > start && isSpace(value.charCodeAt(end - 1))) end -= 1;
  return value.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function endOf(
  { length, encoding }: Fields,
  statusCode: number,
  isOld: boolean,
): BodyEnd | undefined {
  const hasNoBody = statusCode < 200 || statusCode === 204 || statusCode === 304;
  if (encoding !== undefined) {
    const isPlain = length === undefined && encoding.toLowerCase() === "chunked";
    return isPlain && !isOld && !hasNoBody ? "chunked" : undefined;
  }
  if (length !== undefined && !LENGTH.test(length)) return undefined;
  if (hasNoBody) return 0;
  return length === undefined ? "connection" : Number(length);
}

function isClosing(connection: string | undefined, isOld: boolean): boolean {
  if (connection === undefined) return isOld;
  return /\bclose\b/i.test(connection) || (isOld && !/\bkeep-alive\b/i.test(connection));
}

// Subtracted from the server's timeout for the time that a request is on its way.
const HINT_MARGIN_MILLIS = 1000;

function keepMillisOf(keepAlive: string | undefined): number | undefined {
  if (keepAlive === undefined) return undefined;
  const seconds = /\btimeout\s*=\s*(\d+)/i.exec(keepAlive)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000 - HINT_MARGIN_MILLIS;
}
