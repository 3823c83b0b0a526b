import { ROOT_CONTEXT, context, defaultTextMapGetter, trace } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";

import { SentryPropagator } from "../../src/index.js";
import type { NodeFacts, RequestFacts } from "./analysis.js";
import { headersOf } from "./carriers.js";
import type { Coverage } from "./coverage.js";
import type { Ledger } from "./ledger.js";
import type { SpanMaker } from "./span-maker.js";
import type { Block, ByIds, Request, Reread } from "./syntax.js";

const sentry = new SentryPropagator();
const w3c = new W3CTraceContextPropagator();

/** What it takes to run blocks in contexts that were made by hand. */
export interface OddContextsDependencies {
  readonly ledger: Ledger;
  readonly coverage: Coverage;
  readonly spans: SpanMaker;
  readonly run: (block: Block, signal: AbortSignal | undefined) => Promise<void>;
}

/** Runs requests, and what stands under parents that are known by their ids alone or headers that are read again. */
export class OddContexts {
  readonly #parts: OddContextsDependencies;

  constructor(parts: OddContextsDependencies) {
    this.#parts = parts;
  }

  /** Only while the segment is open: afterwards, time decides. A span of its own keeps it open for the body. */
  async byIds(node: ByIds, facts: NodeFacts, signal: AbortSignal | undefined): Promise<void> {
    const { ledger, coverage, spans, run } = this.#parts;
    const { holder } = facts;
    if (holder?.segment === undefined) return run(node.body, signal);
    const active = trace.getActiveSpan();
    if (active === undefined || !ledger.segments.isOpen(holder.segment)) return;
    const span = spans.start(holder, context.active());
    const base = node.base === "root" ? ROOT_CONTEXT : context.active();
    coverage.byIds(ledger, holder, node.body);
    try {
      await context.with(trace.setSpanContext(base, { ...active.spanContext() }), () =>
        run(node.body, signal),
      );
    } finally {
      spans.end(holder, span);
    }
  }

  /** Reads headers again that are those of the request which the place is in. */
  reread(node: Reread, facts: NodeFacts, signal: AbortSignal | undefined): Promise<void> {
    const { ledger, coverage, run } = this.#parts;
    const own = trace.getSpanContext(context.active());
    const body = (): Promise<void> => run(node.body, signal);
    if (facts.inner === undefined || own === undefined || hasEnded(facts)) return body();
    coverage.count(`headers read again: ${node.names}`);
    const sender = facts.sender && ledger.remotes.get(facts.sender);
    const spanId = node.names === "span" ? own.spanId : sender?.spanId;
    const headers =
      node.names === "nothing" ? {} : { "sentry-trace": `${own.traceId}-${spanId}-1` };
    return context.with(sentry.extract(context.active(), headers, defaultTextMapGetter), body);
  }

  /** Runs an incoming request in the context that its reader makes. */
  request(node: Request, facts: NodeFacts, signal: AbortSignal | undefined): Promise<void> {
    const { ledger, coverage, run } = this.#parts;
    const { request } = facts;
    if (request === undefined) throw new Error("a request without facts");
    const { headers, identity } = headersOf(node);
    if (request.remote !== undefined) ledger.remotes.set(request.remote, identity);
    if (request.unit !== undefined) ledger.forkUnit(request.unit);
    coverage.requested(node, request);
    const active = context.active();
    const reader = request.via === "sentry" ? sentry : w3c;
    const ctx: Context =
      request.via === "none" || (isUnread(request) && hasEnded(facts))
        ? active
        : reader.extract(active, headers, defaultTextMapGetter);
    const body = [...node.before, node.root, ...(node.again === undefined ? [] : [node.again])];
    return context.with(ctx, () => run(body, signal));
  }
}

// Headers that are those of the request around it.
function isUnread({ via, unit }: RequestFacts): boolean {
  return via === "sentry" && unit === undefined;
}

// Behind the end of a span it matters whether that was in a request, and when it ended is not for syntax to say.
function hasEnded({ place: { span } }: NodeFacts): boolean {
  return span?.type === "local" && span.recorded && trace.getActiveSpan()?.isRecording() === false;
}
