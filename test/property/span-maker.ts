import type { Context, Span } from "@opentelemetry/api";

import type { SpanFact } from "./facts.js";
import type { Ledger } from "./ledger.js";
import { DROP_ATTRIBUTE, IGNORED_PREFIX } from "./pipeline.js";
import type { Pipeline } from "./pipeline.js";

/** Starts and ends spans, and enters it in the ledger in the same synchronous stretch. */
export class SpanMaker {
  readonly #pipeline: Pipeline;
  readonly #ledger: Ledger;

  constructor(pipeline: Pipeline, ledger: Ledger) {
    this.#pipeline = pipeline;
    this.#ledger = ledger;
  }

  start(fact: SpanFact, ctx: Context): Span {
    const tracer = this.#pipeline.tracers[fact.second ? 1 : 0];
    const attributes = fact.dropped ? { [DROP_ATTRIBUTE]: true } : {};
    const name = fact.ignored ? IGNORED_PREFIX + fact.label : fact.label;
    const span = tracer.startSpan(name, { kind: fact.kind, attributes }, ctx);
    this.#ledger.startSpan(fact, span.spanContext());
    return span;
  }

  end(fact: SpanFact, span: Span): void {
    this.#ledger.endSpan(fact);
    span.end();
  }
}
