import { expect, it } from "vitest";

import { encodeEnvelope } from "../../src/protocol/envelope.js";
import { createMemoryTransport } from "../../src/testing/memory-transport.js";

function errorEnvelope(message: string): ReturnType<typeof encodeEnvelope> {
  return encodeEnvelope({
    category: "error",
    itemType: "event",
    payload: JSON.stringify({ message }),
    headerJson: "",
    contents: [],
  });
}

it("keeps a copy: what happens to the bytes later does not change it", async () => {
  const transport = createMemoryTransport();
  const envelope = errorEnvelope("kept");
  await transport.send(envelope);
  envelope.body.fill(0);
  expect(transport.errors()).toEqual([{ message: "kept" }]);
});

it("keeps only what it delivers", async () => {
  const limits = { rateLimits: undefined, retryAfter: undefined };
  const transport = createMemoryTransport({
    respond: async ({ items }) =>
      JSON.stringify(items[0]?.json()).includes("good")
        ? { outcome: "delivered", statusCode: 200, limits }
        : { outcome: "rejected", statusCode: 500, limits },
  });
  await Promise.all(
    ["good", "bad", "good as well"].map((message) => transport.send(errorEnvelope(message))),
  );
  expect(transport.errors().map(({ message }) => message)).toEqual(["good", "good as well"]);
});

it("answers a malformed envelope as a server does, and keeps the fault", async () => {
  const transport = createMemoryTransport();
  const envelope = errorEnvelope("cut off");
  expect(await transport.send({ ...envelope, body: envelope.body.subarray(0, -5) })).toMatchObject({
    outcome: "rejected",
    statusCode: 400,
  });
  expect(transport.faults.map(String)).toEqual([expect.stringContaining("malformed envelope")]);
});

it("forgets on demand", async () => {
  const transport = createMemoryTransport();
  await transport.send(errorEnvelope("gone"));
  transport.clear();
  expect(transport.envelopes).toEqual([]);
  expect(transport.transactions()).toEqual([]);
});
