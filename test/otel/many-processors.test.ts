import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { SpanProcessor } from "@opentelemetry/sdk-trace-base";
import { expect, it } from "vitest";

import { SentrySpanExporter, SentrySpanProcessor, createClient } from "../../src/index.js";
import type { SentryClient } from "../../src/index.js";
import { createMemoryTransport } from "../../src/testing/testing.js";
import { collectGarbage } from "../client/collect-garbage.js";

const KINDS: Record<string, (client: SentryClient) => SpanProcessor> = {
  processors: (client) => new SentrySpanProcessor(client),
  exporters: (client) => new SimpleSpanProcessor(new SentrySpanExporter(client)),
};

it.each(Object.entries(KINDS))(
  "%s that were shut down are collected while their client is used, and still counted",
  async (_kind, create) => {
    const client = createClient({
      dsn: "https://key@sentry.invalid/1",
      transport: createMemoryTransport(),
    });
    const ended: WeakRef<object>[] = [];
    for (let count = 0; count < 20; count++) {
      const processor = create(client);
      const provider = new BasicTracerProvider({ spanProcessors: [processor] });
      provider.getTracer("test").startSpan("work").end();
      await provider.shutdown();
      ended.push(new WeakRef(processor));
    }
    await collectGarbage();

    const alive = ended.filter((each) => each.deref() !== undefined);
    expect(alive.length).toBeLessThanOrEqual(2);
    expect(client.stats().spans).toMatchObject({ started: 20, sent: 20, open: 0, buffered: 0 });
    await client.close();
  },
);
