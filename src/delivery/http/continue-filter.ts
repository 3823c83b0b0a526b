import type { Socket } from "node:net";

/** Takes informational answers, such as `100 Continue`, out of what a connection receives. */
export interface ContinueFilter {
  /** Notes that the next bytes are the beginning of an answer. */
  expectAnswer(): void;
  /** True if a part of the expected answer has come and was kept back. */
  readonly hasBegun: boolean;
}

const STATUS_LINE_LENGTH = "HTTP/1.1 100 ".length;
const STATUS_AT = "HTTP/1.1 ".length;
const DIGIT_ONE = 0x31;
// All of 1xx but 101, which ends HTTP on the connection.
const INFORMATIONAL = /^HTTP\/1\.[01] 1(?!01)\d\d[ \r]/;
const END_OF_HEAD = "\r\n\r\n";

// Far more than such a head has.
const MAX_HELD_BYTES = 4096;

/**
 * Filters what is read from a socket of ours. A server or proxy may say `100 Continue` to any request (RFC 9110,
 * 15.2.1), and undici, which does not ask for it, takes that for a broken answer.
 */
export function filterContinue(socket: Socket): ContinueFilter {
  const read = socket.read.bind(socket);
  let held: Buffer | undefined;
  let isAtHead = true;
  let hasBegun = false;

  const pass = (chunk: Buffer): Buffer | null => {
    // Nearly every answer: its head has come as far as the status, which does not begin with a 1.
    if (held === undefined && chunk.length > STATUS_AT && chunk[STATUS_AT] !== DIGIT_ONE) {
      isAtHead = false;
      hasBegun = true;
      return chunk;
    }
    let data = held === undefined ? chunk : Buffer.concat([held, chunk]);
    for (let status = statusOf(data); status === "informational"; status = statusOf(data))
      data = data.subarray(data.indexOf(END_OF_HEAD) + END_OF_HEAD.length);
    isAtHead = statusOf(data) === "unknown";
    held = isAtHead ? data : undefined;
    hasBegun = true;
    return isAtHead ? null : data;
  };

  socket.read = (size?: number): unknown => {
    const chunk: unknown = read(size);
    return isAtHead && Buffer.isBuffer(chunk) ? pass(chunk) : chunk;
  };
  return {
    expectAnswer() {
      isAtHead = true;
      hasBegun = false;
    },
    get hasBegun() {
      return hasBegun;
    },
  };
}

// `unknown`: too little of it has come.
function statusOf(data: Buffer): "informational" | "other" | "unknown" {
  const start = data.toString("latin1", 0, STATUS_LINE_LENGTH);
  if (start.length < STATUS_LINE_LENGTH)
    return "HTTP/1.".startsWith(start.slice(0, "HTTP/1.".length)) ? "unknown" : "other";
  if (!INFORMATIONAL.test(start)) return "other";
  if (data.includes(END_OF_HEAD)) return "informational";
  return data.length > MAX_HELD_BYTES ? "other" : "unknown";
}
