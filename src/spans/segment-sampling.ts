import type { SentryClient } from "../client/client.js";
import { reportAsyncHook } from "../support/diagnostics.js";
import { detached } from "../support/detached.js";
import type { Settings } from "../options/options.js";
import type { IncomingTrace } from "../trace/headers.js";
import { pressDecision } from "../trace/backpressure.js";
import { decideSampling } from "../trace/sampling.js";
import type { RootDescription, SamplingDecision } from "../trace/sampling.js";
import { parseRate } from "../trace/sample-rand.js";
import { runHook } from "../context/suppress-tracing.js";

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

/** The decision of a sampler about the root that is about to start. */
export interface HeadDecision {
  readonly traceId: string;
  readonly sampling: SegmentSampling;
}

// A tracer asks its sampler and tells its processors in one synchronous call: one decision is under
// way. On the client, since sampler and processor may be of two copies of the package.
const UNDER_WAY: unique symbol = Symbol.for("otel-sentry-bridge.head-decision.v1");

type DecidingClient = SentryClient & { [UNDER_WAY]?: HeadDecision | undefined };

/** Keeps a sampler's decision for the processor, which sees the root start next. */
export function announceHead(client: DecidingClient, decision: HeadDecision): void {
  client[UNDER_WAY] = decision;
}

/** The decision that a sampler of the client has just taken about a root of this trace, once. */
export function takeFromHead(client: DecidingClient, traceId: string): SegmentSampling | undefined {
  const decision = client[UNDER_WAY];
  if (decision?.traceId !== traceId) return undefined;
  client[UNDER_WAY] = undefined;
  return decision.sampling;
}
