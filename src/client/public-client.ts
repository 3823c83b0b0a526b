import type { ClientStats } from "./stats.js";

/**
 * The client that `createClient` returns, as far as applications may use it. Pass it to `setClient`, or to the
 * constructors of this package's OpenTelemetry classes.
 */
export interface Client {
  /** The DSN that was configured; undefined without one. */
  readonly dsn: string | undefined;
  /** True once `close` was called. Anything captured later is discarded and counted as `closed`. */
  readonly isClosed: boolean;
  /**
   * Sends everything that was captured before the call. Resolves to true once each item was sent or discarded, to false
   * after `timeoutMillis` (default: the option `shutdownTimeoutMillis`). Never rejects.
   */
  flush(timeoutMillis?: number): Promise<boolean>;
  /**
   * Flushes, then closes the client and its connections. Resolves as `flush` does. Default of `timeoutMillis`: the
   * option `shutdownTimeoutMillis`, minus the time for which an earlier flush has just waited in vain. Idempotent: a
   * second call returns the promise of the first. Never rejects.
   */
  close(timeoutMillis?: number): Promise<boolean>;
  /** Returns how much was captured, sent, queued and dropped. */
  stats(): ClientStats;
}

/** Ends the use of a client by one of its owners: closes it if it `isOwned`, else flushes it. Never rejects. */
export async function releaseClient(client: Client, isOwned: boolean): Promise<void> {
  await (isOwned ? client.close() : client.flush());
}
