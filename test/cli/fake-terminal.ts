import type { Terminal } from "../../src/cli/terminal.js";

/** A terminal that keeps what is written. */
export interface FakeTerminal extends Terminal {
  readonly printed: string[];
  readonly complaints: string[];
  /** Texts of progress. */
  readonly steps: string[];
}

export function fakeTerminal(hasColours: boolean = false, columns: number = 100): FakeTerminal {
  const printed: string[] = [];
  const complaints: string[] = [];
  const steps: string[] = [];
  return {
    printed,
    complaints,
    steps,
    hasColours,
    columns,
    print: (line) => printed.push(line),
    complain: (line) => complaints.push(line),
    progress: (text) => text !== undefined && steps.push(text),
  };
}
