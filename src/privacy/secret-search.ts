// Limits the search for secrets: a filter takes 1 to 4 µs per assignment, so a text of 64 Ki characters that consists
// of assignments would block the process for up to 50 ms, and all texts of an event for much longer.

import { isJson } from "./secret-text.js";

/** Assignments that are read in the texts of one call; text after them is replaced by `[Filtered]`. */
export const MAX_ASSIGNMENTS = 3000;

/**
 * Characters of a text that are read: patterns with repetitions use stack space for each character, and throw for
 * several megabytes.
 */
const MAX_LENGTH = 262_144;

/** The state of the search for secrets in the texts that one call sends together: an event, a span, a log. */
export interface SecretSearch {
  /** If false, values that identify the client and whole cookie headers are filtered. */
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

/** Returns how many characters of a text may be read, and subtracts its assignments from the number that is left. */
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

// Returns an end that lies before a value which could be read only in part, because its beginning would be judged
// alone: `password: ab` of `password: ab=c`. The name of an XML element applies up to its closing tag, so nothing is
// sent of a text that contains one. The JSON reader accepts a string that is cut off.
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
