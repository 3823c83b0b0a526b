import type { DiscardCounts } from "../../src/client-reports/ledger.js";
import type { Diagnostics } from "../../src/support/diagnostics.js";
import { createDiagnostics } from "../../src/support/diagnostics.js";
import type { DataCategory, ItemCount } from "../../src/protocol/data-category.js";
import type { EncodedEnvelope } from "../../src/protocol/envelope.js";
import { encodeEnvelope } from "../../src/protocol/envelope.js";
import type { LimitHeaders, SendResult } from "../../src/delivery/transport.js";

const ITEM_TYPES: Partial<Record<DataCategory, string>> = {
  error: "event",
  monitor: "check_in",
  log_item: "log",
  internal: "client_report",
};

let nextId = 1;

/** One envelope; `payloadBytes` is the length of a text inside its payload. */
export function envelopeOf(
  category: DataCategory = "transaction",
  { payloadBytes = 10, contents }: { payloadBytes?: number; contents?: readonly ItemCount[] } = {},
): EncodedEnvelope {
  const eventId = (nextId++).toString(16).padStart(32, "0");
  const text = "ä".repeat(payloadBytes / 2);
  // The shape of a transaction, which the ingest server checks.
  const shape = { start_timestamp: 0, spans: [], contexts: {} };
  const payload = { event_id: eventId, type: category, ...shape, text };
  return encodeEnvelope({
    eventId,
    category,
    itemType: ITEM_TYPES[category] ?? category,
    payload: JSON.stringify(payload),
    headerJson: ',"sdk":{"name":"test","version":"1.0.0"}',
    contents: contents ?? [{ category, quantity: 1 }],
  });
}

/** Diagnostics that keep what they warn about, faults in the set-up among it. */
export function recordingDiagnostics(): { diagnostics: Diagnostics; warnings: string[] } {
  const warnings: string[] = [];
  const logger = {
    error: () => {},
    debug: () => {},
    warn: (message: string) => void warnings.push(message),
  };
  const diagnostics = createDiagnostics(logger);
  const faultOnce: Diagnostics["faultOnce"] = (...fault) => diagnostics.warnOnce(...fault);
  return { diagnostics: { ...diagnostics, faultOnce }, warnings };
}

export const NO_LIMITS: LimitHeaders = { rateLimits: undefined, retryAfter: undefined };
export const DELIVERED: SendResult = { outcome: "delivered", statusCode: 200, limits: NO_LIMITS };

/** Adds quantities up by category, whatever the reason. */
export function sumOf(
  ...parts: (Partial<Record<DataCategory, number>> | DiscardCounts)[]
): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const part of parts) {
    for (const [category, entry] of Object.entries(part)) {
      const values = typeof entry === "number" ? [entry] : Object.values<number>(entry);
      for (const value of values) sums[category] = (sums[category] ?? 0) + value;
    }
  }
  return sums;
}

/** What `sumOf` must give for these envelopes. */
export function contentsOf(envelopes: readonly EncodedEnvelope[]): Record<string, number> {
  return sumOf(
    ...envelopes.flatMap(({ contents }) =>
      contents.map(({ category, quantity }) => ({ [category]: quantity })),
    ),
  );
}
