import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { onTestFinished } from "vitest";

import { SentrySpanProcessor, captureMessage, createClient, setClient } from "../../src/index.js";
import type { ClientOptions, SentryClient } from "../../src/index.js";
import type { ClientAccounting } from "./accounted.js";
import { accountingOf } from "./accounted.js";
import type { FaultServer } from "./kit.js";
import { withThread } from "./sender-thread.js";

/** A whole client with the real OTel SDK in front of it. */
export interface ClientBench {
  readonly client: SentryClient;
  /** Returns their event ids. */
  captureErrors(count: number): string[];
  /** Ends local roots, each with children. */
  captureTransactions(count: number, children?: number): void;
  accounting(): ClientAccounting;
}

/** Opens a client for the length of the test. It is the one of the process. */
export function openClient(server: FaultServer, options: ClientOptions = {}): ClientBench {
  setClient(undefined);
  const client = createClient(withThread({ dsn: server.dsn, ...options }));
  const provider = new BasicTracerProvider({ spanProcessors: [new SentrySpanProcessor(client)] });
  const tracer = provider.getTracer("test");
  onTestFinished(async () => {
    await provider.shutdown();
    await client.close(1000);
    setClient(undefined);
  });
  const captured = { error: 0, transaction: 0, span: 0 };
  return {
    client,
    captureErrors(count) {
      captured.error += count;
      return Array.from({ length: count }, (_, index) => captureMessage(`error ${index}`));
    },
    captureTransactions(count, children = 2) {
      captured.transaction += count;
      captured.span += count * (children + 1);
      for (let index = 0; index < count; index++) {
        const root = tracer.startSpan(`GET /${index}`, {}, ROOT_CONTEXT);
        const inside = trace.setSpan(ROOT_CONTEXT, root);
        for (let child = 0; child < children; child++)
          tracer.startSpan(`child ${child}`, {}, inside).end();
        root.end();
      }
    },
    accounting: () => accountingOf(client.stats(), captured),
  };
}
