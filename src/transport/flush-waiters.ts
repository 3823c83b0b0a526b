import type { EncodedEnvelope } from "../protocol/envelope.js";
import type { Timers } from "./timers.js";

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
 * Those who wait in `flush`. Each holds exactly the envelopes that were outstanding at its call, so
 * that steady traffic behind them cannot keep it waiting.
 */
export class FlushWaiters {
  readonly #waiters = new Set<Waiter>();

  /** Resolves with true when all envelopes have settled, with false at the time-out. */
  wait(envelopes: readonly EncodedEnvelope[], limit: WaitLimit): Promise<boolean> {
    if (envelopes.length === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const leave = (isDone: boolean): void => {
        this.#waiters.delete(waiter);
        resolve(isDone);
      };
      const cancel = limit.timers.after(limit.timeoutMillis, () => leave(false));
      const finish = (): void => {
        cancel();
        leave(true);
      };
      const waiter: Waiter = { outstanding: new Set(envelopes), finish };
      this.#waiters.add(waiter);
    });
  }

  /** Tells the waiters that an envelope has an outcome. */
  settle(envelope: EncodedEnvelope): void {
    for (const { outstanding, finish } of this.#waiters) {
      if (outstanding.delete(envelope) && outstanding.size === 0) finish();
    }
  }
}
