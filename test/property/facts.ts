// What syntax decides: the places of nodes, and what stands there.

import type { SpanKind } from "@opentelemetry/api";

/** A unit of work. */
export interface UnitFact {
  readonly label: string;
  readonly parent: UnitFact | undefined;
  readonly depth: number;
}

/** The overlay of a `withScope`. */
export interface OverlayFact {
  readonly label: string;
  readonly parent: OverlayFact | undefined;
}

/** A trace; what a program without a recording span writes in it goes to a unit of the trace. */
export interface TraceFact {
  readonly label: string;
  tableUnit: UnitFact | undefined;
}

/** A sender's span. */
export interface RemoteFact {
  readonly type: "remote";
  readonly label: string;
  readonly trace: TraceFact;
  readonly isSentry: boolean;
  /** `undefined`: the sender left the decision to us. */
  readonly sampled: boolean | undefined;
}

/** A span that a program starts. */
export interface SpanFact {
  readonly type: "local";
  readonly label: string;
  readonly trace: TraceFact;
  readonly parent: ParentFact | undefined;
  readonly second: boolean;
  readonly kind: SpanKind;
  readonly ignored: boolean;
  /** The sampler is told to drop it; it does if it asks. */
  readonly dropped: boolean;
  readonly recorded: boolean;
  /** The unit it belongs to, if it is recorded. */
  readonly unit: UnitFact | undefined;
  /** Whether `unit` is one that it started itself. */
  readonly startsUnit: boolean;
  /** `undefined` when it is not recorded. */
  readonly segment: SegmentFact | undefined;
}

export type ParentFact = RemoteFact | SpanFact;

/** A local root and its local descendants of one provider. */
export interface SegmentFact {
  readonly label: string;
  /** Label of the root. */
  readonly root: string;
  readonly unit: UnitFact;
  readonly overlay: OverlayFact | undefined;
  readonly fate: "ignored" | "refused" | "sent";
}

/** Where a node stands: what its context carries, and its active span. */
export interface Place {
  readonly unit: UnitFact | undefined;
  readonly overlay: OverlayFact | undefined;
  readonly incoming: RemoteFact | undefined;
  /** Whether the unit waits for its root: the next one takes it, or it is open which one will. */
  readonly adoptable: "no" | "now" | "open";
  readonly span: ParentFact | undefined;
  /** Whether the active span is known by its ids alone. */
  readonly byIds: boolean;
}

/** The scopes that hold in a place. */
export interface ScopesFact {
  readonly unit: UnitFact;
  readonly overlay: OverlayFact | undefined;
}

export const DEFAULT_UNIT: UnitFact = { label: "process", parent: undefined, depth: 0 };

export const NOWHERE: Place = {
  unit: undefined,
  overlay: undefined,
  incoming: undefined,
  adoptable: "no",
  span: undefined,
  byIds: false,
};

/** A fork of a unit. */
export function forkOf(parent: UnitFact, label: string): UnitFact {
  return { label, parent, depth: parent.depth + 1 };
}

/** Whether a unit is the other one, or was forked inside of it. */
function isWithin(unit: UnitFact | undefined, other: UnitFact): boolean {
  return unit !== undefined && (unit === other || isWithin(unit.parent, other));
}

/** The deeper of the context's unit and the active span's; else the trace's; else the process's. */
export function scopesIn(place: Place): ScopesFact {
  const { span, byIds } = place;
  if (span === undefined) return scopesBy(place, undefined, DEFAULT_UNIT);
  if (span.type === "remote") return scopesBy(place, undefined, undefined);
  return byIds && span.segment !== undefined
    ? scopesByIds(place, span.segment.unit)
    : scopesBy(place, span.unit, undefined);
}

function scopesBy(
  { unit, overlay, span }: Place,
  spanUnit: UnitFact | undefined,
  otherwise: UnitFact | undefined,
): ScopesFact {
  if (unit !== undefined && unit.depth >= (spanUnit?.depth ?? 0)) return { unit, overlay };
  const own = spanUnit ?? otherwise ?? (span && tableUnit(span.trace));
  return { unit: own ?? DEFAULT_UNIT, overlay: undefined };
}

function tableUnit(trace: TraceFact): UnitFact {
  trace.tableUnit ??= forkOf(DEFAULT_UNIT, `${trace.label}:unsampled`);
  return trace.tableUnit;
}

// The segment's unit, or a fork inside of it that the context carries.
function scopesByIds({ unit, overlay }: Place, own: UnitFact): ScopesFact {
  if (unit !== undefined && isWithin(unit, own)) return { unit, overlay };
  return { unit: own, overlay: unit !== undefined && isWithin(own, unit) ? overlay : undefined };
}
