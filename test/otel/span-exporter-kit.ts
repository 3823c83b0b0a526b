import { diag } from "@opentelemetry/api";
import { onTestFinished } from "vitest";

import type { BridgeClient } from "../../src/setup/bridge-client.js";
import { SentrySpanExporter, setClient } from "../../src/index.js";
import type { ClientOptions } from "../../src/index.js";
import { createClient } from "../../src/setup/create-client.js";
import type { ExportOutcome } from "../../src/otel/span-exporter.js";
import type {
  MemoryTransport,
  MemoryTransportOptions,
} from "../../src/testing/memory-transport.js";
import type { ReceivedTransaction } from "../../src/testing/received.js";
import { assertSettled, createMemoryTransport } from "../../src/testing/testing.js";
import type { FinishedSpan } from "../../src/trace/span.js";
import { validSpanId } from "../../src/trace/span.js";
import { DSN } from "../client/bridge.js";
import { expectValidTransactions } from "../protocol/transaction-rules.js";
import { spanOf } from "../spans/hand-made-span.js";
import type { SpanChanges } from "../spans/hand-made-span.js";

/** An exporter with a client of its own, and all that it sends. */
export interface ExporterBench {
  readonly client: BridgeClient;
  readonly exporter: SentrySpanExporter;
  readonly transport: MemoryTransport;
  /** Exports one batch. Throws unless the callback was called exactly once. */
  export(...spans: readonly FinishedSpan[]): ExportOutcome;
  /** Makes a span, which is exported by another way, known as a parent. */
  readonly know: (span: FinishedSpan) => void;
  /** Flushes; all transactions that have arrived so far. */
  flushed(): Promise<ReceivedTransaction[]>;
}

export interface ExporterSetup {
  readonly respond?: MemoryTransportOptions["respond"];
  /** False where the test gives ids twice. */
  readonly areIdsUnique?: boolean;
  /** Spans that the test exports by other ways, or never: they may be named as parents. */
  readonly known?: readonly FinishedSpan[];
}

/**
 * Starts an exporter. When the test has finished it is shut down; every span must be accounted for,
 * nothing may be left, and all that was sent must obey Relay's rules.
 */
export function startExporter(
  options: ClientOptions = {},
  setup: ExporterSetup = {},
): ExporterBench {
  setClient(undefined);
  diag.disable();
  const { respond, areIdsUnique = true } = setup;
  const transport = createMemoryTransport(respond === undefined ? {} : { respond });
  const client = createClient({ dsn: DSN, transport, ...options });
  const exporter = new SentrySpanExporter(client);
  const known = new Set<string>();
  for (const span of setup.known ?? []) know(known, span);
  onTestFinished(async () => {
    await exporter.shutdown();
    await client.close();
    setClient(undefined);
    assertSettled(client);
    if (transport.faults.length > 0) throw new Error(transport.faults.join("; "));
    expectValidTransactions(transport.envelopes, { knownParents: known, areIdsUnique });
  });
  return {
    client,
    exporter,
    transport,
    know: (span) => know(known, span),
    export(...spans) {
      for (const span of spans) know(known, span);
      const outcomes: ExportOutcome[] = [];
      exporter.export(spans, (outcome) => void outcomes.push(outcome));
      const [outcome] = outcomes;
      if (outcome === undefined || outcomes.length > 1)
        throw new Error(`the callback was called ${outcomes.length} times`);
      return outcome;
    },
    async flushed() {
      await exporter.forceFlush();
      return transport.transactions();
    },
  };
}

// A hostile span is known by what can be read of it.
function know(known: Set<string>, span: FinishedSpan): void {
  for (const read of [() => span.spanContext().spanId, () => span.parentSpanContext?.spanId]) {
    try {
      const id = read();
      if (id !== undefined) known.add(validSpanId(id));
    } catch {
      // It names no parent then.
    }
  }
}

/** A finished child of a finished span. */
export function childOf(parent: FinishedSpan, changes: SpanChanges = {}): FinishedSpan {
  const { traceId, spanId } = parent.spanContext();
  return spanOf({ traceId, parentSpanId: spanId, name: "child", ...changes });
}

/** Why a transaction goes without its root; undefined for a root's own. */
export function reasonOf(transaction: ReceivedTransaction | undefined): unknown {
  return transaction?.contexts.trace?.data?.["otel_sentry_bridge.continuation"];
}

/** Ids of all spans of these transactions. */
export function idsOf(transactions: readonly ReceivedTransaction[]): string[] {
  return transactions.flatMap(({ contexts, spans }) => [
    contexts.trace?.span_id ?? "",
    ...spans.map((span) => span.span_id),
  ]);
}
