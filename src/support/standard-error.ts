const ignore = (): void => undefined;

/**
 * Writes one line on the standard error stream. Never throws, and a stream that is closed (EPIPE) does not end the
 * process: like `console.error`, it keeps the stream's `error` event from becoming an uncaught exception.
 */
export function writeStandardError(line: string): void {
  const { stderr } = process;
  try {
    stderr.once("error", ignore);
    stderr.write(`${line}\n`, (error) => {
      // The event follows this callback.
      if (error && stderr.listenerCount("error") === 0) stderr.once("error", ignore);
    });
  } catch {
    // There is nowhere left to report it.
  } finally {
    stderr.off("error", ignore);
  }
}
