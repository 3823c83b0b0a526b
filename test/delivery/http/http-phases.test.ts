import { createServer } from "node:https";
import { createServer as createTcpServer } from "node:net";

import { describe, expect, it } from "vitest";

import { phaseOf } from "../../../src/delivery/http/send-failures.js";
import type { SendResult } from "../../../src/delivery/transport.js";
import { ownTime } from "../../time/measure.js";
import { openHttp, openTransport } from "./http-support.js";
import { OK, accept, listening, pemOf, rawServer, secureDsn } from "./http-servers.js";
import { envelopeOf } from "../support.js";

const failsIn = (phase: string) => ({ outcome: "retryable", phase });

const withCode = (code: string) => Object.assign(new Error(code), { code });

function codeOf(result: SendResult): unknown {
  return result.outcome === "retryable" && "code" in result.error ? result.error.code : undefined;
}

describe("an attempt fails in the phase `connect`", () => {
  it.each(["127.0.0.1", "localhost"])("when nothing listens at %s", async (host) => {
    const server = await listening(createTcpServer());
    await server.close();
    const transport = openTransport(`http://key@${host}:${server.port}/1`);
    expect(await transport.send(envelopeOf())).toMatchObject(failsIn("connect"));
  });

  it("when the host has no address", async () => {
    const transport = openTransport("http://key@nowhere.invalid/1");
    expect(await transport.send(envelopeOf())).toMatchObject(failsIn("connect"));
  });

  it("when the handshake stalls, at the deadline", async () => {
    const server = await listening(createTcpServer());
    const transport = openTransport(secureDsn(server), { connectTimeoutMillis: 200 });
    const { result, millis } = await ownTime(() => transport.send(envelopeOf()));
    expect(result).toMatchObject(failsIn("connect"));
    expect(codeOf(result)).toBe("ERR_CONNECT_TIMEOUT");
    expect(millis).toBeLessThan(900);
  });

  it("when the server breaks the handshake off", async () => {
    const server = await listening(createTcpServer((socket) => socket.destroy()));
    const transport = openTransport(secureDsn(server));
    expect(await transport.send(envelopeOf())).toMatchObject(failsIn("connect"));
  });
});

describe("an attempt is refused", () => {
  it.each([
    ["not trusted", "server", undefined],
    ["for another host", "other", pemOf("ca")],
    ["expired", "expired", pemOf("ca")],
  ])("when the server's certificate is %s", async (_kind, name, caCerts) => {
    const tls = { key: pemOf(`${name}-key`), cert: pemOf(name) };
    const server = await listening(createServer(tls, accept));
    const transport = openTransport(secureDsn(server), { caCerts });
    expect(await transport.send(envelopeOf())).toMatchObject(failsIn("refused"));
  });

  it("after close", async () => {
    const { transport } = await openHttp();
    await transport.close();
    expect(await transport.send(envelopeOf())).toMatchObject(failsIn("refused"));
  });

  it("by close, while it is under way or waits", async () => {
    const { server, transport } = await openHttp({ maxConnections: 1 });
    server.respondWith("stall");
    const sends = [transport.send(envelopeOf()), transport.send(envelopeOf())];
    await server.waitFor(({ requests }) => requests === 1, 5000);
    await transport.close();
    for (const result of await Promise.all(sends)) expect(result).toMatchObject(failsIn("refused"));
    expect(transport.counts().connectionsOpen).toBe(0);
  });
});

describe("an attempt fails in the phase `reused`", () => {
  it.each(["reset", "hang_up"] as const)(
    "when a kept connection breaks before a byte of the answer: %s",
    async (fault) => {
      const { server, transport } = await openHttp();
      await transport.send(envelopeOf());
      server.respondWith(fault, "once");
      expect(await transport.send(envelopeOf())).toMatchObject(failsIn("reused"));
    },
  );
});

describe("an attempt fails in the phase `answer`", () => {
  it.each(["reset", "hang_up"] as const)(
    "when a new connection breaks before the answer: %s",
    async (fault) => {
      const { server, transport } = await openHttp();
      server.respondWith(fault, "once");
      expect(await transport.send(envelopeOf())).toMatchObject(failsIn("answer"));
    },
  );

  it.each([
    ["is not HTTP", "SSH-2.0-OpenSSH_9.6\r\n"],
    ["breaks off in the status line", "HTTP/1.1 2"],
  ])("when what comes over a kept connection %s", async (_kind, answer) => {
    const server = await rawServer((socket, count) => {
      if (count === 1) socket.write(OK);
      else socket.end(answer);
    });
    const transport = openTransport(server.dsn);
    await transport.send(envelopeOf());
    expect(await transport.send(envelopeOf())).toMatchObject(failsIn("answer"));
  });
});

describe("an answer is an answer", () => {
  it.each([
    ["of HTTP/1.0, which ends with the connection", "HTTP/1.0 200 OK\r\n\r\n{}"],
    ["without a body", "HTTP/1.1 204 No Content\r\n\r\n"],
    ["after early hints", `HTTP/1.1 103 Early Hints\r\nlink: </>\r\n\r\n${OK}`],
  ])("%s", async (_kind, answer) => {
    const server = await rawServer((socket) => {
      if (answer.startsWith("HTTP/1.0")) socket.end(answer);
      else socket.write(answer);
    });
    const transport = openTransport(server.dsn);
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
  });
});

describe("the phase of an error", () => {
  const nothingYet = { isWritten: false, isAnswering: false, isReused: false };

  it.each([
    "ECONNREFUSED",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "ETIMEDOUT",
    "ERR_CONNECT_TIMEOUT",
  ])("%s is `connect`, also where several addresses were tried", (code) => {
    expect(phaseOf(withCode(code), nothingYet)).toBe("connect");
    expect(phaseOf(new AggregateError([withCode(code)]), nothingYet)).toBe("connect");
  });

  it.each([
    "CERT_HAS_EXPIRED",
    "CERT_REVOKED",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "HOSTNAME_MISMATCH",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "UNSPECIFIED",
  ])("%s is `refused`, also inside of another error", (code) => {
    expect(phaseOf(withCode(code), nothingYet)).toBe("refused");
    expect(phaseOf(new AggregateError([withCode(code)]), nothingYet)).toBe("refused");
    expect(phaseOf(new Error("outer", { cause: withCode(code) }), nothingYet)).toBe("refused");
  });

  it("of a server that does not accept our certificate is `refused`, when it says so late, too", () => {
    const error = withCode("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED");
    expect(phaseOf(error, { isWritten: true, isAnswering: false, isReused: false })).toBe(
      "refused",
    );
  });
});
