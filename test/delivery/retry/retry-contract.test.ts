import { createMemoryTransport } from "../../../src/testing/memory-transport.js";
import { createRetryTransport } from "../../../src/delivery/retry/retry-transport.js";
import type { SendResult } from "../../../src/delivery/transport.js";
import { httpBench } from "../http/http-support.js";
import { answered } from "./retry-bench.js";
import { DELIVERED } from "../support.js";
import { describeTransport } from "../transport-contract.js";

describeTransport("the retry transport over the memory transport", async () => {
  let respond: (() => SendResult) | undefined;
  const inner = createMemoryTransport({ respond: () => respond?.() ?? DELIVERED });
  const transport = createRetryTransport({ transport: inner });
  return {
    transport,
    received: () => inner.envelopes,
    answerWith(statusCode, rateLimits) {
      const result = answered(statusCode);
      respond = () =>
        result.outcome === "retryable"
          ? result
          : { ...result, limits: { rateLimits, retryAfter: undefined } };
    },
    breakDown() {
      respond = () => {
        throw new Error("no response");
      };
    },
    dispose: () => transport.close(),
  };
});

describeTransport("the retry transport over the HTTP transport", async () => {
  const { server, transport: inner, dispose } = await httpBench();
  const transport = createRetryTransport({ transport: inner });
  return {
    transport,
    received: () => server.envelopes,
    async dispose() {
      await transport.close();
      await dispose();
    },
    answerWith(status, rateLimits) {
      server.respondWith({
        status,
        ...(rateLimits === undefined ? {} : { headers: { "x-sentry-rate-limits": rateLimits } }),
      });
    },
    breakDown() {
      server.respondWith("reset");
    },
  };
});
