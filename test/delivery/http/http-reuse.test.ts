import { createServer } from "node:http";
import type { Socket } from "node:net";

import { describe, expect, it } from "vitest";

import { openHttp, openTransport } from "./http-support.js";
import { OK, accept, block, listening, rawServer, sleep } from "./http-servers.js";
import { times } from "../in-sequence.js";
import { envelopeOf } from "../support.js";
import { eventually } from "../../time/wait-for.js";

// A server that never closes an idle connection, and a clock that can be set forward.
async function openWithClocks(settings = {}) {
  const http = createServer({ keepAliveTimeout: 0 }, accept);
  const server = await listening(http);
  const skew = { steady: 0, wall: 0 };
  const transport = openTransport(server.dsn, {
    steadyNow: () => performance.now() + skew.steady,
    now: () => Date.now() + skew.wall,
    ...settings,
  });
  await transport.send(envelopeOf());
  return { server, transport, skew };
}

describe("a kept connection", () => {
  it("is used again, and counted", async () => {
    const { server, transport } = await openHttp();
    await times(20, () => transport.send(envelopeOf()));
    expect(server.connections).toBe(1);
    expect(transport.counts()).toMatchObject({
      connectionsOpened: 1,
      connectionsOpen: 1,
      requestsOverKeptConnections: 19,
    });
  });

  it("is the one that was used last, so that the others can close", async () => {
    const { server, transport } = await openHttp({ idleTimeoutMillis: 200 });
    server.respondWith({ delayMillis: 20 });
    await Promise.all(Array.from({ length: 8 }, () => transport.send(envelopeOf())));
    server.respondNormally();
    await times(15, async () => {
      await transport.send(envelopeOf());
      await sleep(20);
    });
    expect(server.connections).toBe(8);
    expect(transport.counts().connectionsOpen).toBe(1);
  });

  it("is not used after the event loop was blocked for longer than the idle timeout", async () => {
    const http = createServer({ keepAliveTimeout: 0 }, accept);
    const server = await listening(http);
    const transport = openTransport(server.dsn, { idleTimeoutMillis: 100 });
    await transport.send(envelopeOf());
    block(150);
    await transport.send(envelopeOf());
    expect(server.opened()).toBe(2);
  });

  it("is not used after a suspension, during which only the wall clock advanced", async () => {
    const { server, transport, skew } = await openWithClocks();
    skew.wall = 60_000;
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    expect(server.opened()).toBe(2);
  });

  it("is used although the wall clock was set back", async () => {
    const { server, transport, skew } = await openWithClocks();
    skew.wall = -3_600_000;
    await transport.send(envelopeOf());
    expect(server.opened()).toBe(1);
  });

  it("is replaced at its maximum age, so that a new address takes effect", async () => {
    const { server, transport, skew } = await openWithClocks({
      maxConnectionAgeMillis: 10_000,
      idleTimeoutMillis: 60_000,
    });
    skew.steady = 9000;
    await transport.send(envelopeOf());
    expect(server.opened()).toBe(1);
    skew.steady = 10_001;
    await transport.send(envelopeOf());
    expect(server.opened()).toBe(2);
  });

  it("is not replaced under a request, however old it is", async () => {
    const { server, transport } = await openHttp({ maxConnectionAgeMillis: 20 });
    server.respondWith({ delayMillis: 100 });
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    expect(server.connections).toBe(1);
  });

  it("is not used for an attempt that requires a new one", async () => {
    const { server, transport } = await openHttp();
    await transport.send(envelopeOf());
    await transport.send(envelopeOf(), { newConnection: true });
    expect(server.connections).toBe(2);
    await transport.send(envelopeOf());
    expect(server.connections).toBe(2);
  });

  it("is closed in favour of a new one at the maximum of connections", async () => {
    const { server, transport } = await openHttp({ maxConnections: 1 });
    await times(3, () => transport.send(envelopeOf(), { newConnection: true }));
    expect(server.connections).toBe(3);
    await eventually(() => transport.counts().connectionsOpen === 1);
  });
});

describe("the server's announcement of how long it keeps a connection", () => {
  it("applies, less a second, if it is shorter than the option", async () => {
    const server = await rawServer((socket) => {
      socket.write(OK.replace("\r\n\r\n", "\r\nkeep-alive: timeout=2\r\n\r\n"));
    });
    const skew = { steady: 0 };
    const transport = openTransport(server.dsn, {
      steadyNow: () => performance.now() + skew.steady,
    });
    await transport.send(envelopeOf());
    skew.steady = 800;
    await transport.send(envelopeOf());
    expect(server.opened()).toBe(1);
    skew.steady += 1001;
    await transport.send(envelopeOf());
    expect(server.opened()).toBe(2);
  });

  it.each(["keep-alive: timeout=1", "keep-alive: timeout=5, max=0", "connection: close"])(
    "ends the connection with its answer: %s",
    async (hint) => {
      const server = await rawServer((socket) => {
        socket.write(OK.replace("\r\n\r\n", `\r\n${hint}\r\n\r\n`));
      });
      const transport = openTransport(server.dsn);
      await times(3, () => transport.send(envelopeOf()));
      expect(server.opened()).toBe(3);
      await eventually(() => server.sockets.size === 0);
    },
  );
});

describe("a server that answers one request per connection and breaks the next answer", () => {
  it.each([
    ["in its header", "HTTP/1.1 200 OK\r\ncont"],
    ["after an informational one", "HTTP/1.1 100 Continue\r\n\r\n"],
    ["with bytes that are no HTTP", "<html>\r\n\r\n"],
  ])("soon gets each request over a new connection: %s", async (_where, broken) => {
    const server = await rawServer((socket, count) => {
      socket.write(count === 1 ? OK : broken);
      if (count > 1) setImmediate(() => socket.resetAndDestroy());
    });
    const transport = openTransport(server.dsn);
    let failures = 0;
    await times(40, async () => {
      const { outcome } = await transport.send(envelopeOf());
      if (outcome !== "delivered") failures += 1;
    });
    expect(failures).toBeLessThanOrEqual(3);
  });
});

describe("a connection that the server has closed, unnoticed,", () => {
  it.each([
    ["FIN", (socket: Socket) => void socket.destroy(), 10],
    ["RST", (socket: Socket) => void socket.resetAndDestroy(), 10],
    ["FIN and a large body", (socket: Socket) => void socket.destroy(), 2_000_000],
    ["RST and a large body", (socket: Socket) => void socket.resetAndDestroy(), 2_000_000],
  ])(
    "costs no attempt, since nothing was written to it: %s",
    async (_kind, letGo, payloadBytes) => {
      const server = await rawServer((socket) => void socket.write(OK));
      const transport = openTransport(server.dsn, { gzipThresholdBytes: 1e9 });
      await times(5, async () => {
        await transport.send(envelopeOf());
        await sleep(5);
        for (const socket of server.sockets) letGo(socket);
        block(2);
        expect(await transport.send(envelopeOf("error", { payloadBytes }))).toMatchObject({
          outcome: "delivered",
        });
      });
    },
  );

  it("is distinguished from a server that is gone", async () => {
    const server = await rawServer((socket) => void socket.write(OK));
    const transport = openTransport(server.dsn);
    await transport.send(envelopeOf());
    await server.close();
    await sleep(5);
    expect(await transport.send(envelopeOf())).toMatchObject({
      outcome: "retryable",
      phase: "connect",
    });
  });
});

describe("the bound of connections", () => {
  it("holds while connections fail", async () => {
    let most = 0;
    const server = await rawServer((socket, count) => {
      most = Math.max(most, server.sockets.size);
      if (Math.random() < 0.3) socket.resetAndDestroy();
      else if (count > 3) socket.destroy();
      else socket.write(OK);
    });
    const transport = openTransport(server.dsn, { maxConnections: 4 });
    const results = await Promise.all(
      Array.from({ length: 300 }, () => transport.send(envelopeOf())),
    );
    expect(results).toHaveLength(300);
    // The server sees the end of one a moment later than the beginning of the next.
    expect(most).toBeLessThanOrEqual(8);
    await sleep(20);
    expect(server.sockets.size).toBeLessThanOrEqual(4);
  });

  it("counts the bytes that went out, compressed where they were", async () => {
    const { transport } = await openHttp();
    const small = envelopeOf();
    await transport.send(small);
    expect(transport.counts().bytesSent).toBe(small.body.length);
    const large = envelopeOf("transaction", { payloadBytes: 100_000 });
    await transport.send(large);
    const packed = transport.counts().bytesSent - small.body.length;
    expect(packed).toBeGreaterThan(0);
    expect(packed).toBeLessThan(large.body.length / 10);
  });
});
