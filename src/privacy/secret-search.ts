// How much is searched for secrets: a filter takes 1 to 4 µs for an assignment, so a text of 64 Ki characters that consists of
// them would block the process for up to 50 ms, and those of an event together for much longer.

import { isJson } from "./secret-text.js";

/** Assignments in the texts of one call that are read; what is behind them is `[Filtered]`. */
export const MAX_ASSIGNMENTS = 3000;

/** Characters of a text that are read: patterns with repetitions need stack for each, and throw for several megabytes. */
const MAX_LENGTH = 262_144;

/** A search for secrets in the texts that one call sends together: an event, a span, a log. */
export interface SecretSearch {
  /** If false, cookies are withheld as a whole, and what identifies the client. */
  readonly sendDefaultPii: boolean;
  /** Assignments that may still be read. */
  left: number;
}

/** `sendDefaultPii` for a single value, or the search that the value shares with others. */
export type Searching = SecretSearch | boolean;

/** Returns the search that a value belongs to. */
export function searchOf(searching: Searching): SecretSearch {
  return typeof searching === "object" ? searching : secretSearch(searching);
}

/** Begins a search. */
export function secretSearch(sendDefaultPii: boolean): SecretSearch {
  return { sendDefaultPii, left: MAX_ASSIGNMENTS };
}

/** Returns how many characters of a text may be read, and takes its assignments from what is left. */
export function readableLength(text: string, search: SecretSearch): number {
  const end = Math.min(text.length, MAX_LENGTH);
  let before = SPACE;
  for (let at = 0; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (isMark(code, before) && --search.left < 0) return safeEnd(text, at);
    before = code;
  }
  return end === text.length ? end : safeEnd(text, end);
}

// In front of a value that is read only in part, whose beginning would be judged alone: `password: ab` of `password: ab=c`.
// What an element of XML holds is known where it ends: nothing is sent of a text with one. The reader of JSON takes a string that is cut off as one.
function safeEnd(text: string, at: number): number {
  if (text.includes("</") || text.includes("/>")) return 0;
  if (!isJson(text)) return text.lastIndexOf("\n", at - 1) + 1;
  return Math.max(0, ...QUOTES.map((quote) => text.lastIndexOf(quote, at - 1)));
}

const QUOTES = ['"', "'", "`"];

const SPACE = 0x20;

// `name=x`, `name: x`, `<name>`; `--name x`, `NAME "x"`.
function isMark(code: number, before: number): boolean {
  switch (code) {
    case 0x3a:
    case 0x3c:
    case 0x3d:
      return true;
    case 0x22:
    case 0x27:
    case 0x2d:
      return before <= SPACE;
    default:
      return false;
  }
}
