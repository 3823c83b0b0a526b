import { TraceFlags, isSpanContextValid, trace } from "@opentelemetry/api";
import type { Attributes, Context } from "@opentelemetry/api";

import type { SentryClient } from "../client/client.js";
import type { ItemCount } from "../protocol/data-category.js";
import { readContextScopes } from "../context/scope-context.js";
import { announceHead, createSegmentSampling } from "../spans/root-decision.js";
import type { DecidedRoot, SegmentSampling } from "../spans/root-decision.js";

/** An OTel `SamplingResult`: 0 does not record, 2 records and samples. */
export interface HeadResult {
  readonly decision: 0 | 2;
}

/** A span that is about to start: what OTel asks a sampler about. */
export type SampledSpan = readonly [
  traceId: string,
  name: string,
  kind: number,
  attributes: Attributes,
];

const NOT_RECORDED: HeadResult = Object.freeze({ decision: 0 });
const SAMPLED: HeadResult = Object.freeze({ decision: 2 });

const ONE_ROOT: readonly ItemCount[] = [
  { category: "transaction", quantity: 1 },
  { category: "span", quantity: 1 },
];

/**
 * Takes a client's decision about traces at their head, so that what Sentry does not get is not
 * recorded either, by nobody. An OTel `Sampler`: local children follow their parent. What it refuses is
 * counted by the client. Never throws.
 */
export class ClientSampler {
  readonly #clientOf: () => SentryClient | undefined;
  #deciding: { client: SentryClient; decide: (root: DecidedRoot) => SegmentSampling } | undefined;
  #refused = 0;

  /** Decides as the client does that there is when a root starts; without one, everything is sampled. */
  constructor(clientOf: () => SentryClient | undefined) {
    this.#clientOf = clientOf;
  }

  /** Called by the SDK for each span that is about to start. */
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
      const what = "a root could not be decided about and is sampled";
      this.#clientOf()?.diagnostics.warnOnce("sampler", what, error);
      return SAMPLED;
    }
  }

  /** Name of the sampler, for those who print a provider's configuration. */
  toString(): string {
    return "SentrySampler";
  }

  #decide(client: SentryClient, ctx: Context, span: SampledSpan): HeadResult {
    const [traceId, name, kind, attributes] = span;
    const incoming = readContextScopes(ctx)?.incoming;
    const root = { name, kind, attributes };
    const sampling = this.#deciderOf(client)({ traceId, incoming, root });
    if (sampling.lostTo === undefined) {
      announceHead(client, { traceId, sampling });
      return SAMPLED;
    }
    this.#refused += 1;
    client.ledger.early.record(sampling.lostTo, ONE_ROOT);
    return NOT_RECORDED;
  }

  #deciderOf(client: SentryClient): (root: DecidedRoot) => SegmentSampling {
    if (this.#deciding?.client === client) return this.#deciding.decide;
    const decide = createSegmentSampling(client, client.settings.tracesSampler);
    this.#deciding = { client, decide };
    // No processor sees what is refused here: it is started all the same.
    client.addSpanSource({
      counts: () => ({ started: this.#refused, open: 0, buffered: 0 }),
      flush: () => Promise.resolve(),
    });
    return decide;
  }
}
