import { expect, it } from "vitest";

import { ownTime } from "../../time/measure.js";
import { openHttp } from "./http-support.js";
import { sleep } from "./http-servers.js";
import { envelopeOf } from "../support.js";
import { eventually } from "../../time/wait-for.js";

it("bodies that never arrive delay no later send: 200 stalls, then 10 of 10 within a second", async () => {
  const { server, transport } = await openHttp({ maxConnections: 32 });
  server.respondWith("stall_body");
  const stalled = await Promise.all(
    Array.from({ length: 200 }, () => transport.send(envelopeOf())),
  );
  expect(stalled.every(({ outcome }) => outcome === "delivered")).toBe(true);
  expect(transport.counts().connectionsOpen).toBeLessThanOrEqual(33);
  server.respondNormally();
  const { result: later, millis } = await ownTime(() =>
    Promise.all(Array.from({ length: 10 }, () => transport.send(envelopeOf()))),
  );
  expect(later.every(({ outcome }) => outcome === "delivered")).toBe(true);
  expect(millis).toBeLessThan(1000);
  await transport.close();
  expect(transport.counts().connectionsOpen).toBe(0);
});

it("a stalled body is given up when a send waits, and not earlier", async () => {
  const { server, transport } = await openHttp({ maxConnections: 2, bodyTimeoutMillis: 60_000 });
  server.respondWith("stall_body");
  await transport.send(envelopeOf());
  server.respondNormally();
  await transport.send(envelopeOf());
  await sleep(50);
  expect(transport.counts()).toMatchObject({ connectionsOpened: 2, connectionsOpen: 2 });
  server.respondWith({ delayMillis: 50 });
  await Promise.all([transport.send(envelopeOf()), transport.send(envelopeOf())]);
  expect(transport.counts().connectionsOpened).toBe(3);
});

it("when a silent server answers again, all slots are free and no socket is left", async () => {
  const { server, transport } = await openHttp({ maxConnections: 8, headersTimeoutMillis: 1000 });
  server.respondWith("stall");
  const sends = Array.from({ length: 24 }, () => transport.send(envelopeOf()));
  const failed = await Promise.all(sends);
  expect(failed.every(({ outcome }) => outcome === "retryable")).toBe(true);
  await eventually(() => transport.counts().connectionsOpen === 0);
  server.respondNormally();
  const later = await Promise.all(Array.from({ length: 10 }, () => transport.send(envelopeOf())));
  expect(later.every(({ outcome }) => outcome === "delivered")).toBe(true);
});
