import type { Later } from "./probe-line.js";

/** How long a send waits before its next attempt. */
export interface RetryPause {
  readonly delayMillis: number;
  /** Whether it may be cut short when the server is back or somebody waits. */
  readonly canBeCut: boolean;
}

interface OngoingPause {
  readonly canBeCut: boolean;
  readonly end: (isOver: boolean) => void;
}

/** The sends that back off, each by itself. */
export class RetryPauses {
  readonly #later: Later;
  readonly #ongoing = new Set<OngoingPause>();

  constructor(later: Later) {
    this.#later = later;
  }

  get size(): number {
    return this.#ongoing.size;
  }

  /** Resolves with true when the pause is over, with false when all are ended before. */
  pause({ delayMillis, canBeCut }: RetryPause): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (isOver: boolean): void => {
        this.#ongoing.delete(pause);
        cancel();
        resolve(isOver);
      };
      const cancel = this.#later(delayMillis, () => end(true));
      const pause: OngoingPause = { canBeCut, end };
      this.#ongoing.add(pause);
    });
  }

  /** Those that can be cut are over. */
  cut(): void {
    for (const { canBeCut, end } of this.#ongoing) if (canBeCut) end(true);
  }

  /** None of them comes to its next attempt. */
  end(): void {
    for (const { end } of this.#ongoing) end(false);
  }
}
