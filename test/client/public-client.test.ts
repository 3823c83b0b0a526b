import { expect, it } from "vitest";

import { SentrySpanProcessor, createClient, getClient, setClient } from "../../src/index.js";
import type { SentryClient } from "../../src/index.js";
import { createMemoryTransport } from "../../src/testing/testing.js";
import { DSN } from "./bridge.js";

it.each([
  { given: DSN, shown: DSN },
  { given: false as const, shown: undefined },
])("a client names the DSN that it was configured with: $given", async ({ given, shown }) => {
  const client: SentryClient = createClient({ dsn: given, transport: createMemoryTransport() });
  expect(client.dsn).toBe(shown);
  expect(client.isClosed).toBe(false);
  await expect(client.close()).resolves.toBe(true);
  expect(client.isClosed).toBe(true);
});

it("the client that is set is the one that `getClient` returns and that a processor flushes", async () => {
  const transport = createMemoryTransport();
  const client = createClient({ dsn: DSN, transport });
  setClient(client);
  expect(getClient()).toBe(client);
  const processor = new SentrySpanProcessor(client);
  await processor.forceFlush();
  await processor.shutdown();
  expect(client.isClosed).toBe(false);
  await client.close();
  setClient(undefined);
});
