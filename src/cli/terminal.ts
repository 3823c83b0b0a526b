import { forcesColours } from "../options/env.js";
import { textWidth } from "./text-width.js";

/** Where a command writes. */
export interface Terminal {
  /** Writes a line of the result. */
  print(line: string): void;
  /** Writes a line about what went wrong. */
  complain(line: string): void;
  /** Whether results may be coloured. */
  readonly hasColours: boolean;
  /** Columns of a line; it changes with the window. */
  readonly columns: number;
}

/** Columns of what is piped: a file, or another program. */
const PIPED_COLUMNS = 80;

/** The terminal of the process. Colours on a TTY that has them (Node reads `NO_COLOR` and such), or where they are forced. */
export function processTerminal(): Terminal {
  const { stdout, stderr } = process;
  // A reader that has seen enough, as `head` does, is no failure.
  stdout.on("error", () => process.exit(0));
  return {
    print: (line) => stdout.write(`${line}\n`),
    complain: (line) => stderr.write(`${line}\n`),
    hasColours: stdout.isTTY ? stdout.hasColors() : forcesColours(),
    get columns() {
      return stdout.isTTY ? stdout.columns : PIPED_COLUMNS;
    },
  };
}

// What others have sent must not steer the terminal: control and format characters, and what looks like a line end.
const MAX_LENGTH = 1000;
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** Returns a text from elsewhere as one line that is safe to print. */
export function printable(text: string): string {
  return text.slice(0, MAX_LENGTH).replace(UNPRINTABLE, "\u{FFFD}");
}

// Codes of ECMA-48.
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

/** How a piece of a line looks where there are colours. */
export type Style = keyof typeof CODES;

/** A piece of a line. Its text may come from elsewhere. */
export type Piece = string | { readonly style: Style; readonly text: string };

/** Returns a styled piece. */
export function styled(style: Style, text: string): Piece {
  return { style, text };
}

/** Returns one line of at most so many columns: all of its text is made safe, and the end of a longer one is cut. */
export function lineOf(pieces: readonly Piece[], line: LineSettings): string {
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

/** Properties of the output that a line depends on. */
export interface LineSettings {
  readonly columns: number;
  readonly hasColours: boolean;
}

/** Returns a text of exactly so many columns. */
export function fit(text: string, columns: number): string {
  const clipped = clipText(printable(text), columns);
  return clipped + " ".repeat(columns - textWidth(clipped));
}

/** Returns the end of a text that is wider than so many columns. */
export function endOf(text: string, columns: number): string {
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
