import { onTestFinished } from "vitest";

/**
 * For the length of the test, errors have stack traces of so many frames. For tests of many errors, in which Vitest's own
 * mapping of the traces to the sources takes longer than all else.
 */
export function shortStacks(frames: number = 1): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = frames;
  onTestFinished(() => void (Error.stackTraceLimit = stackTraceLimit));
}
