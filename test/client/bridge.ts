import { DiagLogLevel, ROOT_CONTEXT, context, diag, trace } from "@opentelemetry/api";
import type { Context, Span, SpanOptions, Tracer } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { Resource } from "@opentelemetry/resources";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import type {
  IdGenerator,
  Sampler,
  SpanLimits,
  SpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { onTestFinished } from "vitest";

import type { BridgeClient } from "../../src/setup/bridge-client.js";
import { SentrySpanProcessor, setClient } from "../../src/index.js";
import type { ClientOptions, SendResult } from "../../src/index.js";
import { createClient } from "../../src/setup/create-client.js";
import type { MemoryTransport } from "../../src/testing/memory-transport.js";
import type { ReceivedTransaction } from "../../src/testing/received.js";
import {
  assertAccounted,
  assertSettled,
  createMemoryTransport,
} from "../../src/testing/testing.js";
import { validSpanId } from "../../src/trace/span.js";
import { expectValidTransactions } from "../protocol/transaction-rules.js";

// As every set-up has one: without it, the bridge says so.
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

/** How a pipeline is set up for a test. */
export interface BridgeSetup {
  readonly idGenerator?: IdGenerator;
  readonly sampler?: Sampler;
  readonly resource?: Resource;
  readonly spanLimits?: SpanLimits;
  /** Processors beside ours, before it and after it. */
  readonly before?: readonly SpanProcessor[];
  readonly after?: readonly SpanProcessor[];
  /** The test leaves spans open on purpose: they are accounted for, but not settled. */
  readonly leavesOpen?: boolean;
  /** False where the generator gives ids twice: then a server cannot tell spans apart. */
  readonly areIdsUnique?: boolean;
}

/** A real SDK with the bridge in it, and all that it sends. */
export interface Bridge {
  readonly client: BridgeClient;
  readonly processor: SentrySpanProcessor;
  readonly provider: BasicTracerProvider;
  readonly tracer: Tracer;
  readonly transport: MemoryTransport;
  /** What was said by OTel's `diag`, at the level `warn` or above. */
  readonly warnings: readonly string[];
  /** Starts a child of the span. */
  child(parent: Span, name?: string, options?: SpanOptions): Span;
  /** Flushes; all transactions that have arrived so far. */
  flushed(): Promise<ReceivedTransaction[]>;
  /** Makes a span id known as a parent: it was started by hand, or is remote. */
  know(spanId: string): void;
}

/** Results of a transport. */
export const FAILED: SendResult = { outcome: "retryable", error: new Error("no server") };
export const DELIVERED: SendResult = {
  outcome: "delivered",
  statusCode: 200,
  limits: { rateLimits: undefined, retryAfter: undefined },
};

export const DSN = "https://0123456789abcdef0123456789abcdef@o7.ingest.example.com/42";

/**
 * Starts a pipeline with a client of its own. When the test has finished it is shut down; every span
 * must be accounted for, and all that was sent must obey Relay's rules.
 */
export function startBridge(options: ClientOptions = {}, setup: BridgeSetup = {}): Bridge {
  setClient(undefined);
  const warnings = collectWarnings();
  const transport = createMemoryTransport();
  const client = createClient({ dsn: DSN, transport, ...options });
  const processor = new SentrySpanProcessor(client);
  const known = new Set<string>();
  const { before = [], after = [], ...config } = setup;
  const provider = new BasicTracerProvider({
    resource: setup.resource ?? resourceFromAttributes({ "service.name": "shop" }),
    ...pickConfig(config),
    spanProcessors: [witness(known), ...before, processor, ...after],
  });
  const tracer = provider.getTracer("test", "1.2.3");
  onTestFinished(async () => {
    await provider.shutdown();
    await client.close();
    diag.disable();
    setClient(undefined);
    if (setup.leavesOpen === true) assertAccounted(client);
    else assertSettled(client);
    expectRead(transport);
    expectValidTransactions(transport.envelopes, {
      knownParents: known,
      areIdsUnique: setup.areIdsUnique ?? true,
    });
  });
  return {
    client,
    processor,
    provider,
    tracer,
    transport,
    warnings,
    child: (parent, name = "child", spanOptions = {}) =>
      tracer.startSpan(name, spanOptions, contextOf(parent)),
    flushed: async () => {
      await client.flush();
      return transport.transactions();
    },
    know: (spanId) => void known.add(spanId),
  };
}

/** Asserts that the server could read all that it was sent. */
function expectRead(transport: MemoryTransport): void {
  if (transport.faults.length > 0) throw new Error(transport.faults.join("; "));
}

function pickConfig({ idGenerator, sampler, spanLimits }: BridgeSetup): object {
  const config = { idGenerator, sampler, spanLimits };
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

/** What reaches `diag` as a warning or an error until the test has finished. */
function collectWarnings(): string[] {
  const warnings: string[] = [];
  const keep = (message: string): void => void warnings.push(message);
  diag.setLogger(
    { error: keep, warn: keep, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true },
  );
  return warnings;
}

function ignore(): void {}

// Notes the ids of all spans and of their parents: those may be named as parents.
function witness(known: Set<string>): SpanProcessor {
  return {
    onStart(span) {
      known.add(validSpanId(span.spanContext().spanId));
      if (span.parentSpanContext !== undefined)
        known.add(validSpanId(span.parentSpanContext.spanId));
    },
    onEnd: ignore,
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
}

/** A context in which the span is active. */
export function contextOf(span: Span, ctx: Context = ROOT_CONTEXT): Context {
  return trace.setSpan(ctx, span);
}
