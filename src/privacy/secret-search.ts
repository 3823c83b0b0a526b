// Limits the search for secrets. Its time depends on the notation: a filter takes 1 to 4 µs per assignment, so a text of 64 Ki
// characters that consists of assignments would block the process for up to 50 ms, and all texts of an event for much
// longer. So the work is counted in steps of at most about 0.3 µs, and all that one call sends has one number of steps.

import { isCommand } from "./command-start.js";
import { isJson } from "./secret-text.js";

/**
 * Maximum number of steps in all texts of one call; text that is left then is replaced by `[Filtered]`. Enough for 3000 assignments, or
 * for 380,000 characters without any that may hold secrets.
 */
const MAX_STEPS = 20_000;

/** Fields and elements that one search reads: twice as many as an event may have. Values after them are replaced as well. */
const MAX_VALUES = 20_000;

/** Characters that are searched in one step, those of a list such as cookies, and those that are only tested for names. */
const SEARCHED_PER_STEP = 16;
const LISTED_PER_STEP = 8;
const TESTED_PER_STEP = 24;

/** Characters of a name that are read in one step, and the length from which they count. */
const OF_NAME_PER_STEP = 4;
const SHORT_NAME = 32;

/** Texts up to this length are always tested for names of secrets: the number of values limits how many there are. */
const SHORT_TEXT = 64;

/**
 * Characters of a text that are read: patterns with repetitions use stack space for each character, and throw for
 * several megabytes.
 */
const MAX_LENGTH = 262_144;

/** The state of the search for secrets in the texts that one call sends together: an event, a span, a log. */
export interface SecretSearch {
  /** If false, values that identify the client and whole cookie headers are filtered. */
  readonly sendDefaultPii: boolean;
  /** Steps that may still be taken; negative if the search has ended early. */
  left: number;
  /** Fields and elements that may still be read. */
  values: number;
}

/** `sendDefaultPii` for a single value, or the search that the value shares with others. */
export type Searching = SecretSearch | boolean;

/** Returns the search that a value belongs to. */
export function searchOf(searching: Searching): SecretSearch {
  return typeof searching === "object" ? searching : secretSearch(searching);
}

/** Begins a search. */
export function secretSearch(sendDefaultPii: boolean): SecretSearch {
  return { sendDefaultPii, left: MAX_STEPS, values: MAX_VALUES };
}

/** Begins the search in what another call sends, with one of `parts` equal parts of the limits. */
export function restart(search: SecretSearch, parts: number = 1): void {
  search.left = MAX_STEPS / parts;
  search.values = MAX_VALUES / parts;
}

/** Returns false if no more fields or elements are read; the search has ended then. */
export function mayRead(count: number, search: SecretSearch): boolean {
  search.values -= count;
  if (search.values < 0) search.left = -1;
  return search.values >= 0;
}

/** Returns false if no step is left in which a text is tested for names of secrets. */
export function mayTest(text: string, search: SecretSearch, isList: boolean = false): boolean {
  if (text.length < SHORT_TEXT) return true;
  const perStep = isList ? LISTED_PER_STEP : TESTED_PER_STEP;
  if (search.left >= 0) search.left -= Math.floor(text.length / perStep);
  return search.left >= 0;
}

/**
 * Returns false if no step is left in which a name is split into words. The value of a long name is withheld then; short
 * names are always read, as most of them are cached.
 */
export function mayReadName(name: string, search: SecretSearch): boolean {
  if (name.length < SHORT_NAME) return true;
  if (search.left >= 0) search.left -= Math.ceil(name.length / OF_NAME_PER_STEP);
  return search.left >= 0;
}

/**
 * Returns how many characters of a text may be searched, and subtracts the steps for them from those that are left.
 * `isCommandLine` is true if the whole text is read word by word.
 */
export function readableLength(
  text: string,
  search: SecretSearch,
  isCommandLine: boolean = false,
): number {
  if (search.left < 0) return 0;
  const end = Math.min(text.length, MAX_LENGTH);
  const table = isCommandLine || isCommand(text) ? IN_COMMAND : IN_TEXT;
  let before = SPACE;
  for (let at = 0; at < end; at += 1) {
    const code = text.charCodeAt(at);
    search.left -= stepsOf(code, before, table) + (at % SEARCHED_PER_STEP === 0 ? 1 : 0);
    if (search.left < 0) return safeEnd(text, at);
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
// All marks are ASCII characters.
const CODES = 128;

// Steps for the characters at which a text takes longer. An assignment is `name=x`, `name: x`, `<name>`; `--name x` and
// `NAME "x"`, of which the mark follows a space.
const STEPS = { assignment: 6, bracket: 3, word: 3, separator: 1 };
const IN_TEXT = stepsTable([
  [":<=", STEPS.assignment],
  ["[{", STEPS.bracket],
  ["&;\\", STEPS.separator],
]);
const AFTER_SPACE = stepsTable([["\"'-", STEPS.assignment]]);
// A command is read word by word, and the quotes within a word one by one.
const IN_COMMAND = stepsTable([
  [":<=\"'", STEPS.assignment],
  ["[{", STEPS.bracket],
  [" ", STEPS.word],
  ["&;\\", STEPS.separator],
]);

function stepsTable(entries: readonly (readonly [string, number])[]): Uint8Array {
  const table = new Uint8Array(CODES);
  for (const [characters, steps] of entries)
    for (const character of characters) table[character.charCodeAt(0)] = steps;
  return table;
}

function stepsOf(code: number, before: number, table: Uint8Array): number {
  if (code >= CODES) return 0;
  return (table[code] ?? 0) + (before <= SPACE ? (AFTER_SPACE[code] ?? 0) : 0);
}
