import { parseEnvelope } from "@sentry/core";
import fc from "fast-check";
import { expect, it } from "vitest";

import { encodeEnvelope, sizeOf, stamped, stampedBytes } from "../../src/protocol/envelope.js";
import type { EncodedEnvelope } from "../../src/protocol/envelope.js";
import { readEnvelope } from "../../src/testing/envelope-reader.js";
import { CHARACTER } from "../property/characters.js";

const EVENT_ID = "9ec79c33ec9942ab8353589fcb2e04dc";
const NOW = Date.UTC(2026, 10, 22, 10, 0, 0, 123);

function encode(payload: string, eventId?: string): EncodedEnvelope {
  const envelope = encodeEnvelope({
    eventId,
    category: "transaction",
    itemType: "transaction",
    payload,
    headerJson: ',"sdk":{"name":"acme","version":"1.0.0"}',
    contents: [{ category: "transaction", quantity: 1 }],
  });
  stampedBytes(envelope, NOW);
  return envelope;
}

it("frames one item with its length in bytes, whatever its characters", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: CHARACTER }).map((text) => text.toWellFormed()),
      (message) => {
        const payload = JSON.stringify({ message });
        const read = readEnvelope(encode(payload, EVENT_ID).body);
        expect(read.header).toEqual({
          event_id: EVENT_ID,
          sent_at: "2026-11-22T10:00:00.123Z",
          sdk: { name: "acme", version: "1.0.0" },
        });
        expect(read.items).toHaveLength(1);
        expect(read.items[0]?.header).toEqual({
          type: "transaction",
          length: Buffer.byteLength(payload),
        });
        expect(read.items[0]?.json()).toEqual({ message });
      },
    ),
  );
});

it("has the same bytes and the same size as text, as bytes, and as text after its bytes were read", () => {
  const texts = fc.string({ unit: CHARACTER }).map((text) => text.toWellFormed());
  fc.assert(
    fc.property(fc.oneof(texts, fc.string()), fc.oneof(texts, fc.string()), (message, name) => {
      const make = (): EncodedEnvelope =>
        encodeEnvelope({
          category: "error",
          itemType: "event",
          payload: JSON.stringify({ message }),
          headerJson: `,"trace":${JSON.stringify({ name })}`,
          contents: [],
        });
      const bytes = Buffer.from(stampedBytes(make(), NOW).body);
      const envelope = make();
      expect(sizeOf(envelope)).toBe(bytes.length);
      expect(Buffer.from(stamped(envelope, NOW))).toEqual(bytes);
      expect(Buffer.from(stamped(envelope, NOW + 1))).not.toEqual(bytes);
      expect(envelope.body).toHaveLength(bytes.length);
      expect(Buffer.from(stamped(envelope, NOW))).toEqual(bytes);
      expect(sizeOf(envelope)).toBe(bytes.length);
    }),
  );
});

it("is read by Sentry's SDK", () => {
  const [header, items] = parseEnvelope(encode('{"message":"café is open"}', EVENT_ID).body);
  expect(header).toMatchObject({ event_id: EVENT_ID });
  expect(items).toHaveLength(1);
  const payload = items[0]?.[1];
  expect(payload instanceof Uint8Array && new TextDecoder().decode(payload)).toBe(
    '{"message":"café is open"}',
  );
});

it("is stamped anew for each transmission, and nothing else changes", () => {
  const envelope = encode('{"message":"again"}', EVENT_ID);
  const first = readEnvelope(Uint8Array.from(envelope.body));
  stampedBytes(envelope, NOW + 61_000);
  const second = readEnvelope(envelope.body);
  expect(second.header).toEqual({ ...first.header, sent_at: "2026-11-22T10:01:01.123Z" });
  expect(second.items[0]?.json()).toEqual(first.items[0]?.json());
});

it("has no event id where there is none", () => {
  expect(readEnvelope(encode("{}").body).header).not.toHaveProperty("event_id");
});
