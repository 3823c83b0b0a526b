import type { SentryClient } from "../client/client.js";
import type { Settings } from "../options/options.js";
import type { RootDescription } from "../trace/sampling.js";
import type { ResourceView } from "../trace/span.js";
import type { SegmentOrigin } from "./segment.js";
import type { ContextScopes } from "../context/scope-context.js";
import { createSegmentSampling, takeFromHead } from "./segment-sampling.js";

/** What is read of a local root, started or finished. */
export interface LocalRoot extends RootDescription {
  readonly resource?: ResourceView | undefined;
  spanContext(): { readonly traceId: string };
}

/** Decides what becomes of the segment that a local root begins. */
export type RootDecision = (span: LocalRoot, scopes: ContextScopes) => SegmentOrigin;

/**
 * Builds the decision of a client. Sentry's sampling is decided here, per local root, among the
 * spans that OTel's sampler kept: trace flags, trace state and other exporters do not notice it.
 */
export function createRootDecision(client: SentryClient): RootDecision {
  return createDecision(client, client.settings.tracesSampler);
}

/** The same by the rate alone: for a segment whose root is not known. */
export function createRateDecision(client: SentryClient): RootDecision {
  return createDecision(client, undefined);
}

function createDecision(client: SentryClient, sampler: Settings["tracesSampler"]): RootDecision {
  const decide = createSegmentSampling(client, sampler);

  return (span, { unit, current, incoming }) => {
    const { traceId } = span.spanContext();
    const { sampling, lostTo } =
      takeFromHead(client, traceId) ?? decide({ traceId, incoming, root: span });
    return {
      unit,
      current,
      incoming,
      traceId,
      sampling,
      fate: lostTo ?? "sent",
      slot: { frozen: undefined, identity: undefined },
      resource: span.resource,
    };
  };
}
