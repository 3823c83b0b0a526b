import type { Timers } from "../../support/time.js";

/** Dependencies of `ThreadWatch`. */
interface ThreadWatchSettings {
  readonly timers: Timers;
  /** Tells whether a reply is expected. */
  readonly isWaiting: () => boolean;
  /** Asks for a reply. */
  readonly ask: () => void;
  readonly onSilence: (millis: number) => void;
}

// Three times the longest pause that was seen on a loaded machine.
const SILENT_MILLIS = 15_000;
const LOOKS = 3;

/** Detects a sender thread that does not respond. */
export class ThreadWatch {
  readonly #settings: ThreadWatchSettings;
  #silentLooks = 0;
  #cancel: (() => void) | undefined;

  constructor(settings: ThreadWatchSettings) {
    this.#settings = settings;
  }

  /** Starts to watch, until no reply is expected. */
  start(): void {
    this.#cancel ??= this.#settings.timers.inBackground(SILENT_MILLIS / LOOKS, () => this.#look());
  }

  /** Notes a message of the thread. */
  heard(): void {
    this.#silentLooks = 0;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  // The reply may have arrived while this thread was blocked: it is handled after the timers of this turn. Then the
  // thread has another third of the time.
  #look(): void {
    this.#cancel = undefined;
    const { isWaiting, ask, onSilence } = this.#settings;
    if (!isWaiting()) {
      this.#silentLooks = 0;
      return;
    }
    this.#silentLooks += 1;
    if (this.#silentLooks > LOOKS) return onSilence(SILENT_MILLIS);
    ask();
    this.start();
  }
}
