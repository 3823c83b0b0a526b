import { describe, expect, it } from "vitest";

import { envelopeFor } from "./envelopes.js";
import { startFaultServer } from "./kit.js";
import { keptAgent, openWire, post } from "./plain-client.js";
import type { RequestAction } from "./server-protocol.js";

describe("on a request, the fault server", () => {
  it.each<[string, RequestAction, string | undefined]>([
    ["resets before the answer", { kind: "rst" }, "ECONNRESET"],
    ["hangs up before the answer", { kind: "fin" }, "ECONNRESET"],
    ["answers with an SSH banner", { kind: "garbage" }, "HPE_INVALID_CONSTANT"],
    ["resets in the body", { kind: "headers-then", ending: "rst" }, "ECONNRESET"],
    ["hangs up in the body", { kind: "headers-then", ending: "fin" }, "ECONNRESET"],
    [
      "ends a chunked body early",
      { kind: "headers-then", ending: "fin", body: "chunked" },
      "ECONNRESET",
    ],
  ])("%s", async (_what, action, error) => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: action }] });
    const answer = await post(server, envelopeFor());
    expect(answer.error).toBe(error);
    const { processed, requests } = await server.report();
    const hasHead = action.kind === "headers-then";
    expect(answer.status).toBe(hasHead ? 200 : undefined);
    expect(processed).toEqual(hasHead ? { error: 1 } : {});
    expect(requests).toMatchObject({ whole: 1, answered: hasHead ? 1 : 0 });
  });

  it.each([
    ["rst", ["connect", "ECONNRESET", "close"]],
    ["fin", ["connect", "end"]],
  ] as const)("sends a real %s", async (kind, seen) => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: { kind } }] });
    const wire = await openWire(server);
    wire.send(envelopeFor());
    await wire.saw(seen.at(-1) ?? "");
    expect(wire.seen).toEqual(seen);
    expect((await server.report()).connections.reset).toBe(kind === "rst" ? 1 : 0);
  });

  it("may process what it does not answer", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ times: 1, do: { kind: "rst", process: true } }] });
    const envelope = envelopeFor("transaction");
    await post(server, envelope);
    expect(await server.report()).toMatchObject({
      events: { unique: 1, unanswered: 1 },
      processed: { transaction: 1, span: 3 },
      unanswered: { transaction: 1, span: 3 },
    });
    await post(server, envelope);
    expect(await server.report()).toMatchObject({
      events: { unique: 1, duplicates: 1, unanswered: 0 },
      unanswered: {},
    });
  });

  it("resets after the head, or within the body", async () => {
    const server = await startFaultServer();
    const at = [{ at: "head" }, { at: { bodyBytes: 300_000 } }] as const;
    for (const point of at) {
      await server.script({ requests: [{ do: { kind: "rst", ...point } }] });
      const answer = await post(server, envelopeFor("error", { payloadBytes: 8_000_000 }));
      expect(["ECONNRESET", "EPIPE"]).toContain(answer.error);
    }
    const { requests, bytes } = await server.report();
    expect(requests).toMatchObject({ begun: 2, whole: 0 });
    expect(bytes.received).toBeGreaterThan(300_000);
    expect(bytes.received).toBeLessThan(16_000_000);
  });

  it.each<[string, RequestAction, number]>([
    ["stalls, with the request read", { kind: "stall" }, 1],
    ["is a black hole, with nothing read", { kind: "black-hole" }, 0],
  ])("%s", async (_what, action, whole) => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: action }] });
    const wire = await openWire(server);
    wire.send(envelopeFor("error", { payloadBytes: 500_000 }));
    await server.until(({ requests }) => requests.begun === 1 && requests.whole === whole);
    await server.script({});
    const other = await post(server, envelopeFor());
    expect(other.status).toBe(200);
    expect(wire.text).toBe("");
    expect(wire.seen).toEqual(["connect"]);
    expect((await server.report()).processed).toEqual({ error: 1 });
  });

  it("answers with a head and stalls in the body", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: { kind: "headers-then", ending: "stall" } }] });
    const wire = await openWire(server);
    wire.send(envelopeFor());
    await wire.got('{"id":"0');
    expect(wire.text).toContain("content-length: 100");
    expect(wire.seen).toEqual(["connect"]);
  });

  it("reads late, and slowly", async () => {
    const server = await startFaultServer();
    const slow = { kind: "slow-read", startMillis: 200, bytesPerSecond: 2_000_000 } as const;
    await server.script({ requests: [{ do: slow }] });
    const start = performance.now();
    const answer = await post(server, envelopeFor("error", { payloadBytes: 1_000_000 }));
    expect(answer.status).toBe(200);
    expect(performance.now() - start).toBeGreaterThan(500);
    expect((await server.report()).processed).toEqual({ error: 1 });
  });

  it("answers with any status, headers and delay; only success is processed", async () => {
    const server = await startFaultServer();
    const limits = { "x-sentry-rate-limits": "60:error:key", "retry-after": "7" };
    const limited = { kind: "respond", status: 429, headers: limits, delayMillis: 150 } as const;
    await server.script({ requests: [{ times: 1, do: limited }] });
    const start = performance.now();
    const answer = await post(server, envelopeFor());
    expect(performance.now() - start).toBeGreaterThan(140);
    expect(answer).toMatchObject({ status: 429, headers: limits });
    expect(await server.report()).toMatchObject({ processed: {}, limited: { error: 1 } });
  });

  it("answers as HTTP/1.0 and closes, with 1xx before, or without a body", async () => {
    const server = await startFaultServer();
    const agent = keptAgent();
    await server.script({
      requests: [
        { nth: 1, do: { kind: "respond", informational: [103, 102] } },
        { nth: 2, do: { kind: "respond", status: 204 } },
        { nth: 3, do: { kind: "respond", connection: "http10" } },
        { nth: 4, do: { kind: "respond", connection: "close" } },
      ],
    });
    const early = await post(server, envelopeFor(), agent);
    const empty = await post(server, envelopeFor(), agent);
    const old = await post(server, envelopeFor(), agent);
    const last = await post(server, envelopeFor(), agent);
    expect(early).toMatchObject({ status: 200, informational: [103, 102], error: undefined });
    expect(empty).toMatchObject({ status: 204, body: "", error: undefined });
    expect(old.status).toBe(200);
    expect(old.body).toContain('{"id":');
    expect(old.headers["content-length"]).toBeUndefined();
    expect(last).toMatchObject({ status: 200, headers: { connection: "close" } });
    const { connections } = await server.until((report) => report.connections.open === 0);
    expect(connections).toMatchObject({ opened: 2, byRequests: { 1: 1, 3: 1 } });
  });
});

function status(code: number): RequestAction {
  return { kind: "respond", status: code };
}

describe("rules", () => {
  it("match by number, by position on the connection, by category and up to a count", async () => {
    const server = await startFaultServer();
    const agent = keptAgent();
    await server.script({
      requests: [
        { nth: [2, 3], do: status(400) },
        { category: "transaction", times: 2, do: status(413) },
        { nthOnConnection: 1, do: status(500) },
        { onReused: true, upTo: 6, do: status(503) },
      ],
    });
    const statuses: (number | undefined)[] = [];
    const kinds = [
      "error",
      "error",
      "transaction",
      "transaction",
      "error",
      "transaction",
      "transaction",
    ] as const;
    for (const kind of kinds) statuses.push((await post(server, envelopeFor(kind), agent)).status);
    expect(statuses).toEqual([500, 400, 400, 413, 503, 413, 200]);
    const { connections } = await server.report();
    expect(connections.opened).toBe(1);
  });
});
