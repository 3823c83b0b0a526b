import type { Terminal } from "../../src/cli/terminal.js";

/** A terminal that keeps what is written. */
export interface FakeTerminal extends Terminal {
  readonly printed: string[];
  readonly complaints: string[];
}

export function fakeTerminal(hasColours: boolean = false, columns: number = 100): FakeTerminal {
  const printed: string[] = [];
  const complaints: string[] = [];
  return {
    printed,
    complaints,
    hasColours,
    columns,
    print: (line) => printed.push(line),
    complain: (line) => complaints.push(line),
  };
}
