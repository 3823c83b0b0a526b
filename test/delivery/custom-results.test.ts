import { describe, expect, it, onTestFinished } from "vitest";

import type { SendResult } from "../../src/index.js";
import { startBridge } from "../client/bridge.js";

const LIMITS = { rateLimits: undefined, retryAfter: undefined };
const UNUSABLE: Readonly<Record<string, unknown>> = {
  "no object": "delivered",
  "no limits": { outcome: "delivered", statusCode: 200 },
  "limits that are null": { outcome: "delivered", statusCode: 200, limits: null },
  "a rate limit that is a number": {
    outcome: "delivered",
    statusCode: 200,
    limits: { ...LIMITS, rateLimits: 5 },
  },
  "no status": { outcome: "rejected", limits: LIMITS },
  "an outcome of this package's own": { outcome: "unsent" },
  "an unknown outcome": { outcome: "lost", statusCode: 200, limits: LIMITS },
  "a getter that throws": {
    get outcome(): never {
      throw new Error("no outcome");
    },
  },
};

function startWith(send: () => Promise<SendResult>): ReturnType<typeof startBridge> {
  const bridge = startBridge({ transport: { send, close: async () => {} } });
  onTestFinished(async () => void (await bridge.client.close()));
  return bridge;
}

describe("a custom transport that resolves to", () => {
  it.each(Object.entries(UNUSABLE))(
    "%s loses the envelope, and it is counted",
    async (_, result) => {
      const bridge = startWith(() => Promise.resolve(result as SendResult));
      bridge.tracer.startSpan("root").end();
      expect(await bridge.client.flush(5000)).toBe(true);
      expect(bridge.client.stats().transactions.dropped).toEqual({ internal_sdk_error: 1 });
    },
  );
});

it("a custom transport that throws at once delays neither `flush` nor `close`", async () => {
  const bridge = startWith(() => {
    throw new Error("broken");
  });
  bridge.tracer.startSpan("root").end();
  const start = performance.now();
  expect(await bridge.client.flush(20_000)).toBe(true);
  expect(await bridge.client.close(20_000)).toBe(true);
  expect(performance.now() - start).toBeLessThan(10_000);
});
