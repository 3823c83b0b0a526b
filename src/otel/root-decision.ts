import type { SentryClient } from "../client/client.js";
import type { Settings } from "../options/options.js";
import { NO_PRESSURE, pressDecision } from "../sampling/backpressure.js";
import type { Pressure } from "../sampling/backpressure.js";
import { decideSampling } from "../sampling/decide.js";
import type { RootDescription } from "../sampling/decide.js";
import { parseRate } from "../sampling/rate.js";
import type { SegmentOrigin } from "../tracing/segment.js";
import type { ContextScopes } from "./context-key.js";

/** What is read of a local root, started or finished. */
export interface LocalRoot extends RootDescription {
  spanContext(): { readonly traceId: string };
}

/** Decides what becomes of the segment that a local root begins. */
export type RootDecision = (span: LocalRoot, scopes: ContextScopes) => SegmentOrigin;

/** A client, and the pressure on its way to the server if that is measured. */
export type PressedClient = SentryClient & { readonly pressure?: Pressure | undefined };

/**
 * Builds the decision of a client. Sentry's sampling is decided here, per local root, among the
 * spans that OTel's sampler kept: trace flags, trace state and other exporters do not notice it.
 */
export function createRootDecision(client: PressedClient): RootDecision {
  return createDecision(client, client.settings.tracesSampler);
}

/** The same by the rate alone: for a segment whose root is not known. */
export function createRateDecision(client: PressedClient): RootDecision {
  return createDecision(client, undefined);
}

function createDecision(client: PressedClient, sampler: Settings["tracesSampler"]): RootDecision {
  const { tracesSampleRate: rate } = client.settings;
  const { pressure = NO_PRESSURE } = client;
  const onSamplerError = (error: unknown): void =>
    client.diagnostics.warnOnce("callback:tracesSampler", "`tracesSampler` failed", error);

  return (span, { unit, current, incoming }) => {
    const { traceId } = span.spanContext();
    // A sender that speaks W3C only has decided for its own pipeline, not for Sentry's.
    const isSentry = incoming?.dsc !== undefined && incoming.traceId === traceId;
    const decided = decideSampling({
      traceId,
      incoming,
      parentSampled: isSentry ? incoming.sampled : undefined,
      rate,
      sampler,
      describeRoot: () => span,
      onSamplerError,
    });
    const factor = pressure.factor();
    const senderRate = factor > 0 && isSentry ? parseRate(incoming.dsc["sample_rate"]) : undefined;
    const { sampling, lostTo } = pressDecision(decided, factor, senderRate);
    return {
      unit,
      current,
      incoming,
      traceId,
      sampling,
      fate: lostTo ?? "sent",
      slot: { frozen: undefined },
    };
  };
}
