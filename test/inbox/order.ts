import { readFileSync } from "node:fs";
import { join } from "node:path";

import { readEnvelope } from "../../src/testing/envelope-reader.js";
import type { ReadEnvelope } from "../../src/testing/envelope-reader.js";

type Items = readonly (readonly [type: string, payload: unknown])[];

/** The bytes of an envelope of these items. */
export function envelopeText(items: Items): string {
  const lines = items.flatMap(([type, payload]) => {
    const text = JSON.stringify(payload);
    return [JSON.stringify({ type, length: Buffer.byteLength(text) }), text];
  });
  return ["{}", ...lines].join("\n");
}

/** An envelope of these items, as it is read. */
export function envelopeOf(items: Items): ReadEnvelope {
  return readEnvelope(Buffer.from(envelopeText(items)));
}

/** One order of the demo, as it was recorded: an error that came first, transactions, logs, and a client report. */
export function orderItems(): readonly Items[] {
  return JSON.parse(readFileSync(join(import.meta.dirname, "fixtures/order.json"), "utf8"));
}

export const ORDER_TRACE_ID = "b21b98c8209bf071e99322f6d862da22";
