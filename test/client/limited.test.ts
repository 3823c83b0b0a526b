import { expect, it } from "vitest";

import { captureMessage } from "../../src/index.js";
import type { ClientOptions } from "../../src/index.js";
import { createMemoryTransport } from "../../src/testing/testing.js";
import { startBridge } from "./bridge.js";

const LIMITED = createMemoryTransport({
  respond: () => ({
    outcome: "delivered",
    statusCode: 200,
    limits: { rateLimits: "60:transaction:organization", retryAfter: undefined },
  }),
});

it("a rate-limited transaction is counted without being encoded", async () => {
  const seen: (string | undefined)[] = [];
  const beforeSendTransaction: ClientOptions["beforeSendTransaction"] = (event) => {
    seen.push(event.transaction);
    return event;
  };
  const { tracer, client, ...bridge } = startBridge({ transport: LIMITED, beforeSendTransaction });
  tracer.startSpan("first").end();
  await bridge.flushed();
  const root = tracer.startSpan("second");
  root.end();
  captureMessage("errors still flow");
  await client.flush();
  expect(seen).toEqual(["first"]);
  expect(client.stats()).toMatchObject({
    transactions: { sent: 1, dropped: { ratelimit_backoff: 1 } },
    spans: { sent: 1, dropped: { ratelimit_backoff: 1 } },
    errors: { sent: 1 },
  });
});
