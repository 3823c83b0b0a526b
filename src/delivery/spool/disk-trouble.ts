import type { Diagnostics } from "../../support/diagnostics.js";

// A disk that was emptied or mounted again is used again without a restart.
const REST_MILLIS = 60_000;

/** Reports a file that is not this process's to touch, once. */
export function reportForeign(diagnostics: Diagnostics, base: string): void {
  diagnostics.warnOnce(
    "spool_foreign",
    `the spool's directory has a file that this process may not touch; it is left alone: ${base}. Give each user a directory of its own, or remove the file`,
  );
}

/** After a failure the disk is left alone for a minute; said once, since it will fail again. */
export class DiskTrouble {
  readonly #diagnostics: Diagnostics;
  readonly #now: () => number;
  #failedAt: number | undefined;

  constructor(diagnostics: Diagnostics, now: () => number) {
    this.#diagnostics = diagnostics;
    this.#now = now;
  }

  /** Whether the disk is left alone now. */
  get isResting(): boolean {
    // The wall clock may go back.
    return this.#failedAt !== undefined && Math.abs(this.#now() - this.#failedAt) < REST_MILLIS;
  }

  report(error: unknown): void {
    this.#failedAt = this.#now();
    this.#diagnostics.warnOnce(
      "spool",
      "the spool's directory cannot be used: what cannot be sent stays in memory, and is lost with the process. Check `transport.spoolDirectory`, its rights, and the space on its disk",
      error,
    );
  }
}
