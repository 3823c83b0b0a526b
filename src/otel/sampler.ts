import { TraceFlags, isSpanContextValid, trace } from "@opentelemetry/api";
import type { Attributes, Context } from "@opentelemetry/api";

import type { ClientCore } from "../client/client-core.js";
import type { ItemCount } from "../protocol/data-category.js";
import { readContextScopes } from "../context/scope-context.js";
import { createSegmentSampling } from "../spans/root-decision.js";
import type { DecideSegment } from "../spans/root-decision.js";

/** An OTel `SamplingResult`: 0 is NOT_RECORD, 2 is RECORD_AND_SAMPLED. */
interface HeadResult {
  readonly decision: 0 | 2;
}

/** Arguments of OTel's `shouldSample` after the context. */
type SampledSpan = readonly [traceId: string, name: string, kind: number, attributes: Attributes];

const NOT_RECORDED: HeadResult = Object.freeze({ decision: 0 });
const SAMPLED: HeadResult = Object.freeze({ decision: 2 });

const ONE_ROOT: readonly ItemCount[] = [
  { category: "transaction", quantity: 1 },
  { category: "span", quantity: 1 },
];

/**
 * Applies the sampling decision of a client when a root span starts, so that a trace that Sentry does not receive is
 * not recorded for any other backend either. An OTel `Sampler`; local children follow their parent. The client counts
 * roots that are not sampled. Never throws.
 */
export class ClientSampler {
  readonly #clientOf: () => ClientCore | undefined;
  #deciding: { client: ClientCore; decide: DecideSegment } | undefined;
  #refused = 0;

  /** @internal `clientOf` is called for each root; while it returns no client, everything is sampled. */
  constructor(clientOf: () => ClientCore | undefined) {
    this.#clientOf = clientOf;
  }

  /** Called by the SDK before each span starts. */
  shouldSample(ctx: Context, ...span: SampledSpan): HeadResult {
    try {
      const parent = trace.getSpanContext(ctx);
      if (parent !== undefined && isSpanContextValid(parent) && parent.isRemote !== true) {
        return (parent.traceFlags & TraceFlags.SAMPLED) === 0 ? NOT_RECORDED : SAMPLED;
      }
      const client = this.#clientOf();
      if (client === undefined || client.isClosed) return SAMPLED;
      return this.#decide(client, ctx, span);
    } catch (error) {
      const what = "the sampling decision about a root span failed, so the span is sampled";
      this.#clientOf()?.diagnostics.warnOnce("sampler", what, error);
      return SAMPLED;
    }
  }

  /** Returns the name of the sampler, for diagnostics of the SDK. */
  toString(): string {
    return "SentrySampler";
  }

  #decide(client: ClientCore, ctx: Context, span: SampledSpan): HeadResult {
    const [traceId, name, kind, attributes] = span;
    const incoming = readContextScopes(ctx)?.incoming;
    const root = { name, kind, attributes };
    const sampling = this.#deciderOf(client)({ traceId, incoming, root });
    if (sampling.lostTo === undefined) {
      client.pendingDecision.announce(traceId, sampling);
      return SAMPLED;
    }
    this.#refused += 1;
    client.ledger.early.record(sampling.lostTo, ONE_ROOT);
    return NOT_RECORDED;
  }

  #deciderOf(client: ClientCore): DecideSegment {
    if (this.#deciding?.client === client) return this.#deciding.decide;
    const decide = createSegmentSampling(client, client.settings.tracesSampler);
    this.#deciding = { client, decide };
    // No processor sees roots that are not sampled, so they are counted as started here.
    client.addSpanSource({
      counts: () => ({ started: this.#refused, open: 0, buffered: 0 }),
      flush: () => Promise.resolve(),
    });
    return decide;
  }
}
