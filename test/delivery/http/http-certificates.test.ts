import { createServer as createHttpsServer } from "node:https";
import type { ServerOptions } from "node:https";
import { createServer as createTcpServer } from "node:net";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

import { describe, expect, it } from "vitest";

import { failureReason } from "../../../src/delivery/http/send-failures.js";
import type { HttpTransportSettings } from "../../../src/delivery/http/http-transport.js";
import type { SendResult } from "../../../src/delivery/transport.js";
import { openTransport } from "./http-support.js";
import { openProxy, urlOf } from "./http-proxy-server.js";
import type { TestServer } from "./http-servers.js";
import { accept, listening, pemOf, secureDsn } from "./http-servers.js";
import { envelopeOf } from "../support.js";
import { trustFewRoots } from "./few-roots.js";

trustFewRoots();

const TLS = { key: pemOf("server-key"), cert: pemOf("server") };
const caCerts = pemOf("ca");

interface Failure {
  readonly phase: string | undefined;
  readonly reason: string;
}

function failureOf(result: SendResult): Failure {
  if (result.outcome !== "retryable") throw new Error(`it was ${result.outcome}`);
  return { phase: result.phase, reason: failureReason(result.error) };
}

async function failureAt(
  server: TestServer,
  settings: Partial<HttpTransportSettings> = {},
  host = "localhost",
): Promise<Failure> {
  return failureOf(await openTransport(secureDsn(server, host), settings).send(envelopeOf()));
}

function openTls(options: ServerOptions = {}): Promise<TestServer> {
  return listening(createHttpsServer({ ...TLS, ...options }, accept));
}

function requiring(version: "TLSv1.2" | "TLSv1.3"): ServerOptions {
  const versions = { minVersion: version, maxVersion: version } as const;
  return { ca: caCerts, requestCert: true, rejectUnauthorized: true, ...versions };
}

// A server that answers a greeting with a fatal alert (RFC 8446, 6).
function alerting(description: number): Promise<TestServer> {
  const alert = Buffer.from([0x15, 3, 3, 0, 2, 2, description]);
  return listening(createTcpServer((socket) => void socket.once("data", () => socket.end(alert))));
}

// A server that ends each connection as soon as its handshake is over.
function ending(how: (socket: Socket) => void): Promise<TestServer> {
  const https = createHttpsServer(TLS, accept);
  const raws: Socket[] = [];
  https.on("connection", (socket: Socket) => void raws.push(socket));
  https.on("secureConnection", () => how(raws.at(-1) as Socket));
  return listening(https);
}

describe("a server whose certificate is not accepted is a refusal that says why and what to do:", () => {
  it.each([
    {
      kind: "self-signed",
      name: "self-signed",
      settings: {},
      said: /self-signed and not trusted.*`transport\.caCerts`.*\(DEPTH/,
    },
    {
      kind: "of an unknown authority",
      name: "server",
      settings: {},
      said: /not trusted.*NODE_EXTRA_CA_CERTS \(UNABLE_TO_VERIFY/,
    },
    {
      kind: "with an unknown root",
      name: "chained",
      settings: {},
      said: /not trusted.*caCerts.*\(UNABLE_TO_GET_ISSUER_CERT_LOC/,
    },
    {
      kind: "expired",
      name: "expired",
      settings: { caCerts },
      said: /has expired: renew it.*\(CERT_HAS_EXPIRED\)/,
    },
    {
      kind: "of another host",
      name: "other",
      settings: { caCerts },
      said: /another host name: check the host.*\(ERR_TLS_CERT_A/,
    },
  ])("$kind", async ({ name, settings, said }) => {
    const server = await openTls({ cert: pemOf(name), key: pemOf(`${name}-key`) });
    const failure = await failureAt(server, settings);
    expect(failure).toEqual({ phase: "refused", reason: expect.stringMatching(said) });
    expect(failure.reason).toMatch(/^the certificate of the server \S+:\d+ /);
  });

  it("self-signed within the chain that it sends", async () => {
    const server = await openTls({ cert: pemOf("server") + caCerts });
    expect(await failureAt(server)).toEqual({
      phase: "refused",
      reason: expect.stringMatching(/not trusted.*caCerts.*\(SELF_SIGNED_CERT_IN_CHAIN\)/),
    });
  });

  it("at each of several addresses", async () => {
    const server = await openTls({ cert: pemOf("self-signed"), key: pemOf("self-signed-key") });
    const inner = await openTransport(secureDsn(server)).send(envelopeOf());
    const error = inner.outcome === "retryable" ? inner.error : undefined;
    expect(failureReason(new AggregateError([error, new Error("another")]))).toMatch(/self-signed/);
  });

  it("and it is accepted once `caCerts` has its authority", async () => {
    const server = await openTls({ cert: pemOf("self-signed"), key: pemOf("self-signed-key") });
    const transport = openTransport(secureDsn(server), { caCerts: pemOf("self-signed") });
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
  });
});

describe("a server that requires a client certificate is a refusal that names the options:", () => {
  it.each(["TLSv1.2", "TLSv1.3"] as const)("with %s", async (version) => {
    const server = await openTls(requiring(version));
    expect(await failureAt(server, { caCerts })).toEqual({
      phase: "refused",
      reason: expect.stringMatching(
        /^the server .*require.* a client certificate.*`transport\.clientCert` and `transport\.clientKey` \(ERR_SSL_/,
      ),
    });
  });

  it.each([
    [40, /may require a client certificate, or share no TLS version/],
    [42, /did not accept the client certificate \("bad certificate"\).*`transport\.clientCert`/],
    [43, /"unsupported certificate"/],
    [44, /"certificate revoked"/],
    [45, /"certificate expired"/],
    [46, /"certificate unknown"/],
    [48, /did not accept the client certificate \("unknown ca"\).*`transport\.clientKey`/],
    [49, /"access denied"/],
    [51, /"decrypt error"/],
    [116, /requires a client certificate: set `transport\.clientCert`/],
  ])("by alert %i", async (description, reason) => {
    expect(await failureAt(await alerting(description))).toEqual({
      phase: "refused",
      reason: expect.stringMatching(reason),
    });
  });

  it.each([
    [
      "OpenSSL 3.2 and later",
      "ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE",
      "ssl/tls alert bad certificate",
    ],
    ["a write", "EPROTO", "write EPROTO 0A000412:SSL routines::sslv3 alert bad certificate"],
  ])("also in the words of %s", (_origin, code, message) => {
    const reason = failureReason(Object.assign(new Error(message), { code }));
    expect(reason).toMatch(/did not accept the client certificate \("bad certificate"\)/);
  });

  it("but another alert keeps its own message", async () => {
    const { phase, reason } = await failureAt(await alerting(80));
    expect(phase).toBe("connect");
    expect(reason).not.toContain("clientCert");
  });
});

describe("a server that closes a TLS 1.3 connection without an alert before its first response", () => {
  it.each([
    ["RST", (socket: Socket): void => void socket.resetAndDestroy()],
    ["FIN", (socket: Socket): void => void socket.end()],
  ] as const)("(%s) may miss a client certificate: the message says so", async (_kind, how) => {
    const server = await ending(how);
    const { phase, reason } = await failureAt(server, { caCerts });
    expect(phase).toBe("answer");
    expect(reason).toMatch(/^the server ended the TLS connection.*`transport\.clientCert`/);
  });

  it("as Node's does with a certificate of an authority that it does not trust", async () => {
    const server = await openTls(requiring("TLSv1.3"));
    const foreign = { clientCert: pemOf("self-signed"), clientKey: pemOf("self-signed-key") };
    const { reason } = await failureAt(server, { caCerts, ...foreign });
    expect(reason).toMatch(/requires a client certificate|`transport\.clientCert`/);
  });

  it("is another matter once it has answered", async () => {
    let isEnding = false;
    const https = createHttpsServer(TLS, accept);
    https.on("secureConnection", (socket: TLSSocket) => isEnding && socket.destroy());
    const server = await listening(https);
    const transport = openTransport(secureDsn(server), { caCerts });
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    isEnding = true;
    const again = await transport.send(envelopeOf(), { newConnection: true });
    expect(failureOf(again).reason).not.toContain("clientCert");
  });
});

describe("a proxy that is spoken to over TLS is named in the message where it", () => {
  it.each([
    ["and opens a tunnel", "https://key@localhost:1/1"],
    ["and passes requests on", "http://key@localhost:1/1"],
  ])("has a certificate that is not trusted (%s)", async (_kind, dsn) => {
    const proxy = await openProxy(createHttpsServer(TLS));
    const transport = openTransport(dsn, { proxy: urlOf(proxy, "https") });
    expect(failureOf(await transport.send(envelopeOf()))).toEqual({
      phase: "refused",
      reason: expect.stringMatching(/^the certificate of the proxy \S+:\d+ .*`transport\.caCerts`/),
    });
  });

  it.each(
    (["TLSv1.2", "TLSv1.3"] as const).flatMap((version) => [
      { version, dsn: "https://key@localhost:1/1" },
      { version, dsn: "http://key@localhost:1/1" },
    ]),
  )("requires a client certificate ($version, $dsn)", async ({ version, dsn }) => {
    const proxy = await openProxy(createHttpsServer({ ...TLS, ...requiring(version) }));
    const transport = openTransport(dsn, { caCerts, proxy: urlOf(proxy, "https") });
    expect(failureOf(await transport.send(envelopeOf()))).toEqual({
      phase: "refused",
      reason: expect.stringMatching(/^the proxy \S+:\d+ .*client certificates are not sent to/),
    });
  });

  it("lets the server behind it be named as the server", async () => {
    const proxy = await openProxy(createHttpsServer(TLS));
    const server = await openTls({ cert: pemOf("self-signed"), key: pemOf("self-signed-key") });
    const settings = { caCerts, proxy: urlOf(proxy, "https") };
    expect((await failureAt(server, settings)).reason).toMatch(
      /^the certificate of the server \S+:\d+ is self-signed/,
    );
  });
});
