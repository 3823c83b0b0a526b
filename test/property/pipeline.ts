import { SpanKind, TraceFlags, context, propagation, trace } from "@opentelemetry/api";
import type { Attributes, Context, ContextManager, Link, Tracer } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider, SamplingDecision } from "@opentelemetry/sdk-trace-base";
import type { Sampler, SamplingResult, SpanProcessor } from "@opentelemetry/sdk-trace-base";

import { SentrySpanProcessor, createClient, getGlobalScope, setClient } from "../../src/index.js";
import type { SentryClient } from "../../src/index.js";
import { startIngestServer } from "../../src/testing/testing.js";
import type { SamplerKind } from "./analysis.js";

export { SpanKind };

/** Set on the spans that the sampler shall not record. */
export const DROP_ATTRIBUTE = "test.drop";

/** Spans whose names begin with it are ignored. */
export const IGNORED_PREFIX = "ignored:";

/** The tag of the global scope, which every event carries. */
export const GLOBAL_TAG = { everywhere: "yes" };

/** A real pipeline: two providers, each with its processor and client, and a server that takes it all. */
export interface Pipeline {
  readonly tracers: readonly [Tracer, Tracer];
  readonly processors: readonly SentrySpanProcessor[];
  readonly clients: readonly SentryClient[];
  readonly server: Awaited<ReturnType<typeof startIngestServer>>;
  close(): Promise<void>;
}

export interface PipelineOptions {
  readonly sampler?: SamplerKind;
  readonly contextManager?: ContextManager;
  /** Stands between the provider and the processor, to break it. */
  readonly wrap?: (processor: SentrySpanProcessor) => SpanProcessor;
}

/** Builds a pipeline and makes its context manager the process's. */
export async function startPipeline(options: PipelineOptions = {}): Promise<Pipeline> {
  const {
    sampler = "parent",
    contextManager = new AsyncLocalStorageContextManager(),
    wrap,
  } = options;
  context.disable();
  propagation.disable();
  trace.disable();
  contextManager.enable();
  if (!context.setGlobalContextManager(contextManager)) throw new Error("no context manager");
  const server = await startIngestServer();
  const parts = [0, 1].map(() => provide(server.dsn, sampler, wrap));
  const [first, second] = parts;
  if (first === undefined || second === undefined) throw new Error("no providers");
  setClient(first.client);
  getGlobalScope().setTags(GLOBAL_TAG);
  return {
    tracers: [first.tracer, second.tracer],
    processors: parts.map(({ processor }) => processor),
    clients: parts.map(({ client }) => client),
    server,
    async close() {
      await Promise.all(
        parts.map(({ provider, client }) => provider.shutdown().then(() => client.close())),
      );
      await server.close();
      setClient(undefined);
    },
  };
}

function provide(dsn: string, sampler: SamplerKind, wrap: PipelineOptions["wrap"]) {
  const client = createClient({
    dsn,
    ignoreSpans: [new RegExp(`^${IGNORED_PREFIX}`)],
    shutdownTimeoutMillis: 30_000,
    // What has no answer in time is sent again. The server is in this process, so a machine that stalls it for so long would
    // make spans come twice.
    transport: { headersTimeoutMillis: 300_000, totalTimeoutMillis: 300_000 },
    // Programs write outside of units on purpose.
    silent: true,
    // Breadcrumbs are those that the programs add, and errors those that they capture.
    spanBreadcrumbs: false,
    spanExceptions: "none",
  });
  const processor = new SentrySpanProcessor(client);
  const provider = new BasicTracerProvider({
    sampler: new TestSampler(sampler),
    spanProcessors: [wrap === undefined ? processor : wrap(processor)],
  });
  return { client, processor, provider, tracer: provider.getTracer("programs") };
}

class TestSampler implements Sampler {
  readonly #kind: SamplerKind;

  constructor(kind: SamplerKind) {
    this.#kind = kind;
  }

  // The interface names six parameters; the third to fifth are not of interest, the rest is.
  shouldSample(
    ...[ctx, , , , attributes]: [Context, string, string, SpanKind, Attributes, Link[]]
  ): SamplingResult {
    const parent = trace.getSpanContext(ctx);
    const follows = this.#kind === "parent" && parent !== undefined;
    const isDropped = follows
      ? (parent.traceFlags & TraceFlags.SAMPLED) === 0
      : attributes[DROP_ATTRIBUTE] === true;
    return {
      decision: isDropped ? SamplingDecision.NOT_RECORD : SamplingDecision.RECORD_AND_SAMPLED,
    };
  }

  toString(): string {
    return `TestSampler(${this.#kind})`;
  }
}
