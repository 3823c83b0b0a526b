import { createServer } from "node:net";

import { describe, expect, it } from "vitest";

import { DeadlineWatch } from "../../../src/delivery/http/deadline-watch.js";
import type { SendResult } from "../../../src/delivery/transport.js";
import { ownTime } from "../../time/measure.js";
import { openHttp, openTransport } from "./http-support.js";
import { OK, block, listening, rawServer } from "./http-servers.js";
import { manualTimers } from "../../time/manual-timers.js";
import { envelopeOf } from "../support.js";
import { eventually } from "../../time/wait-for.js";

function openWatch() {
  const timers = manualTimers();
  const due: number[] = [];
  const deadlines = new Set<number>();
  const watch = new DeadlineWatch({
    timers,
    now: () => timers.now(),
    onDue(now) {
      due.push(now);
      for (const deadline of deadlines) if (deadline <= now) deadlines.delete(deadline);
      return Math.min(Number.POSITIVE_INFINITY, ...deadlines);
    },
  });
  const add = (deadline: number): void => {
    deadlines.add(deadline);
    watch.add(deadline);
  };
  return { timers, due, watch, add };
}

const isLate = { outcome: "retryable", phase: "timeout" };

describe("a deadline passes at its millisecond and not before:", () => {
  it.each([
    ["headers", 15_000, {}],
    ["headers, as set", 250, { headersTimeoutMillis: 250 }],
    ["total", 30_000, { headersTimeoutMillis: 60_000 }],
  ])("%s", async (_kind, millis, settings) => {
    const timers = manualTimers();
    const steadyNow = (): number => timers.now();
    const { server, transport } = await openHttp({ timers, steadyNow, ...settings });
    server.respondWith("stall");
    let result: SendResult | undefined;
    void transport.send(envelopeOf()).then((outcome) => (result = outcome));
    await server.waitFor(({ requests }) => requests === 1, 5000);
    await timers.advance(millis - 1);
    expect(result).toBeUndefined();
    await timers.advance(1);
    expect(result).toMatchObject(isLate);
  });
});

describe("a deadline frees the slot:", () => {
  it("headers", async () => {
    const { server, transport } = await openHttp({ maxConnections: 1, headersTimeoutMillis: 200 });
    server.respondWith("stall", "once");
    const { result, millis } = await ownTime(() => transport.send(envelopeOf()));
    expect(result).toMatchObject(isLate);
    expect(millis).toBeLessThan(900);
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
  });

  it("headers, over a kept connection", async () => {
    const { server, transport } = await openHttp({ maxConnections: 1, headersTimeoutMillis: 200 });
    await transport.send(envelopeOf());
    server.respondWith("stall", "once");
    const { result, millis } = await ownTime(() => transport.send(envelopeOf()));
    expect(result).toMatchObject(isLate);
    expect(millis).toBeLessThan(900);
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
  });

  it("total, where it is shorter", async () => {
    const timers = manualTimers();
    const steadyNow = (): number => timers.now();
    const limits = { maxConnections: 1, totalTimeoutMillis: 1000 };
    const { server, transport } = await openHttp({ ...limits, timers, steadyNow });
    server.respondWith("stall");
    const sends = [transport.send(envelopeOf()), transport.send(envelopeOf())];
    await server.waitFor(({ requests }) => requests === 1, 5000);
    await timers.advance(1000);
    const [first, second] = await Promise.all(sends);
    expect(first).toMatchObject(isLate);
    expect(second).toMatchObject({ outcome: "retryable", phase: "connect" });
    expect(server.requests).toBe(1);
  });

  it("connect, when nothing comes of the handshake", async () => {
    const server = await listening(createServer((socket) => socket.resume()));
    const transport = openTransport(`https://key@localhost:${server.port}/1`, {
      maxConnections: 1,
      connectTimeoutMillis: 200,
    });
    const sends = [
      ownTime(() => transport.send(envelopeOf())),
      ownTime(() => transport.send(envelopeOf())),
    ];
    const [first, second] = await Promise.all(sends);
    expect(first?.millis).toBeLessThan(900);
    expect(second?.millis).toBeLessThan(1200);
    await eventually(() => server.sockets.size === 0);
  });

  it("headers, when the server reads a large body too slowly", async () => {
    const server = await listening(createServer((socket) => socket.pause()));
    const transport = openTransport(server.dsn, {
      headersTimeoutMillis: 200,
      gzipThresholdBytes: 1e9,
    });
    const large = envelopeOf("error", { payloadBytes: 16_000_000 });
    const { result, millis } = await ownTime(() => transport.send(large));
    expect(result).toMatchObject(isLate);
    expect(millis).toBeLessThan(900);
    await eventually(() => transport.counts().connectionsOpen === 0);
  });

  it("body, for a server that sends it in drips", async () => {
    const server = await rawServer((socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n");
      const drip = setInterval(() => socket.write("x"), 10);
      socket.once("close", () => clearInterval(drip));
    });
    const transport = openTransport(server.dsn, { bodyTimeoutMillis: 200 });
    const { millis } = await ownTime(async () => {
      expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
      await eventually(() => server.sockets.size === 0);
    });
    expect(millis).toBeLessThan(900);
  });

  it("idle, also of a server that would keep the connection for ever", async () => {
    const server = await rawServer((socket) => void socket.write(OK));
    const transport = openTransport(server.dsn, { idleTimeoutMillis: 100 });
    await transport.send(envelopeOf());
    expect(transport.counts().connectionsOpen).toBe(1);
    await eventually(() => server.sockets.size === 0);
  });
});

it("a response that arrived while the event loop was blocked counts, although its deadline has passed", async () => {
  const server = await rawServer((socket) => {
    socket.write(OK);
    block(300);
  });
  const transport = openTransport(server.dsn, { headersTimeoutMillis: 100 });
  expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
});

describe("the watch over deadlines", () => {
  it("has one timer, whatever the number of deadlines", async () => {
    const { timers, due, add } = openWatch();
    for (const deadline of [100, 50, 70, 100, 200]) add(deadline);
    expect(timers.pending).toBe(1);
    for (const _ of Array.from({ length: 25 })) await timers.advance(10);
    expect(due).toEqual([50, 70, 100, 200]);
    expect(timers.pending).toBe(0);
  });

  it("has none once it is stopped", () => {
    const { timers, watch, add } = openWatch();
    add(100);
    watch.stop();
    expect(timers.pending).toBe(0);
  });
});
