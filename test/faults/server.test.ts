import { gzipSync } from "node:zlib";

import { describe, expect, it } from "vitest";

import { envelopeFor, envelopesFor } from "./envelopes.js";
import { startFaultServer } from "./kit.js";
import { keptAgent, openWire, post, requestBytes } from "./plain-client.js";

describe("the fault server accepts", () => {
  it("envelopes, and counts what they hold", async () => {
    const server = await startFaultServer();
    const agent = keptAgent();
    const transaction = envelopeFor("transaction", { spans: 3 });
    const answer = await post(server, transaction, agent);
    await post(server, envelopeFor("error"), agent);
    await post(server, envelopeFor("monitor"), agent);
    expect(answer).toMatchObject({ status: 200, body: `{"id":"${transaction.eventId}"}` });
    const report = await server.report();
    expect(report).toMatchObject({
      connections: { opened: 1, open: 1, peak: 1, reset: 0, byRequests: { 3: 1 } },
      requests: { begun: 3, whole: 3, answered: 3 },
      envelopes: 3,
      items: { transaction: 1, event: 1, check_in: 1 },
      events: { unique: 3, duplicates: 0, differing: 0, unanswered: 0, maxAttempts: 1 },
      processed: { transaction: 1, span: 4, error: 1, monitor: 1 },
      unanswered: {},
      limited: {},
      faults: [],
    });
    expect(report.bytes.received).toBeGreaterThan(report.bytes.decoded);
    expect(await server.arrivals()).toHaveLength(3);
  });

  it("compressed and chunked bodies, and requests that were sent ahead", async () => {
    const server = await startFaultServer();
    const wire = await openWire(server);
    const packed = gzipSync(envelopeFor("transaction").body);
    const [first, second] = envelopesFor(2);
    const chunked = [
      "POST /api/1/envelope/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
      `${(first?.body.length ?? 0).toString(16)}\r\n`,
      first?.body ?? "",
      "\r\n0\r\n\r\n",
    ].map((part) => Buffer.from(part));
    wire.socket.write(
      Buffer.concat([
        requestBytes(packed, ["Content-Encoding: gzip"]),
        ...chunked,
        requestBytes(second?.body ?? Buffer.alloc(0)),
      ]),
    );
    const { processed, faults } = await server.until(({ envelopes }) => envelopes === 3);
    expect(processed).toEqual({ transaction: 1, span: 3, error: 2 });
    expect(faults).toEqual([]);
  });

  it("an id twice, and says whether the payload was the same", async () => {
    const server = await startFaultServer();
    const envelope = envelopeFor("error");
    await post(server, envelope);
    // What may change between attempts stands in the header.
    envelope.body.write("2031", envelope.body.indexOf("1970"), "latin1");
    await post(server, envelope);
    expect((await server.report()).events).toMatchObject({ duplicates: 1, differing: 0 });
    envelope.body.write("an ERROR", envelope.body.indexOf("an error"), "latin1");
    await post(server, envelope);
    expect((await server.report()).events).toMatchObject({
      unique: 1,
      duplicates: 2,
      differing: 1,
      maxAttempts: 3,
    });
    expect(await server.events()).toMatchObject({
      [envelope.eventId ?? ""]: { attempts: 3, processed: 3, answered: 3 },
    });
  });

  it("client reports beside other items, and counts those of repeated envelopes once", async () => {
    const server = await startFaultServer();
    const envelope = envelopeFor("error");
    const payload = JSON.stringify({
      discarded_events: [{ reason: "queue_overflow", category: "error", quantity: 5 }],
    });
    const report = `{"type":"client_report","length":${payload.length}}\n${payload}\n`;
    const body = Buffer.concat([envelope.body, Buffer.from(report)]);
    await post(server, { ...envelope, body });
    await post(server, { ...envelope, body });
    const { reports, processed, faults } = await server.report();
    expect(reports).toEqual({
      count: 2,
      repeated: 1,
      quantities: { error: { queue_overflow: 5 } },
    });
    expect(processed).toEqual({ error: 1 });
    expect(faults).toEqual([]);
  });

  it("more ids than it remembers, and keeps the sums", async () => {
    const server = await startFaultServer({ rememberedIds: 10 });
    const agent = keptAgent();
    for (const envelope of envelopesFor(25)) await post(server, envelope, agent);
    const { events, processed } = await server.report();
    expect(events).toMatchObject({ unique: 25, forgotten: 15 });
    expect(processed).toEqual({ error: 25 });
    expect(Object.keys(await server.events())).toHaveLength(10);
  });

  it("nothing malformed", async () => {
    const server = await startFaultServer();
    const wire = await openWire(server);
    wire.socket.write(requestBytes(Buffer.from('{}\n{"type":"event","length":99}\n{}')));
    await wire.got("HTTP/1.1 200 OK");
    const { envelopes, faults } = await server.report();
    expect(envelopes).toBe(0);
    expect(faults).toEqual([expect.stringContaining("announces 99 bytes")]);
  });
});
