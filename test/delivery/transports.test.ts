import { createMemoryTransport } from "../../src/testing/memory-transport.js";
import type { SendResult } from "../../src/delivery/transport.js";
import { httpBench } from "./http/http-support.js";
import { DELIVERED } from "./support.js";
import { describeTransport } from "./transport-contract.js";

describeTransport("the memory transport", async () => {
  let respond: (() => SendResult) | undefined;
  const transport = createMemoryTransport({ respond: () => respond?.() ?? DELIVERED });
  return {
    transport,
    received: () => transport.envelopes,
    answerWith(statusCode, rateLimits) {
      const limits = { rateLimits, retryAfter: undefined };
      respond = () => {
        if (statusCode === 429) return { outcome: "limited", statusCode, limits };
        return { outcome: statusCode < 300 ? "delivered" : "rejected", statusCode, limits };
      };
    },
    breakDown() {
      respond = () => {
        throw new Error("no response");
      };
    },
    dispose: () => transport.close(),
  };
});

describeTransport("the HTTP transport", async () => {
  const { server, transport, dispose } = await httpBench();
  return {
    transport,
    dispose,
    received: () => server.envelopes,
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
