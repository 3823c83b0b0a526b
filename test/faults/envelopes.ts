import { randomUUID } from "node:crypto";

import type { DataCategory, ItemCount } from "../../src/protocol/data-category.js";
import { encodeEnvelope } from "../../src/protocol/envelope.js";
import type { EncodedEnvelope } from "../../src/protocol/envelope.js";
import type { Quantities } from "./server-protocol.js";

/** What an envelope of a test holds. */
export interface EnvelopeOptions {
  /** Children of a transaction; default 2. */
  readonly spans?: number;
  /** Length of a text in the payload; default 100. */
  readonly payloadBytes?: number;
}

/** What tests capture. */
export type CapturedCategory = "error" | "monitor" | "transaction";

/** One envelope as the client would make it, with an id of its own. */
export function envelopeFor(
  category: CapturedCategory = "error",
  { spans = 2, payloadBytes = 100 }: EnvelopeOptions = {},
): EncodedEnvelope {
  const eventId = randomUUID().replaceAll("-", "");
  const { itemType, payload, contents } = KINDS[category](eventId, spans);
  return encodeEnvelope({
    eventId,
    category,
    itemType,
    payload: JSON.stringify({ ...payload, extra: { text: "x".repeat(payloadBytes) } }),
    headerJson: ',"sdk":{"name":"test","version":"1.0.0"}',
    contents,
  });
}

/** Several of them. */
export function envelopesFor(
  count: number,
  category: CapturedCategory = "error",
  options: EnvelopeOptions = {},
): EncodedEnvelope[] {
  return Array.from({ length: count }, () => envelopeFor(category, options));
}

/** What all of the envelopes hold together. */
export function quantitiesIn(envelopes: Iterable<EncodedEnvelope>): Quantities {
  const sums: Quantities = {};
  for (const { contents } of envelopes) {
    for (const { category, quantity } of contents)
      sums[category] = (sums[category] ?? 0) + quantity;
  }
  return sums;
}

interface Kind {
  readonly itemType: string;
  readonly payload: object;
  readonly contents: readonly ItemCount[];
}

const KINDS: Readonly<Record<CapturedCategory, (id: string, spans: number) => Kind>> = {
  error: (id) => ({
    itemType: "event",
    payload: { event_id: id, message: "an error" },
    contents: one("error"),
  }),
  monitor: (id) => ({
    itemType: "check_in",
    payload: { check_in_id: id, monitor_slug: "job", status: "ok" },
    contents: one("monitor"),
  }),
  transaction: (id, spans) => ({
    itemType: "transaction",
    payload: {
      event_id: id,
      type: "transaction",
      transaction: "GET /",
      start_timestamp: 0,
      contexts: {},
      spans: Array.from({ length: spans }, (_, index) => ({ description: `span ${index}` })),
    },
    contents: [...one("transaction"), { category: "span", quantity: spans + 1 }],
  }),
};

function one(category: DataCategory): readonly ItemCount[] {
  return [{ category, quantity: 1 }];
}
