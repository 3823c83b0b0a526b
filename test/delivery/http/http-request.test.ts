import { parseEnvelope } from "@sentry/core";
import { describe, expect, it, onTestFinished } from "vitest";

import { encodeEnvelope } from "../../../src/protocol/envelope.js";
import type { IngestRequest } from "../../../src/testing/ingest-request.js";
import { startIngestServer } from "../../../src/testing/ingest-server.js";
import type { HttpBench } from "./http-support.js";
import { httpTransport, openHttp } from "./http-support.js";
import { inSequence } from "../in-sequence.js";
import { envelopeOf } from "../support.js";

// The next request as it arrives.
function nextRequest({ server }: HttpBench): { request: IngestRequest | undefined } {
  const seen: { request: IngestRequest | undefined } = { request: undefined };
  server.respondWith((request) => {
    seen.request = request;
    return undefined;
  }, "once");
  return seen;
}

describe("a request", () => {
  it("carries authentication, content type, length and user agent", async () => {
    const bench = await openHttp();
    const seen = nextRequest(bench);
    const envelope = envelopeOf();
    await bench.transport.send(envelope);
    expect(seen.request).toMatchObject({
      method: "POST",
      url: "/api/1/envelope/",
      headers: {
        "content-type": "application/x-sentry-envelope",
        "content-length": String(envelope.body.length),
        "user-agent": "test/1.0.0",
        "x-sentry-auth":
          "Sentry sentry_version=7, sentry_client=test/1.0.0, sentry_key=0123456789abcdef0123456789abcdef",
      },
    });
    expect(seen.request?.headers["content-encoding"]).toBeUndefined();
  });

  it("is an envelope for Sentry's own parser, too", async () => {
    const bench = await openHttp();
    const seen = nextRequest(bench);
    const envelope = envelopeOf("error", { payloadBytes: 500 });
    await bench.transport.send(envelope);
    const [header, items] = parseEnvelope(seen.request?.body ?? "");
    expect(header).toMatchObject({
      event_id: envelope.eventId,
      sdk: { name: "test", version: "1.0.0" },
    });
    const [[itemHeader, payload] = []] = items;
    expect(itemHeader).toEqual({ type: "event", length: expect.any(Number) });
    // Where a length is given, this parser leaves the payload as bytes.
    const json: unknown =
      payload instanceof Uint8Array ? JSON.parse(Buffer.from(payload).toString()) : payload;
    expect(json).toMatchObject({
      event_id: envelope.eventId,
      type: "error",
      text: "ä".repeat(250),
    });
  });

  it("has its time of sending in `sent_at`, updated at each transmission", async () => {
    let now = Date.parse("2026-11-22T10:00:00.000Z");
    const bench = await openHttp({ now: () => now, gzipThresholdBytes: 1000 });
    const envelopes = [envelopeOf(), envelopeOf("transaction", { payloadBytes: 5000 })];
    await inSequence([...envelopes, ...envelopes], (envelope) => {
      now += 1000;
      return bench.transport.send(envelope);
    });
    expect(bench.server.envelopes.map(({ header }) => header["sent_at"])).toEqual([
      "2026-11-22T10:00:01.000Z",
      "2026-11-22T10:00:02.000Z",
      "2026-11-22T10:00:03.000Z",
      "2026-11-22T10:00:04.000Z",
    ]);
  });

  it("is compressed above the threshold, and the envelope survives", async () => {
    const bench = await openHttp();
    const seen = nextRequest(bench);
    const envelope = envelopeOf("transaction", { payloadBytes: 40_000 });
    await bench.transport.send(envelope);
    expect(seen.request?.headers["content-encoding"]).toBe("gzip");
    expect(seen.request?.body.length).toBeLessThan(1000);
    expect(bench.server.envelopes[0]?.items[0]?.json()).toMatchObject({
      event_id: envelope.eventId,
      text: "ä".repeat(20_000),
    });
  });

  it("is not compressed at the threshold", async () => {
    const envelope = envelopeOf("transaction", { payloadBytes: 5000 });
    const bench = await openHttp({ gzipThresholdBytes: envelope.body.length });
    const seen = nextRequest(bench);
    await bench.transport.send(envelope);
    expect(seen.request?.headers["content-encoding"]).toBeUndefined();
  });

  it("goes to a tunnel without authentication", async () => {
    const server = await startIngestServer();
    const transport = httpTransport(server.dsn, { tunnel: `${server.tunnel}?to=sentry` });
    onTestFinished(async () => {
      await transport.close();
      await server.close();
    });
    const envelope = encodeEnvelope({
      category: "error",
      itemType: "event",
      payload: "{}",
      headerJson: `,"dsn":${JSON.stringify(server.dsn)}`,
      contents: [],
    });
    expect(await transport.send(envelope)).toMatchObject({ outcome: "delivered" });
    expect(server.refusals).toEqual([]);
  });

  it.each(["/tunnel", "ftp://example.com/", "tunnel.example.com"])(
    "cannot go to a tunnel that is not a URL: %s",
    (tunnel) => {
      expect(() => httpTransport("http://key@127.0.0.1/1", { tunnel })).toThrow(
        /`tunnel` must be an http or https URL/,
      );
    },
  );
});
