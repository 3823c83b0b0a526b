import { setTimeout as delay } from "node:timers/promises";

import { describe, expect, it } from "vitest";

import { envelopeFor } from "./envelopes.js";
import { heldSocketsTo } from "./kernel-sockets.js";
import { startFaultServer } from "./kit.js";
import { keptAgent, openWire, post } from "./plain-client.js";
import type { Wire } from "./plain-client.js";
import { waitFor } from "../time/wait-for.js";

// The first one is answered with RST, and the one after it finds that out.
async function sendUntilRefused(wire: Wire): Promise<void> {
  await waitFor(() => (wire.send(envelopeFor()), wire.seen), {
    predicate: (seen) => seen.includes("EPIPE") || seen.includes("ECONNRESET"),
    timeoutMillis: 2000,
  });
}

describe("on connections, the fault server", () => {
  it.each(["fin", "rst"] as const)("closes idle ones by %s after a time", async (by) => {
    const server = await startFaultServer();
    await server.script({ idle: { afterMillis: 150, by } });
    const wire = await openWire(server);
    wire.send(envelopeFor());
    await wire.got("200 OK");
    await wire.saw(by === "fin" ? "end" : "ECONNRESET");
    expect(wire.at[1]).toBeGreaterThan(140);
    // What crosses it is refused, as by any server that has closed.
    if (by === "fin") await sendUntilRefused(wire);
    expect((await server.report()).envelopes).toBe(1);
  });

  it("half-closes idle ones: what comes after the FIN is processed and cannot be answered", async () => {
    const server = await startFaultServer();
    await server.script({ idle: { afterMillis: 50, by: "half-close" } });
    const wire = await openWire(server);
    await wire.saw("end");
    wire.send(envelopeFor());
    wire.send(envelopeFor());
    const report = await server.until(({ envelopes }) => envelopes === 2);
    expect(report).toMatchObject({
      events: { unique: 2, unanswered: 2 },
      requests: { whole: 2, answered: 0 },
    });
    expect(wire.text).toBe("");
    wire.socket.end();
    await server.until(({ connections }) => connections.open === 0);
  });

  it("never reads some, resets and ends others, and greets as an SSH server", async () => {
    const server = await startFaultServer();
    await server.script({
      connections: [
        { nth: 1, do: { kind: "never-read" } },
        { nth: 2, do: { kind: "rst", afterMillis: 30 } },
        { nth: 3, do: { kind: "fin" } },
        { times: 1, do: { kind: "garbage" } },
      ],
    });
    const unread = await openWire(server);
    unread.send(envelopeFor());
    await (await openWire(server)).saw("ECONNRESET");
    const ended = await openWire(server);
    await ended.saw("end");
    await (await openWire(server)).got("SSH-2.0");
    expect((await post(server, envelopeFor())).status).toBe(200);
    expect(unread.seen).toEqual(["connect"]);
    expect((await server.report()).requests.begun).toBe(1);
  });

  it("refuses while it does not listen, and keeps the connections that it has", async () => {
    const server = await startFaultServer();
    const agent = keptAgent();
    await post(server, envelopeFor(), agent);
    await server.stopListening();
    expect((await post(server, envelopeFor())).error).toBe("ECONNREFUSED");
    expect((await post(server, envelopeFor(), agent)).status).toBe(200);
    await server.listen();
    expect((await post(server, envelopeFor())).status).toBe(200);
  });

  it("restarts on the same port: RST in flight, refused while it is down", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ nth: 1, do: { kind: "stall" } }] });
    const stalled = post(server, envelopeFor());
    const idle = await openWire(server);
    await server.until(({ requests }) => requests.whole === 1);
    const isUp = server.restart({ downMillis: 200 });
    expect((await stalled).error).toBe("ECONNRESET");
    await idle.saw("ECONNRESET");
    expect((await post(server, envelopeFor())).error).toBe("ECONNREFUSED");
    await isUp;
    expect((await post(server, envelopeFor())).status).toBe(200);
    expect((await server.report()).connections.reset).toBe(2);
  });

  it("forgets present ones without a word, as a middle box does", async () => {
    const server = await startFaultServer();
    const wire = await openWire(server);
    wire.send(envelopeFor());
    await wire.got("200 OK");
    await server.freezeConnections();
    wire.send(envelopeFor());
    expect((await post(server, envelopeFor())).status).toBe(200);
    expect(wire.seen).toEqual(["connect"]);
    expect((await server.report()).envelopes).toBe(2);
  });

  it("accepts and stays silent while its process is stopped", async () => {
    const server = await startFaultServer({ ownProcess: true });
    server.pauseProcess();
    const wire = await openWire(server);
    wire.send(envelopeFor());
    await delay(200);
    expect(wire.text).toBe("");
    server.resumeProcess();
    await wire.got("200 OK");
  });

  it("agrees with the kernel on how many there are", async () => {
    const server = await startFaultServer();
    const wires = await Promise.all(Array.from({ length: 5 }, () => openWire(server)));
    await server.until(({ connections }) => connections.open === 5);
    const ports = new Set(wires.map(({ socket }) => socket.localPort));
    const held = (): number =>
      heldSocketsTo(server.port).filter(({ localPort }) => ports.has(localPort)).length;
    expect(held()).toBe(5);
    for (const { socket } of wires) socket.destroy();
    const { connections } = await server.until((report) => report.connections.open === 0);
    expect(connections).toMatchObject({ opened: 5, peak: 5 });
    expect(held()).toBe(0);
  });
});
