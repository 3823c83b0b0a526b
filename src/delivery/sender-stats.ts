import type { DataCategory } from "../protocol/data-category.js";
import type { EncodedEnvelope } from "../protocol/envelope.js";
import type { EnvelopeQueue } from "./envelope-queue.js";
import { ItemCounter } from "../protocol/data-category.js";
import type { SendOutcomes } from "./send-outcomes.js";
import type { SendSlots } from "./send-slots.js";
import type { SpoolIntake } from "./spool-intake.js";

/** Where the sender stands. */
export interface SenderStats {
  /** What the server has accepted since the start. */
  readonly delivered: Partial<Record<DataCategory, number>>;
  /** What was given up, unsent, when the sender was closed. */
  readonly abandoned: Partial<Record<DataCategory, number>>;
  /** What waits or is in flight. */
  readonly queued: Partial<Record<DataCategory, number>>;
  /** Envelopes that wait, without those in flight. */
  readonly queuedItems: number;
  readonly queuedBytes: number;
  readonly inFlight: number;
  /** How long the oldest envelope has been here; 0 when there is none. */
  readonly oldestQueuedMillis: number;
  /** Envelopes that the server has accepted. */
  readonly envelopesSent: number;
}

/** The parts of a sender that hold envelopes. */
export interface SenderParts {
  readonly queue: EnvelopeQueue;
  readonly slots: SendSlots;
  /** Check-ins that wait for earlier ones of their run. */
  readonly checkIns: Iterable<EncodedEnvelope>;
  readonly intake: SpoolIntake;
  readonly outcomes: SendOutcomes;
  readonly now: number;
}

/** Puts the counts of a sender's parts together. */
export function senderStats(parts: SenderParts): SenderStats {
  const { queue, slots, checkIns, intake, outcomes, now } = parts;
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
