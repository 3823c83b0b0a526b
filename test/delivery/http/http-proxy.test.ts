import { createServer as createHttpsServer } from "node:https";
import type { Socket } from "node:net";
import { createServer as createTcpServer } from "node:net";
import { inspect } from "node:util";

import { describe, expect, it } from "vitest";

import { ownTime } from "../../time/measure.js";
import { openTransport } from "./http-support.js";
import { SECRET, TLS, caCerts, openBoth, openProxy, urlOf } from "./http-proxy-server.js";
import { accept, listening, secureDsn, sleep } from "./http-servers.js";
import { times } from "../in-sequence.js";
import { envelopeOf } from "../support.js";
import { eventually } from "../../time/wait-for.js";
import { trustFewRoots } from "./few-roots.js";

trustFewRoots();

describe("an https server behind a proxy", () => {
  it("is reached through a tunnel, which is kept", async () => {
    const { proxy, server, transport } = await openBoth();
    await times(5, async () => {
      expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    });
    expect(proxy.tunnels).toEqual([`localhost:${server.port}`]);
    expect(transport.counts()).toMatchObject({ connectionsOpened: 1, connectionsOpen: 1 });
  });

  it("is reached through a proxy that itself uses TLS", async () => {
    const proxy = await openProxy(createHttpsServer(TLS));
    const server = await listening(createHttpsServer(TLS, accept));
    const transport = openTransport(secureDsn(server), { caCerts, proxy: urlOf(proxy, "https") });
    await times(5, async () => {
      expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    });
    expect(proxy.tunnels).toHaveLength(1);
    await transport.close();
    await eventually(() => proxy.sockets.size === 0 && server.sockets.size === 0);
  });

  it("is verified by its own name, and not by the proxy's", async () => {
    const { transport } = await openBoth({ caCerts: undefined });
    expect(await transport.send(envelopeOf())).toMatchObject({ phase: "refused" });
  });

  it("gets an envelope over a new tunnel if the idle one broke", async () => {
    const { proxy, transport } = await openBoth();
    await transport.send(envelopeOf());
    await sleep(10);
    proxy.breakOff();
    await sleep(10);
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
  });

  it("is distinguished from a silent one when the proxy dies during a request", async () => {
    const { proxy, transport, behind } = await openBoth();
    behind.listener = () => proxy.breakOff();
    expect(await transport.send(envelopeOf())).toMatchObject({ phase: "answer" });
    behind.listener = accept;
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    await sleep(10);
    behind.listener = () => proxy.breakOff();
    expect(await transport.send(envelopeOf())).toMatchObject({ phase: "reused" });
  });

  it("leaves no socket behind", async () => {
    const { proxy, server, transport } = await openBoth({ idleTimeoutMillis: 50 });
    await Promise.all(Array.from({ length: 5 }, () => transport.send(envelopeOf())));
    await eventually(() => proxy.sockets.size === 0 && server.sockets.size === 0);
    expect(transport.counts().connectionsOpen).toBe(0);
  });
});

describe("an http server behind a proxy", () => {
  it("gets requests with the absolute URL, over kept connections", async () => {
    const proxy = await openProxy();
    const transport = openTransport("http://key@ingest.example:8080/base/7", {
      proxy: urlOf(proxy),
    });
    await times(3, async () => {
      expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    });
    const url = "http://ingest.example:8080/base/api/7/envelope/";
    expect(proxy.forwarded).toEqual([url, url, url]);
    expect(proxy.tunnels).toEqual([]);
    expect(proxy.opened()).toBe(1);
  });

  it("is reached through a proxy over TLS as well", async () => {
    const proxy = await openProxy(createHttpsServer(TLS));
    const transport = openTransport("http://key@ingest.example/7", {
      caCerts,
      proxy: urlOf(proxy, "https"),
    });
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    expect(proxy.forwarded).toEqual(["http://ingest.example/api/7/envelope/"]);
  });

  it("cannot be reached if the proxy requires other credentials", async () => {
    const proxy = await openProxy();
    const transport = openTransport("http://key@ingest.example/7", {
      proxy: `http://localhost:${proxy.port}`,
    });
    expect(await transport.send(envelopeOf())).toMatchObject({
      phase: "refused",
      error: { message: expect.stringMatching(/^the proxy localhost:\d+ requires credentials/) },
    });
  });
});

describe("a proxy that does not let through", () => {
  it.each([
    [403, "refused", /HTTP 403/],
    [405, "refused", /HTTP 405/],
    [502, "connect", /HTTP 502/],
    [503, "connect", /HTTP 503/],
    [504, "connect", /HTTP 504/],
    [429, "connect", /HTTP 429/],
  ])("says so: HTTP %i is `%s`", async (status, phase, message) => {
    const { proxy, transport } = await openBoth();
    proxy.refuse = status;
    const result = await transport.send(envelopeOf());
    expect(result).toMatchObject({ outcome: "retryable", phase });
    expect("error" in result && result.error.message).toMatch(message);
    proxy.refuse = 0;
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    await eventually(() => proxy.sockets.size === 1);
  });

  it.each([
    ["me:wrong@", /refuses the credentials in its URL \(HTTP 407\)/],
    ["", /requires credentials \(HTTP 407\)/],
  ])("says what it wants of %j", async (credentials, message) => {
    const { proxy, transport } = await openBoth();
    await transport.close();
    const other = openTransport("https://key@localhost:1/1", {
      proxy: `http://${credentials}localhost:${proxy.port}`,
    });
    const result = await other.send(envelopeOf());
    expect(result).toMatchObject({ outcome: "retryable", phase: "refused" });
    expect("error" in result && result.error.message).toMatch(message);
  });

  it.each([
    ["is not there", undefined],
    ["hangs up", (socket: Socket) => socket.destroy()],
    ["does not speak HTTP", (socket: Socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n\r\n")],
    ["talks without an end", (socket: Socket) => socket.write("x".repeat(20_000))],
    ["never answers", (socket: Socket) => socket.resume()],
  ])("is `connect` when it %s", async (_kind, serve) => {
    const proxy = await listening(createTcpServer(serve));
    if (serve === undefined) await proxy.close();
    const transport = openTransport("https://key@localhost:1/1", {
      proxy: urlOf(proxy),
      connectTimeoutMillis: 200,
    });
    const { result, millis } = await ownTime(() => transport.send(envelopeOf()));
    expect(result).toMatchObject({ outcome: "retryable", phase: "connect" });
    expect(millis).toBeLessThan(1000);
    await transport.close();
    expect(inspect(result, { depth: 10, showHidden: true })).not.toMatch(SECRET);
  });
});
