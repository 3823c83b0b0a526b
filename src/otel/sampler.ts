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
  readonly #senderOf: () => ClientCore | undefined;
  #deciding: { client: ClientCore; decide: DecideSegment } | undefined;
  #refused: { readonly sender: ClientCore; count: number } | undefined;

  /**
   * @internal Both are called for each root. `clientOf` returns the client that decides; while there is none, everything is sampled.
   * `senderOf` returns the one that sends the traces, which learns of the decision; while there is none, the first one does.
   */
  constructor(clientOf: () => ClientCore | undefined, senderOf: typeof clientOf) {
    this.#clientOf = clientOf;
    this.#senderOf = senderOf;
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
    const sender = this.#senderOf() ?? client;
    if (sampling.lostTo === undefined) {
      sender.pendingDecision.announce(traceId, sampling);
      return SAMPLED;
    }
    this.#countRefused(sender);
    sender.ledger.early.record(sampling.lostTo, ONE_ROOT);
    return NOT_RECORDED;
  }

  #deciderOf(client: ClientCore): DecideSegment {
    if (this.#deciding?.client === client) return this.#deciding.decide;
    const decide = createSegmentSampling(client, client.settings.tracesSampler);
    this.#deciding = { client, decide };
    return decide;
  }

  // No processor sees roots that are not sampled, so they are counted as started here.
  #countRefused(sender: ClientCore): void {
    if (this.#refused?.sender !== sender) {
      const refused = { sender, count: 0 };
      this.#refused = refused;
      sender.addSpanSource({
        counts: () => ({ started: refused.count, open: 0, buffered: 0 }),
        flush: () => Promise.resolve(),
      });
    }
    this.#refused.count += 1;
  }
}
