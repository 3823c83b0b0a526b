import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import type { Span, Tracer } from "@opentelemetry/api";
import { SpanStatusCode } from "@opentelemetry/api";
import { expect, it, onTestFinished } from "vitest";

import {
  SentrySpanProcessor,
  captureCheckIn,
  captureException,
  createClient,
  setClient,
  withMonitor,
} from "../../src/index.js";
import type { SentryClient } from "../../src/index.js";
import type { IngestServer } from "../../src/testing/ingest-server.js";
import { assertAccounted, startIngestServer } from "../../src/testing/testing.js";
import { withThread } from "./sender-thread.js";

const LIMITED = { headers: { "x-sentry-rate-limits": "60:transaction:organization" } };

interface Bench {
  readonly server: IngestServer;
  readonly client: SentryClient;
  readonly tracer: Tracer;
}

/** A client whose first transaction is answered with a limit for those that follow. */
async function startLimited(): Promise<Bench> {
  const server = await startIngestServer();
  setClient(undefined);
  const client = createClient(withThread({ dsn: server.dsn }));
  const provider = new BasicTracerProvider({ spanProcessors: [new SentrySpanProcessor(client)] });
  onTestFinished(async () => {
    await provider.shutdown();
    await client.close(1000);
    setClient(undefined);
    await server.close();
  });
  const tracer = provider.getTracer("test");
  server.respondWith(LIMITED, "once");
  tracer.startSpan("before the limit").end();
  await client.flush();
  return { server, client, tracer };
}

function fail(span: Span, error: Error): void {
  span.recordException(error);
  span.setStatus({ code: SpanStatusCode.ERROR }).end();
}

function typesAt({ envelopes }: IngestServer, type: string): number {
  return envelopes.flatMap(({ items }) => items).filter((item) => item.header.type === type).length;
}

it("under a rate limit for transactions, errors and check-ins still arrive", async () => {
  const { server, client, tracer } = await startLimited();
  for (let count = 0; count < 20; count++) {
    tracer.startSpan(`limited ${count}`).end();
    fail(tracer.startSpan(`failing ${count}`), new Error(`recorded ${count}`));
    captureException(new Error(`captured ${count}`));
    captureCheckIn({ monitorSlug: "nightly", status: "ok" });
    await withMonitor("hourly", () => Promise.resolve());
  }
  await client.flush();

  const values = server.errors().map(({ exception }) => exception?.values.at(-1)?.value);
  const expected = ["recorded", "captured"].flatMap((kind) =>
    Array.from({ length: 20 }, (_, count) => `${kind} ${count}`),
  );
  expect(values).toHaveLength(expected.length);
  expect(new Set(values)).toEqual(new Set(expected));
  expect(typesAt(server, "check_in")).toBe(60);
  expect(server.transactions().map(({ transaction }) => transaction)).toEqual(["before the limit"]);
  expect(server.refusals).toEqual([]);
  const { transactions, errors, byCategory } = client.stats();
  expect(transactions).toMatchObject({ sent: 1, dropped: { ratelimit_backoff: 40 } });
  expect(errors).toMatchObject({ captured: 40, sent: 40, dropped: {} });
  expect(byCategory.monitor).toMatchObject({ captured: 60, sent: 60, dropped: {} });
  assertAccounted(client);
});
