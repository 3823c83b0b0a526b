import type { ClientCore } from "../client/client-core.js";
import type { ContextScopes } from "../context/scope-context.js";
import { runHook } from "../context/suppress-tracing.js";
import type { Settings } from "../options/options.js";
import type { SegmentOrigin } from "./segment.js";
import { reportAsyncHook } from "../support/diagnostics.js";
import { applyPressure } from "../trace/backpressure.js";
import { parseRate } from "../trace/sample-rand.js";
import { decideSampling } from "../trace/sampling.js";
import type { SamplingInput, SegmentSampling } from "../trace/sampling.js";
import type { SpanDescription, StartedSpan } from "../trace/span.js";

/** Decides whether the segment of a local root, started or finished, is sent. */
export type RootDecision = (root: StartedSpan, scopes: ContextScopes) => SegmentOrigin;

/**
 * Creates the decision function of a client. It applies Sentry's sampling per local root, to spans that OTel's sampler
 * recorded. Trace flags, trace state and other exporters are not affected.
 */
export function createRootDecision(client: ClientCore): RootDecision {
  return createDecision(client, client.settings.tracesSampler);
}

/** Creates a decision function without `tracesSampler`, for segments whose root is not known. */
export function createRateDecision(client: ClientCore): RootDecision {
  return createDecision(client, undefined);
}

function createDecision(client: ClientCore, sampler: Settings["tracesSampler"]): RootDecision {
  const decide = createSegmentSampling(client, sampler);

  return (span, { unit, current, incoming }) => {
    const { traceId } = span.spanContext();
    const { sampling, lostTo } =
      client.pendingDecision.take(traceId) ?? decide({ traceId, incoming, root: span });
    return {
      unit,
      current,
      incoming,
      traceId,
      sampling,
      fate: client.isDisabled ? "disabled" : (lostTo ?? "sent"),
      slot: { frozen: undefined, identity: undefined },
      resource: span.resource,
    };
  };
}

const WITHOUT_SAMPLER = "the parent's decision or `tracesSampleRate` decides";

/** A local root, its trace, and the trace headers of its request, which may be those of another trace. */
type RootInTrace = Pick<SamplingInput, "incoming" | "traceId"> & { readonly root: SpanDescription };

/** Decides whether the segment of a local root is sampled. */
export type DecideSegment = (root: RootInTrace) => SegmentSampling;

/** Creates a client's sampling decision: by `tracesSampler`, else by the sender's decision, else by `tracesSampleRate`. */
export function createSegmentSampling(
  client: ClientCore,
  sampler: Settings["tracesSampler"],
): DecideSegment {
  const { settings, pressure } = client;
  const onSamplerError = (error: unknown): void =>
    client.diagnostics.warnOnce(
      "callback:tracesSampler",
      `\`tracesSampler\` threw an error: ${WITHOUT_SAMPLER}`,
      error,
    );
  const onInvalidAnswer = (received: string): void =>
    client.diagnostics.warnOnce(
      "hook:tracesSampler",
      `\`tracesSampler\` must return a number from 0 to 1 or a boolean, got ${received}: the trace is not sampled`,
    );
  const onAsyncSampler = (): void =>
    reportAsyncHook(client.diagnostics, "tracesSampler", WITHOUT_SAMPLER);

  // Runs as a hook, so that a span that the sampler starts does not call the sampler again.
  const ownSampler: typeof sampler = sampler && ((asked) => runHook(() => sampler(asked)));

  return ({ traceId, incoming, root }) => {
    // The decision of a sender without Sentry headers applies to that sender's own pipeline, not to Sentry.
    const isSentry = incoming?.dsc !== undefined && incoming.traceId === traceId;
    const decision = decideSampling({
      traceId,
      incoming,
      parentSampled: isSentry ? incoming.sampled : undefined,
      rate: settings.tracesSampleRate,
      sampler: ownSampler,
      root,
      onSamplerError,
      onInvalidAnswer,
      onAsyncSampler,
    });
    const factor = pressure.factor();
    const senderRate = factor > 0 && isSentry ? parseRate(incoming.dsc["sample_rate"]) : undefined;
    return applyPressure(decision, factor, senderRate);
  };
}
