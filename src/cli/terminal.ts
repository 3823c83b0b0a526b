import { forcesColours } from "../options/env.js";
import { printable, textWidth } from "../support/terminal-text.js";

/** Output of a command. */
export interface Terminal {
  /** Writes a line of the result. */
  print(line: string): void;
  /** Writes a line of an error message. */
  complain(line: string): void;
  /** Shows what is under way, on a terminal only; `undefined` removes it. */
  progress(text: string | undefined): void;
  /** True if results may be coloured. */
  readonly hasColours: boolean;
  /** Columns of a line. Changes with the window. */
  readonly columns: number;
}

/** Columns if the output is a file or a pipe, or a pseudo terminal that does not know its size: it says 0. */
const PIPED_COLUMNS = 80;

/** Returns the terminal of the process. Uses colours on a TTY that supports them (Node reads `NO_COLOR`), or if they are forced. */
export function processTerminal(): Terminal {
  const { stdout, stderr } = process;
  // It is not a failure if a reader such as `head` closes the pipe early.
  stdout.on("error", () => process.exit(0));
  return {
    print: (line) => stdout.write(`${line}\n`),
    complain: (line) => stderr.write(`${line}\n`),
    // Returns to the start of the line, and clears it.
    progress: (text = "") => stderr.isTTY && stderr.write(`\r\u{1B}[K${text}`),
    hasColours: stdout.isTTY ? stdout.hasColors() : forcesColours(),
    get columns() {
      return (stdout.isTTY && stdout.columns) || PIPED_COLUMNS;
    },
  };
}

// SGR codes of ECMA-48.
const CODES = {
  bad: "31",
  bar: "36",
  bold: "1",
  dim: "2",
  failedBar: "31",
  good: "32",
  service: "35",
  warn: "33",
} as const;

/** Style of a piece of a line, if the terminal has colours. */
export type Style = keyof typeof CODES;

/** A piece of a line. May contain received text. */
export type Piece = string | { readonly style: Style; readonly text: string };

/** Returns a styled piece. */
export function styled(style: Style, text: string): Piece {
  return { style, text };
}

/** Joins pieces into one line that is safe to print, cut at the number of columns. */
export function joinPieces(pieces: readonly Piece[], line: LineSettings): string {
  let left = line.columns;
  const parts: string[] = [];
  for (const piece of pieces) {
    const text = clipText(printable(typeof piece === "string" ? piece : piece.text), left);
    left -= textWidth(text);
    const isStyled = line.hasColours && typeof piece === "object" && text !== "";
    parts.push(isStyled ? `\u{1B}[${CODES[piece.style]}m${text}\u{1B}[0m` : text);
  }
  return parts.join("").trimEnd();
}

/** Output settings of a line. */
export interface LineSettings {
  readonly columns: number;
  readonly hasColours: boolean;
}

/** Pads or cuts a text to exactly the number of columns. */
export function fit(text: string, columns: number): string {
  const clipped = clipText(printable(text), columns);
  return clipped + " ".repeat(columns - textWidth(clipped));
}

/** Cuts the beginning of a text that is wider than the number of columns. */
export function cutStart(text: string, columns: number): string {
  const safe = printable(text);
  if (textWidth(safe) <= columns) return safe;
  let end = "";
  for (const character of Array.from(safe).toReversed()) {
    if (textWidth(character + end) >= columns) break;
    end = character + end;
  }
  return `…${end}`;
}

function clipText(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let clipped = "";
  let width = 1;
  for (const character of text) {
    width += textWidth(character);
    if (width > columns) break;
    clipped += character;
  }
  return columns > 0 ? `${clipped}…` : "";
}

/** Exit codes: success, failure, wrong usage. */
export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** Thrown for a wrong command line. The message says what is wrong. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
