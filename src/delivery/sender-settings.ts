import type { ClientReports } from "../client-reports/client-reports.js";
import type { DiscardRecorder } from "../client-reports/ledger.js";
import type { Diagnostics } from "../support/diagnostics.js";
import type { Spool } from "./spool/spool.js";
import type { QueueBounds } from "./envelope-queue.js";
import type { SlotBounds } from "./send-slots.js";
import type { Timers } from "../support/time.js";
import type { SendOptions, SendResult, Transport } from "./transport.js";

/** A transport that may hold envelopes back for a later attempt. */
export interface SenderTransport extends Transport {
  /** A flush waits: what is held back is tried now. */
  wake?(): void;
  /** Resolves once what it sends beside the sender's envelopes, from a spool, has come to its outcome. Never rejects. */
  settled?(): Promise<void>;
  /** False while attempts fail and none has come through. */
  readonly isReachable?: boolean;
  /** Whether sends with `holdMillis` wait while the server is gone. */
  readonly holdsSends?: boolean;
  /** False where nothing can be sent in this process, whatever the server does. */
  readonly isUsable?: boolean;
}

/** What a sender is made of. */
export interface EnvelopeSenderSettings {
  readonly transport: SenderTransport;
  readonly recorder: DiscardRecorder;
  readonly diagnostics: Diagnostics;
  /** Where what cannot be sent is kept; without one it is lost. */
  readonly spool?: Spool | undefined;
  /** Called when an envelope was spooled while the process goes on. Must not throw. */
  readonly onSpooled?: (() => void) | undefined;
  /** What tells the server of losses. Default: nothing does. */
  readonly reports?: ClientReports | undefined;
  /** Header members of a report's own envelope, as JSON text with a leading comma. */
  readonly headerMembers?: string | undefined;
  /** Told how each attempt to deliver an envelope ended, and how long it took with its retries. Must not throw. */
  readonly onOperation?: ((result: SendResult, millis: number) => void) | undefined;
  /** Bytes that may wait or be under way; default 20 MiB. */
  readonly maxBufferedBytes?: number | undefined;
  /** Envelopes that may wait; default 20,000. */
  readonly maxBufferedItems?: number | undefined;
  /** Envelopes in flight while few wait; default 4. */
  readonly minConcurrency?: number | undefined;
  /** Envelopes in flight while many wait; default 64. */
  readonly maxConcurrency?: number | undefined;
  /** Envelopes in flight beyond that while answers stay away; default half of `maxConcurrency`. */
  readonly stalledConcurrency?: number | undefined;
  /** Runs a function outside of any unit of work, with tracing suppressed. */
  readonly runDetached?: (<T>(run: () => T) => T) | undefined;
  /** Milliseconds by a clock that does not jump; default `steadyNow`. */
  readonly now?: (() => number) | undefined;
  readonly timers?: Timers | undefined;
}

const DEFAULT_MAX_BYTES = 20 * 1024 * 1024;
const DEFAULT_MAX_ITEMS = 20_000;
const DEFAULT_MIN_CONCURRENCY = 4;
const DEFAULT_MAX_CONCURRENCY = 64;

/** How an envelope is sent that the spool does not take: it waits in memory. */
export const HELD: SendOptions = Object.freeze({ holdMillis: Number.POSITIVE_INFINITY });

/** What may wait. */
export function queueBounds(settings: EnvelopeSenderSettings): QueueBounds {
  return {
    maxBytes: settings.maxBufferedBytes ?? DEFAULT_MAX_BYTES,
    maxItems: settings.maxBufferedItems ?? DEFAULT_MAX_ITEMS,
  };
}

/** What may be under way. */
export function slotBounds(settings: EnvelopeSenderSettings): SlotBounds {
  const { maxConcurrency: max = DEFAULT_MAX_CONCURRENCY } = settings;
  return {
    min: Math.min(settings.minConcurrency ?? DEFAULT_MIN_CONCURRENCY, max),
    max,
    stalled: settings.stalledConcurrency ?? Math.ceil(max / 2),
  };
}

/**
 * Tells whether an envelope that the spool does not take waits in memory: a disk that cannot be used is no reason to
 * lose what nobody has seen.
 */
export function maySendAgain(result: SendResult, transport: SenderTransport): boolean {
  const hasNotArrived = result.outcome === "retryable" && result.phase === "connect";
  return hasNotArrived && transport.holdsSends === true;
}
