/** How a command ended: it did what it should, it failed, or its command line is wrong. */
export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** Thrown when a command line is wrong; its message says how. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
