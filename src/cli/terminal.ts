/** Where a command writes. */
export interface Terminal {
  /** Writes a line of the result. */
  print(line: string): void;
  /** Writes a line about what went wrong. */
  complain(line: string): void;
  /** Whether results may be coloured. */
  readonly hasColours: boolean;
}

/** The terminal of the process. Colours only on a TTY that has them (Node reads `NO_COLOR` and such). */
export function processTerminal(): Terminal {
  const { stdout, stderr } = process;
  // A reader that has seen enough, as `head` does, is no failure.
  stdout.on("error", () => process.exit(0));
  return {
    print: (line) => stdout.write(`${line}\n`),
    complain: (line) => stderr.write(`${line}\n`),
    hasColours: stdout.isTTY && stdout.hasColors(),
  };
}

// What others have sent must not steer the terminal: control and format characters, and what looks like a line end.
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** A text from elsewhere as one line that is safe to print. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, "\u{FFFD}");
}
