import type { DataCategory, ItemCount } from "../protocol/data-category.js";
import type { EncodedEnvelope } from "../protocol/envelope.js";
import type { SpooledEnvelope } from "./spool/spool.js";
import type { SenderStats } from "./sender-stats.js";
import type { SendResult } from "./transport.js";

/** Sends envelopes in the background and accounts for each: delivered, spooled, recorded as lost, or waiting. */
export interface EnvelopeSender {
  /** Takes an envelope, once; returns at once and never throws. */
  enqueue(envelope: EncodedEnvelope): void;
  /** Whether items of the category need not be encoded: the server asked for a pause, or `close` was called. They are recorded then. */
  refuses(category: DataCategory, contents: readonly ItemCount[]): boolean;
  isLimited(category: DataCategory): boolean;
  /** Whether what is captured now can be sent soon: the queue has room, and the server limits nothing. */
  readonly isHealthy: boolean;
  /** Resolves with true once all that was enqueued before has an outcome; with false at the time-out, or where nothing can be sent. */
  flush(timeoutMillis: number): Promise<boolean>;
  /** Flushes, then takes nothing more; what is left is spooled, or recorded as `closed`. Idempotent. */
  close(timeoutMillis: number): Promise<boolean>;
  /** From now on keeps the process alive for who waits in `flush` only, and no turn of it for what is captured. */
  letGo(): void;
  /** Spools what is left, at the end of the process, where nothing can be waited for. */
  leave(): void;
  /** Books the outcome of an envelope that the spool had kept. */
  settleSpooled(spooled: SpooledEnvelope, result: SendResult): void;
  stats(): SenderStats;
}
