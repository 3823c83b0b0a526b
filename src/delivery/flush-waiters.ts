import type { EncodedEnvelope } from "../protocol/envelope.js";
import type { Timers } from "../support/time.js";

/** How long a waiter waits, and by which clock. */
export interface WaitLimit {
  readonly timers: Timers;
  readonly timeoutMillis: number;
}

interface Waiter {
  readonly outstanding: Set<EncodedEnvelope>;
  readonly finish: () => void;
}

/**
 * The pending `flush()` calls. Each waits for exactly the envelopes that were outstanding when it was
 * made, so that traffic that comes later cannot prolong it.
 */
export class FlushWaiters {
  readonly #waiters = new Set<Waiter>();

  /**
   * Resolves with true when all envelopes have an outcome, with false at the time-out. Answers that are there when the
   * time-out passes still count: after a blocked event loop, or a thaw, timers run before sockets are read.
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

  /** Notes that an envelope has an outcome. */
  settle(envelope: EncodedEnvelope): void {
    for (const { outstanding, finish } of this.#waiters) {
      if (outstanding.delete(envelope) && outstanding.size === 0) finish();
    }
  }
}
