import { ROOT_CONTEXT, context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { expect, it } from "vitest";

import { SentrySpanProcessor, createClient, setClient } from "../../src/index.js";
import { createMemoryTransport } from "../../src/testing/testing.js";

const SEGMENTS = 1000;

it("a flush or close that comes while another runs leaves nothing behind", async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const client = createClient({
    dsn: "http://key@127.0.0.1:9/1",
    transport: createMemoryTransport(),
    shutdownTimeoutMillis: 60_000,
  });
  setClient(undefined);
  const processor = new SentrySpanProcessor(client);
  const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer("test");
  for (let segment = 0; segment < SEGMENTS; segment++) {
    const root = tracer.startSpan("root", {}, ROOT_CONTEXT);
    tracer.startSpan("child", {}, trace.setSpan(ROOT_CONTEXT, root)).end();
  }
  const flushes = [processor.forceFlush(), client.flush(), processor.forceFlush()];
  expect(await client.close()).toBe(true);
  await Promise.all(flushes);
  expect(client.stats().spans).toMatchObject({ sent: SEGMENTS, dropped: {}, open: SEGMENTS });
});
