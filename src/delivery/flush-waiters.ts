import type { EncodedEnvelope } from "../protocol/envelope.js";
import type { Timers } from "../support/time.js";

/** How long a flush waits, and the timers that it uses. */
export interface WaitLimit {
  readonly timers: Timers;
  readonly timeoutMillis: number;
}

interface Waiter {
  readonly outstanding: Set<EncodedEnvelope>;
  readonly finish: () => void;
}

/**
 * The pending `flush()` calls. Each waits for exactly the envelopes that were outstanding when it was made, so that
 * later traffic cannot prolong it.
 */
export class FlushWaiters {
  readonly #waiters = new Set<Waiter>();

  /**
   * Resolves to true when all envelopes have an outcome, to false at the time-out. Responses that have arrived by then
   * still count: after a blocked event loop or a suspended machine, timers run before sockets are read.
   */
  wait(envelopes: readonly EncodedEnvelope[], limit: WaitLimit): Promise<boolean> {
    if (envelopes.length === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const leave = (isDone: boolean): void => {
        this.#waiters.delete(waiter);
        resolve(isDone);
      };
      const { timers, timeoutMillis } = limit;
      const cancel = timers.after(timeoutMillis, () => timers.soon(() => leave(false)));
      const finish = (): void => {
        cancel();
        leave(true);
      };
      const waiter: Waiter = { outstanding: new Set(envelopes), finish };
      this.#waiters.add(waiter);
    });
  }

  /** Records that an envelope has an outcome. */
  completed(envelope: EncodedEnvelope): void {
    for (const { outstanding, finish } of this.#waiters) {
      if (outstanding.delete(envelope) && outstanding.size === 0) finish();
    }
  }
}
