import type { SentryClient } from "../client/client.js";
import { reportAsyncHook } from "../support/diagnostics.js";
import { detached } from "../support/detached.js";
import type { Settings } from "../options/options.js";
import type { IncomingTrace } from "../trace/incoming-trace.js";
import { pressDecision } from "../trace/backpressure.js";
import { decideSampling } from "../trace/decide.js";
import type { RootDescription, SamplingDecision } from "../trace/decide.js";
import { parseRate } from "../trace/rate.js";
import { runHook } from "../context/own-calls.js";

/** What was decided about a segment, and why it is not sent, if so. */
export interface SegmentSampling {
  readonly sampling: SamplingDecision;
  readonly lostTo: "backpressure" | "sample_rate" | undefined;
}

/** A local root that is decided about. */
export interface DecidedRoot {
  readonly traceId: string;
  /** What the sender said, of this trace or of another. */
  readonly incoming: IncomingTrace | undefined;
  readonly root: RootDescription;
}

/** Builds a client's decision: by the sampler, else by what the sender decided, else by the rate. */
export function createSegmentSampling(
  client: SentryClient,
  sampler: Settings["tracesSampler"],
): (decided: DecidedRoot) => SegmentSampling {
  const { settings, pressure } = client;
  const onSamplerError = (error: unknown): void =>
    client.diagnostics.warnOnce("callback:tracesSampler", "`tracesSampler` failed", error);
  const onAsyncSampler = (): void =>
    reportAsyncHook(
      client.diagnostics,
      "tracesSampler",
      "the parent's decision or `tracesSampleRate` decides",
    );

  // A span that it starts must not be decided about by itself.
  const ownSampler: typeof sampler = sampler && ((asked) => runHook(() => sampler(asked)));

  return ({ traceId, incoming, root }) => {
    // A sender that speaks W3C only has decided for its own pipeline, not for Sentry's.
    const isSentry = incoming?.dsc !== undefined && incoming.traceId === traceId;
    const decision = decideSampling({
      traceId,
      incoming,
      parentSampled: isSentry ? incoming.sampled : undefined,
      rate: settings.tracesSampleRate,
      sampler: ownSampler,
      // The SDK's own object, which a sampler must not be able to change.
      describeRoot: () => ({ ...root, attributes: detached(root.attributes) }),
      onSamplerError,
      onAsyncSampler,
    });
    const factor = pressure.factor();
    const senderRate = factor > 0 && isSentry ? parseRate(incoming.dsc["sample_rate"]) : undefined;
    return pressDecision(decision, factor, senderRate);
  };
}
