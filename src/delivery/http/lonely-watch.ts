import { isKeptAliveByUsOnly } from "./own-requests.js";
import type { Timers } from "../../support/time.js";

/** What the watch is made of. */
export interface LonelyWatchSettings {
  readonly timers: Timers;
  /** Whether the system has something to do for the connections. */
  readonly isBusy: () => boolean;
  /** Gives that up. */
  readonly onLonely: () => void;
  /** Whether the process lives for nothing else; default: what Node.js tells. */
  readonly isLonely?: (() => boolean) | undefined;
}

const LOOK_MILLIS = 500;

/**
 * Looks whether the process lives for its connections alone, which come not about or take no bytes.
 * A program with nothing else to do would never end then: before one attempt is given up, another
 * begins. Who waits in `flush` has a timer, which keeps the process alive as well.
 */
export class LonelyWatch {
  readonly #settings: LonelyWatchSettings;
  readonly #isLonely: () => boolean;
  #wasLonely = false;
  #cancel: (() => void) | undefined;

  constructor(settings: LonelyWatchSettings) {
    this.#settings = settings;
    this.#isLonely = settings.isLonely ?? isKeptAliveByUsOnly;
  }

  /** Whether something more may be asked of the system; to be called before each time. */
  mayGo(): boolean {
    this.#wasLonely &&= this.#isLonely();
    if (!this.#wasLonely) this.#watch();
    return !this.#wasLonely;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #watch(): void {
    this.#cancel ??= this.#settings.timers.inBackground(LOOK_MILLIS, () => this.#look());
  }

  #look(): void {
    this.#cancel = undefined;
    if (!this.#settings.isBusy()) return;
    this.#wasLonely = this.#isLonely();
    if (this.#wasLonely) this.#settings.onLonely();
    else this.#watch();
  }
}
