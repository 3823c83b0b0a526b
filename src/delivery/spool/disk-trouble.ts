import { errorCode } from "../../support/foreign.js";
import type { Diagnostics } from "../../support/diagnostics.js";

// Time after which the disk is tried again, since space may have been freed or the volume mounted again.
const REST_MILLIS = 60_000;

// Errors that mean a shortage, of disk space or of resources of the process, and not that the directory is wrong.
const SHORTAGES: ReadonlySet<unknown> = new Set([
  "EAGAIN",
  "EDQUOT",
  "EMFILE",
  "ENFILE",
  "ENOMEM",
  "ENOSPC",
]);

interface DiskTroubleSettings {
  readonly directory: string;
  readonly diagnostics: Diagnostics;
  readonly now: () => number;
}

/** Suspends use of the disk for a minute after a failure, and reports the first failure. */
export class DiskTrouble {
  readonly #settings: DiskTroubleSettings;
  #failedAt: number | undefined;

  constructor(settings: DiskTroubleSettings) {
    this.#settings = settings;
  }

  /** True while the disk is not used. */
  get isResting(): boolean {
    // The wall clock may jump backwards, so both bounds are checked.
    return (
      this.#failedAt !== undefined && Math.abs(this.#settings.now() - this.#failedAt) < REST_MILLIS
    );
  }

  report(error: unknown): void {
    const { directory, diagnostics, now } = this.#settings;
    this.#failedAt = now();
    diagnostics.warnOnce(kindOf(directory), messageOf(directory), error);
  }

  /**
   * Reports a directory that has never worked. Unless the error is a shortage, the directory is wrong, which is a
   * set-up fault.
   */
  reportAtStart(error: unknown): void {
    if (SHORTAGES.has(errorCode(error))) return this.report(error);
    const { directory, diagnostics, now } = this.#settings;
    this.#failedAt = now();
    diagnostics.faultOnce(kindOf(directory), messageOf(directory), error);
  }
}

// Warnings and faults share one kind, so that a directory is reported once.
function kindOf(directory: string): string {
  return `spool:${directory}`;
}

function messageOf(directory: string): string {
  return `the spool directory ${directory} cannot be used: envelopes that cannot be sent stay in memory, and are lost when the process ends. Check \`spool.directory\`, its permissions, and the space on its disk`;
}
