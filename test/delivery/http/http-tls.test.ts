import { createServer } from "node:https";
import type { TLSSocket } from "node:tls";

import { describe, expect, it } from "vitest";

import { OptionsError } from "../../../src/protocol/errors.js";
import { httpTransport, openTransport } from "./http-support.js";
import type { TestServer } from "./http-servers.js";
import { accept, listening, pemOf, secureDsn, sleep } from "./http-servers.js";
import { times } from "../in-sequence.js";
import { envelopeOf } from "../support.js";
import { eventually } from "../../time/wait-for.js";

const TLS = { key: pemOf("server-key"), cert: pemOf("server") };
const caCerts = pemOf("ca");

const broken = (kind: string): string => `-----BEGIN ${kind}-----\nc2VjcmV0\n-----END ${kind}-----`;

describe("over TLS,", () => {
  it.each([
    ["a text", caCerts],
    ["bytes", Buffer.from(caCerts)],
    ["a list", [pemOf("client"), caCerts]],
  ])("a server is trusted whose authority is in `caCerts`, as %s", async (_kind, certs) => {
    const server = await listening(createServer(TLS, accept));
    const transport = openTransport(secureDsn(server), { caCerts: certs });
    await times(3, async () => {
      expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    });
    expect(server.opened()).toBe(1);
  });

  it("an address is verified, too", async () => {
    const server = await listening(createServer(TLS, accept));
    const transport = openTransport(secureDsn(server, "127.0.0.1"), { caCerts });
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
  });

  it.each([
    ["while the first is open", {}, { newConnection: true }],
    ["after the first was closed because it was idle", { idleTimeoutMillis: 50 }, {}],
  ])("a second connection resumes the TLS session: %s", async (_when, settings, options) => {
    const https = createServer(TLS, accept);
    const resumed: boolean[] = [];
    https.on("secureConnection", (socket: TLSSocket) => resumed.push(socket.isSessionReused()));
    const server = await listening(https);
    const transport = openTransport(secureDsn(server), { caCerts, ...settings });
    await transport.send(envelopeOf());
    // The ticket comes after the handshake.
    if ("idleTimeoutMillis" in settings) await eventually(() => server.sockets.size === 0);
    else await sleep(20);
    await transport.send(envelopeOf(), options);
    expect(resumed).toEqual([false, true]);
  });

  it("a connection that the server lets go of is replaced", async () => {
    const server = await listening(createServer(TLS, accept));
    const transport = openTransport(secureDsn(server), { caCerts });
    await transport.send(envelopeOf());
    await sleep(20);
    for (const socket of server.sockets) socket.resetAndDestroy();
    await sleep(20);
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
  });

  it("an idle connection is closed", async () => {
    const server = await listening(createServer(TLS, accept));
    const transport = openTransport(secureDsn(server), { caCerts, idleTimeoutMillis: 50 });
    await transport.send(envelopeOf());
    await eventually(() => server.sockets.size === 0);
    expect(transport.counts().connectionsOpen).toBe(0);
  });
});

describe.each(["TLSv1.2", "TLSv1.3"] as const)(
  "with %s, a server that asks for a certificate",
  (version) => {
    const openAsking = (): Promise<TestServer> =>
      listening(
        createServer(
          {
            ...TLS,
            ca: caCerts,
            requestCert: true,
            rejectUnauthorized: true,
            minVersion: version,
            maxVersion: version,
          },
          accept,
        ),
      );

    it("is shown that of the client", async () => {
      const server = await openAsking();
      const transport = openTransport(secureDsn(server), {
        caCerts,
        clientCert: pemOf("client"),
        clientKey: pemOf("client-key"),
      });
      expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    });

    it("gets nothing from a client without", async () => {
      const server = await openAsking();
      const transport = openTransport(secureDsn(server), { caCerts });
      // With TLS 1.3 the handshake is over before the server has looked.
      const refused = { outcome: "retryable", phase: "refused" };
      expect(await transport.send(envelopeOf())).toMatchObject(refused);
    });
  },
);

describe("a certificate or key that OpenSSL cannot read", () => {
  it.each([
    [{ caCerts: broken("CERTIFICATE") }, /transport\.caCerts/],
    [{ clientCert: pemOf("client"), clientKey: broken("PRIVATE KEY") }, /transport\.clientCert/],
    [{ clientCert: pemOf("client"), clientKey: pemOf("server-key") }, /transport\.clientCert/],
  ])("is refused before the first send, without being shown", (settings, message) => {
    const build = () => httpTransport("https://key@localhost/1", settings);
    expect(build).toThrow(OptionsError);
    expect(build).toThrow(message);
    expect(build).not.toThrow(/c2VjcmV0|BEGIN/);
  });
});
