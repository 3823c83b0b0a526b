import type { DiscardRecorder } from "../client-reports/ledger.js";
import type { Timers } from "../support/time.js";
import { ItemCounter } from "../protocol/data-category.js";
import type { DataCategory, ItemCount } from "../protocol/data-category.js";
import type { EncodedEnvelope } from "../protocol/envelope.js";
import type { SpooledEnvelope, Spool } from "./spool/spool.js";
import type { SpoolReplay } from "./spool/spool-replay.js";
import type { SenderResult, SendResult, SendOptions, Transport } from "./transport.js";
import type { ClientReports } from "../client-reports/client-reports.js";
import type { Diagnostics } from "../support/diagnostics.js";
import type { EnvelopeQueue } from "./envelope-queue.js";
import type { MemoryBound } from "./memory-bound.js";
import { DEFAULT_MIN_CONCURRENCY } from "./send-slots.js";
import type { SlotBounds, SendSlots } from "./send-slots.js";
import type { SendOutcomes } from "./send-outcomes.js";
import type { SpoolIntake } from "./spool-intake.js";

/** Sends envelopes in the background and accounts for each: delivered, spooled, recorded as lost, or still waiting. */
export interface EnvelopeSender {
  /** Queues an envelope. Returns at once and never throws. */
  enqueue(envelope: EncodedEnvelope): void;
  /**
   * Returns true if items of the category need not be encoded, because of a rate limit or after `close`; they are then
   * recorded as lost.
   */
  refuses(category: DataCategory, contents: readonly ItemCount[]): boolean;
  isLimited(category: DataCategory): boolean;
  /** True if new envelopes can be sent soon: the queue is not full, and no rate limit is active. */
  readonly isHealthy: boolean;
  /**
   * Resolves to true once everything that was enqueued before has an outcome; to false at the timeout.
   */
  flush(timeoutMillis: number): Promise<boolean>;
  /** Flushes, then accepts nothing more; what remains is spooled, or recorded as `closed`. Idempotent. */
  close(timeoutMillis: number): Promise<boolean>;
  /** Makes sure that from now on only a pending `flush()` keeps the process alive. */
  unref(): void;
  /** Spools what remains, synchronously, at the end of the process. */
  atExit(): void;
  /** Counts the outcome of a spooled envelope. */
  recordSpooled(spooled: SpooledEnvelope, result: SendResult): void;
  stats(): SenderStats;
}

/** A transport that may hold envelopes for a later attempt. */
export interface SenderTransport extends Omit<Transport, "send"> {
  send(envelope: EncodedEnvelope, options?: SendOptions): Promise<SenderResult>;
  /** Called by a flush: held envelopes are attempted now. */
  wake?(): void;
  /** False while attempts fail and none gets a response. */
  readonly isReachable?: boolean;
  /** True if sends with `holdMillis` wait while the server is unreachable. */
  readonly holdsSends?: boolean;
  /** Ends sending at the end of the process, and passes on all results that are known, synchronously. */
  atExit?(): void;
  /** Bytes of copies that the transport holds of envelopes in flight; default 0. */
  readonly heldBytes?: number;
}

/** Dependencies and bounds of a sender. */
export interface EnvelopeSenderSettings {
  readonly transport: SenderTransport;
  readonly recorder: DiscardRecorder;
  readonly diagnostics: Diagnostics;
  /** Keeps envelopes that cannot be sent; without one they are lost. */
  readonly spool?: Spool | undefined;
  /** Sends the envelopes in the spool. The sender notifies it of spooled envelopes and of responses, and stops it. */
  readonly replay?: SpoolReplay | undefined;
  /** Client reports. Default: none are sent. */
  readonly reports?: ClientReports | undefined;
  /** Additional header fields of the envelope of a report, as JSON text with a leading comma. */
  readonly headerJson?: string | undefined;
  /** Called with the result of each send, and its duration including retries. Must not throw. */
  readonly onOperation?: ((result: SendResult, millis: number) => void) | undefined;
  /** Limits the bytes that wait or are in flight, together with other buffers; default: 20 MiB for these alone. */
  readonly memory?: MemoryBound | undefined;
  /** Envelopes that may wait; default 20,000. */
  readonly maxBufferedItems?: number | undefined;
  /** Envelopes in flight while few wait; default 4. */
  readonly minConcurrency?: number | undefined;
  /** Envelopes in flight while many wait; default 64. */
  readonly maxConcurrency?: number | undefined;
  /** Additional envelopes in flight while no responses arrive; default half of `maxConcurrency`. */
  readonly stalledConcurrency?: number | undefined;
  /** Additional errors and check-ins in flight; default 4. See `SlotBounds.urgent`. */
  readonly urgentConcurrency?: number | undefined;
  /** Bytes in flight above which only errors and check-ins are sent; default half of the memory limit. */
  readonly maxBytesInFlight?: number | undefined;
  /** Runs a function outside of any unit of work, with tracing suppressed. */
  readonly runDetached?: (<T>(run: () => T) => T) | undefined;
  /** Milliseconds of a clock that does not jump; default `steadyNow`. */
  readonly now?: (() => number) | undefined;
  readonly timers?: Timers | undefined;
}

/** Default for the envelopes that may wait. */
export const DEFAULT_MAX_ITEMS: number = 20_000;
const DEFAULT_MAX_CONCURRENCY = 64;

/** Send options for an envelope that could not be spooled: it waits in memory. */
export const HELD: SendOptions = Object.freeze({ holdMillis: Number.POSITIVE_INFINITY });

/** Bounds of the envelopes in flight. */
export function slotBounds(settings: EnvelopeSenderSettings, memory: MemoryBound): SlotBounds {
  const { maxConcurrency: max = DEFAULT_MAX_CONCURRENCY } = settings;
  return {
    min: Math.min(settings.minConcurrency ?? DEFAULT_MIN_CONCURRENCY, max),
    max,
    stalled: settings.stalledConcurrency ?? Math.ceil(max / 2),
    urgent: settings.urgentConcurrency,
    maxBytes: settings.maxBytesInFlight ?? memory.share,
  };
}

/**
 * Tells whether an envelope that could not be spooled waits in memory. An unusable disk is no reason to lose an
 * envelope that has certainly not arrived.
 */
export function maySendAgain(result: SendResult, transport: SenderTransport): boolean {
  const hasNotArrived = result.outcome === "retryable" && result.phase === "connect";
  return hasNotArrived && transport.holdsSends === true;
}

/** Statistics of a sender. */
export interface SenderStats {
  /** Items that the server has accepted. */
  readonly delivered: Partial<Record<DataCategory, number>>;
  /** Items that were discarded, unsent, when the sender was closed. */
  readonly abandoned: Partial<Record<DataCategory, number>>;
  /** Items that wait or are in flight. */
  readonly queued: Partial<Record<DataCategory, number>>;
  /** Waiting envelopes, not counting those in flight. */
  readonly queuedItems: number;
  readonly queuedBytes: number;
  readonly inFlight: number;
  /** Age of the oldest envelope, in milliseconds; 0 when there is none. */
  readonly oldestQueuedMillis: number;
  /** Envelopes that the server has accepted. */
  readonly envelopesSent: number;
}

/** The components of a sender that hold envelopes. */
interface SenderComponents {
  readonly queue: EnvelopeQueue;
  readonly slots: SendSlots;
  /** Check-ins that wait for earlier ones of their run. */
  readonly checkIns: Iterable<EncodedEnvelope>;
  readonly intake: SpoolIntake;
  readonly outcomes: SendOutcomes;
  readonly now: number;
}

/** Collects the statistics of a sender's components. */
export function senderStats(components: SenderComponents): SenderStats {
  const { queue, slots, checkIns, intake, outcomes, now } = components;
  const queued = new ItemCounter();
  for (const held of [queue, slots, checkIns, intake])
    for (const { contents } of held) queued.add(contents);
  return {
    delivered: outcomes.delivered(),
    abandoned: outcomes.abandonedItems(),
    queued: queued.counts(),
    queuedItems: queue.items,
    queuedBytes: queue.bytes,
    inFlight: slots.size,
    oldestQueuedMillis: now - Math.min(queue.oldest ?? now, slots.oldest ?? now),
    envelopesSent: outcomes.envelopesSent,
  };
}
