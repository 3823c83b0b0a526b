import { parseEnvelope } from "@sentry/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { reportEnvelope, withReport } from "../../src/client-reports/client-reports.js";
import type { ClientReport } from "../../src/client-reports/client-reports.js";
import { appendItem, encodeEnvelope, stampedBytes } from "../../src/protocol/envelope.js";
import type { EncodedEnvelope } from "../../src/protocol/envelope.js";
import { readEnvelope } from "../../src/testing/envelope-reader.js";
import { items, parsed, startReports } from "./reports-kit.js";
import { CHARACTER } from "../property/characters.js";

const SDK = ',"sdk":{"name":"acme","version":"1.0.0"}';
const EVENT_ID = "9ec79c33ec9942ab8353589fcb2e04dc";
const NOW = Date.UTC(2026, 10, 22, 10, 0, 0, 123);

function report(): ClientReport {
  const { ledger, reports } = startReports();
  ledger.record("sample_rate", items("span", 3));
  return reports.takeNow() as ClientReport;
}

function envelope(payload = '{"message":"café"}'): EncodedEnvelope {
  return encodeEnvelope({
    eventId: EVENT_ID,
    category: "error",
    itemType: "event",
    payload,
    headerJson: SDK,
    contents: items("error"),
  });
}

describe("a report that rides on an envelope", () => {
  it("is its last item, whatever the item before it holds", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: CHARACTER }).map((text) => text.toWellFormed()),
        (message) => {
          const told = report();
          const read = readEnvelope(withReport(envelope(JSON.stringify({ message })), told).body);
          expect(read.items.map(({ header }) => header.type)).toEqual(["event", "client_report"]);
          expect(read.items[0]?.json()).toEqual({ message });
          expect(read.items[1]?.json()).toEqual(parsed(told));
          expect(read.header).toMatchObject({ event_id: EVENT_ID });
        },
      ),
    );
  });

  it("is read by Sentry's SDK", () => {
    const told = report();
    const [header, read] = parseEnvelope(withReport(envelope(), told).body);
    expect(header).toMatchObject({ event_id: EVENT_ID });
    expect(read.map(([{ type }]) => type)).toEqual(["event", "client_report"]);
    const payload = read[1]?.[1];
    expect(payload instanceof Uint8Array && new TextDecoder().decode(payload)).toBe(told.payload);
  });

  it("changes neither the envelope it rides on nor what its loss costs", () => {
    const plain = envelope();
    const before = Buffer.from(plain.body);
    const carrier = withReport(plain, report());
    stampedBytes(carrier, NOW);
    expect(plain.body.equals(before)).toBe(true);
    expect({ ...carrier, body: undefined }).toEqual({ ...plain, body: undefined });
  });

  it("leaves the moment of transmission where it is stamped", () => {
    const carrier = withReport(envelope(), report());
    stampedBytes(carrier, NOW);
    const read = readEnvelope(carrier.body);
    expect(read.header["sent_at"]).toBe("2026-11-22T10:00:00.123Z");
    expect(read.items).toHaveLength(2);
  });

  it("starts on a line of its own where an envelope ends without one", () => {
    const plain = envelope();
    const open = { ...plain, body: plain.body.subarray(0, -1) };
    const read = readEnvelope(appendItem(open, "client_report", "{}").body);
    expect(read.items.map(({ header }) => header)).toEqual([
      { type: "event", length: 19 },
      { type: "client_report", length: 2 },
    ]);
  });
});

describe("a report that goes alone", () => {
  it("is an envelope without an event id, whose loss costs nothing", () => {
    const alone = reportEnvelope(report(), SDK);
    expect(alone).toMatchObject({ eventId: undefined, category: "internal", contents: [] });
  });

  it("is read by Sentry's SDK and by a strict reader", () => {
    const told = report();
    const alone = reportEnvelope(told, SDK);
    stampedBytes(alone, NOW);
    const read = readEnvelope(alone.body);
    expect(read.header).toEqual({
      sent_at: "2026-11-22T10:00:00.123Z",
      sdk: { name: "acme", version: "1.0.0" },
    });
    expect(read.items.map((item) => item.json())).toEqual([parsed(told)]);
    const [, peer] = parseEnvelope(alone.body);
    expect(peer.map(([{ type }]) => type)).toEqual(["client_report"]);
  });
});
