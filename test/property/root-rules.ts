// Rules of the product about single spans and requests, as the oracle knows them.

import { SpanKind } from "@opentelemetry/api";

import { DEFAULT_UNIT, forkOf, scopesIn } from "./facts.js";
import type { Place, RemoteFact, SegmentFact, SpanFact, TraceFact, UnitFact } from "./facts.js";
import type { Request, SpanNode } from "./syntax.js";

/** Whether a span has a segment, in which a child can be put that knows its ids. */
export function isSegments(span: Place["span"]): span is SpanFact {
  return span?.type === "local" && span.segment !== undefined;
}

/** Whether headers that name nothing are those of the request that the place is in. */
export function isOfRequest({ span, unit }: Place): boolean {
  return span?.type === "local" && (span.recorded || unit !== undefined);
}

/** What of a span node decides about its span. */
export type SpanOptions = Omit<SpanNode, "body" | "ends" | "mode" | "records" | "type">;

/** A span that programs make without a node. */
export const PLAIN: SpanOptions = {
  kind: SpanKind.INTERNAL,
  root: false,
  ignored: false,
  dropped: false,
  second: false,
};

export function isEntry(kind: SpanKind): boolean {
  return kind === SpanKind.SERVER || kind === SpanKind.CONSUMER;
}

// A root of an incoming request is a SERVER or a CONSUMER: it takes the unit that waits for it.
export function takesUnit({ recorded, parent }: SpanFact): boolean {
  return recorded && parent?.type !== "local";
}

/**
 * A SERVER or CONSUMER root takes a unit or starts one. Not here where it depends on which of several
 * roots comes first, nor inside of an overlay: neither is for syntax to say.
 */
export function kindOf({ kind }: SpanOptions, { adoptable, overlay, span }: Place): SpanKind {
  const isUnclear = adoptable === "open" || (adoptable === "no" && overlay !== undefined);
  return isEntry(kind) && span?.type !== "local" && isUnclear ? SpanKind.INTERNAL : kind;
}

// The same holds for a request that no `extract` of ours has seen.
export function readerOf({ via }: Request, place: Place): Request["via"] {
  if (via === "sentry") return via;
  return place.adoptable !== "no" || place.overlay !== undefined ? "sentry" : via;
}

// `sentry-trace` alone is nothing to the W3C propagator.
export function remoteOf(
  { headers }: Request,
  via: Request["via"],
  label: string,
): RemoteFact | undefined {
  const isRead = via === "sentry" ? headers !== "none" : via === "w3c" && headers.startsWith("w3c");
  if (!isRead) return undefined;
  const sampled = headers.endsWith("deferred") ? undefined : !headers.endsWith("unsampled");
  const trace: TraceFact = { label: `${label}:remote-trace`, tableUnit: undefined };
  return {
    type: "remote",
    label: `${label}:remote`,
    trace,
    isSentry: headers.startsWith("sentry"),
    sampled,
  };
}

export function rootUnit(
  { label, kind, parent }: { label: string; kind: SpanKind; parent: SpanFact["parent"] },
  at: Place,
): { unit: UnitFact; startsUnit: boolean } {
  if (parent?.type === "local") return { unit: scopesIn(at).unit, startsUnit: false };
  if (at.unit === undefined)
    return { unit: forkOf(DEFAULT_UNIT, `${label}:root`), startsUnit: true };
  if (!isEntry(kind) || at.adoptable === "now") return { unit: at.unit, startsUnit: false };
  return { unit: forkOf(at.unit, `${label}:root`), startsUnit: true };
}

export function fateOf(
  { ignored, trace }: { ignored: boolean; trace: TraceFact },
  at: Place,
): SegmentFact["fate"] {
  if (ignored) return "ignored";
  const { incoming } = at;
  const isRefused =
    incoming?.isSentry === true && incoming.sampled === false && incoming.trace === trace;
  return isRefused ? "refused" : "sent";
}
