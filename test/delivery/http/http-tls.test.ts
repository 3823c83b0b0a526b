import { createSecureServer } from "node:http2";
import type { Http2SecureServer } from "node:http2";
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

async function openH2(): Promise<{ http2: Http2SecureServer; server: TestServer }> {
  const http2 = createSecureServer({ ...TLS, allowHTTP1: true });
  const server = await listening(http2);
  return { http2, server };
}

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

  it("the next connection continues the session", async () => {
    const https = createServer(TLS, accept);
    const resumed: boolean[] = [];
    https.on("secureConnection", (socket: TLSSocket) => resumed.push(socket.isSessionReused()));
    const server = await listening(https);
    const transport = openTransport(secureDsn(server), { caCerts });
    await transport.send(envelopeOf());
    // The ticket comes after the handshake.
    await sleep(20);
    await transport.send(envelopeOf(), { newConnection: true });
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

describe("with `http2`,", () => {
  const settings = { caCerts, http2: true };

  it("a server that offers it is spoken to in it, over a kept connection", async () => {
    const { http2, server } = await openH2();
    const versions: string[] = [];
    http2.on("request", (request, response) => {
      versions.push(request.httpVersion);
      request.resume().on("end", () => response.end("{}"));
    });
    const transport = openTransport(secureDsn(server), settings);
    await times(5, async () => {
      expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
      await sleep(10);
    });
    expect(versions).toEqual(Array.from({ length: 5 }, () => "2.0"));
    expect(transport.counts().requestsOverKeptConnections).toBeGreaterThan(0);
  });

  it("a server that does not is spoken to in HTTP/1.1", async () => {
    const server = await listening(createServer(TLS, accept));
    const transport = openTransport(secureDsn(server), settings);
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
  });

  it("many at a time are each delivered once, within the bound", async () => {
    const { http2, server } = await openH2();
    let count = 0;
    http2.on("request", (request, response) => {
      count += 1;
      request.resume().on("end", () => response.end("{}"));
    });
    // A busy machine takes longer than the deadlines for so many.
    const transport = openTransport(secureDsn(server), {
      ...settings,
      maxConnections: 8,
      connectTimeoutMillis: 120_000,
      headersTimeoutMillis: 120_000,
      totalTimeoutMillis: 120_000,
    });
    const results = await Promise.all(
      Array.from({ length: 200 }, () => transport.send(envelopeOf())),
    );
    expect(results.every(({ outcome }) => outcome === "delivered")).toBe(true);
    expect(count).toBe(200);
    expect(transport.counts().requestsOverKeptConnections).toBeGreaterThan(0);
    expect(server.sockets.size).toBeLessThanOrEqual(8);
  });

  it.each([
    ["resets its streams", "answer", (stream: { close(code: number): void }) => stream.close(2)],
    ["resets the connection", "answer", undefined],
  ] as const)(
    "a server that %s fails an attempt, and not the next",
    async (_kind, phase, onStream) => {
      const { http2, server } = await openH2();
      let isBroken = true;
      http2.on("stream", (stream) => {
        if (!isBroken) {
          stream.respond({ ":status": 200 });
          stream.end("{}");
        } else if (onStream === undefined)
          for (const socket of server.sockets) socket.resetAndDestroy();
        else onStream(stream);
        stream.on("error", () => {});
      });
      http2.on("sessionError", () => {});
      const transport = openTransport(secureDsn(server), settings);
      expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "retryable", phase });
      isBroken = false;
      expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    },
  );

  it.each(["answers never", "answers without an end"])(
    "a server that %s frees the slot at the deadline",
    async (kind) => {
      const { http2, server } = await openH2();
      let isSlow = true;
      http2.on("stream", (stream) => {
        stream.on("error", () => {});
        if (isSlow && kind === "answers never") return;
        stream.respond({ ":status": 200 });
        if (isSlow) stream.write("{");
        else stream.end("{}");
      });
      const transport = openTransport(secureDsn(server), {
        ...settings,
        maxConnections: 1,
        headersTimeoutMillis: 200,
        bodyTimeoutMillis: 200,
      });
      const outcome = kind === "answers never" ? "retryable" : "delivered";
      expect(await transport.send(envelopeOf())).toMatchObject({ outcome });
      await eventually(() => server.sockets.size === 0);
      isSlow = false;
      expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    },
  );

  it("a session that the server ends while it is idle is replaced", async () => {
    const { http2, server } = await openH2();
    const sessions: { close(): void }[] = [];
    http2.on("session", (session) => sessions.push(session));
    http2.on("stream", (stream) => {
      stream.on("error", () => {});
      stream.respond({ ":status": 200 });
      stream.end("{}");
    });
    const transport = openTransport(secureDsn(server), settings);
    await transport.send(envelopeOf());
    await sleep(20);
    sessions[0]?.close();
    await sleep(20);
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    expect(sessions).toHaveLength(2);
  });

  it("an idle connection is closed, and `close` ends what is under way", async () => {
    const { http2, server } = await openH2();
    let answers = true;
    http2.on("stream", (stream) => {
      stream.on("error", () => {});
      if (!answers) return;
      stream.respond({ ":status": 200 });
      stream.end("{}");
    });
    const transport = openTransport(secureDsn(server), { ...settings, idleTimeoutMillis: 50 });
    await transport.send(envelopeOf());
    await eventually(() => server.sockets.size === 0);
    answers = false;
    const send = transport.send(envelopeOf());
    await eventually(() => server.sockets.size === 1);
    await sleep(20);
    await transport.close();
    expect(await send).toMatchObject({ outcome: "retryable", phase: "refused" });
    await eventually(() => server.sockets.size === 0);
  });
});
