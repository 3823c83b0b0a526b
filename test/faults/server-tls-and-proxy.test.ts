import { readFileSync } from "node:fs";
import { connect } from "node:tls";

import { describe, expect, it, onTestFinished } from "vitest";

import { envelopeFor } from "./envelopes.js";
import { startFaultServer } from "./kit.js";
import { openWire, requestBytes } from "./plain-client.js";
import type { CertificateName } from "./server-protocol.js";

describe("with TLS, the fault server", () => {
  const ca = readFileSync(new URL("fixtures/ca.pem", import.meta.url));

  function handshake(port: number): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect({ host: "127.0.0.1", port, ca });
      onTestFinished(() => void socket.destroy());
      socket.on("secureConnect", () => resolve("secure"));
      socket.on("error", (error) => resolve("code" in error ? String(error.code) : error.message));
      setTimeout(() => resolve("nothing"), 500);
    });
  }

  it.each<[CertificateName, string]>([
    ["good", "secure"],
    ["expired", "CERT_HAS_EXPIRED"],
    ["wrong-host", "ERR_TLS_CERT_ALTNAME_INVALID"],
  ])("shows a certificate that is %s", async (tls, outcome) => {
    const server = await startFaultServer({ tls });
    expect(await handshake(server.port)).toBe(outcome);
  });

  it("accepts envelopes, resets, and stalls in the handshake", async () => {
    const server = await startFaultServer({ tls: "good" });
    const socket = connect({ host: "127.0.0.1", port: server.port, ca });
    onTestFinished(() => void socket.destroy());
    const codes: string[] = [];
    socket.on("error", (error) => codes.push("code" in error ? String(error.code) : ""));
    socket.write(requestBytes(envelopeFor().body));
    await server.until(({ requests }) => requests.answered === 1);
    await server.script({
      connections: [{ do: { kind: "never-read" } }],
      requests: [{ do: { kind: "rst" } }],
    });
    const isClosed = new Promise((resolve) => {
      socket.on("close", resolve);
    });
    socket.write(requestBytes(envelopeFor().body));
    await isClosed;
    expect(codes).toEqual(["ECONNRESET"]);
    expect(await handshake(server.port)).toBe("nothing");
  });
});

describe("as a proxy, the fault server", () => {
  it("passes on what goes through a tunnel, until it breaks", async () => {
    const server = await startFaultServer();
    const proxy = await startFaultServer();
    await proxy.script({ requests: [{ do: { kind: "tunnel", resetAfterBytes: 2000 } }] });
    const wire = await openWire(proxy);
    wire.socket.write(`CONNECT 127.0.0.1:${server.port} HTTP/1.1\r\n\r\n`);
    await wire.got("200 Connection Established");
    wire.send(envelopeFor());
    await wire.got("HTTP/1.1 200 OK");
    wire.send(envelopeFor("error", { payloadBytes: 5000 }));
    await wire.saw("ECONNRESET");
    expect((await server.report()).processed).toEqual({ error: 1 });
  });

  it("refuses a tunnel with a status", async () => {
    const proxy = await startFaultServer();
    await proxy.script({ requests: [{ do: { kind: "respond", status: 407 } }] });
    const wire = await openWire(proxy);
    wire.socket.write("CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n");
    await wire.got("\r\n\r\n");
    expect(wire.text).toContain("HTTP/1.1 407 Proxy Authentication Required");
  });
});
