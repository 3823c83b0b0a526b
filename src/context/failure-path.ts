/** A span of a segment, as far as it decides whether failures below it reach the local root. */
export interface PathSpan {
  /** Spans between it and the root, itself included: 0 for the root. */
  readonly depth: number;
  /** The nearest ancestor that can still decide, or has: the others are left out. */
  above: PathSpan | undefined;
  hasEnded: boolean;
  /** The span itself, while it is open. */
  span?: object | undefined;
  /** Exceptions were recorded on it: calls below it are its business. */
  hasRecorded?: boolean | undefined;
  /** It ended in a way that keeps failures below it from its parent. */
  stopsFailures: boolean;
}

/**
 * The span that a new child of `parent` is linked to. Ended ancestors that let failures pass are left out, also
 * above the parent, so that a chain of spans that each start under the last one (timers, recursion) does not
 * keep all of them in memory; `endOnPath` does the same for spans that overlap.
 */
export function linkTo(parent: PathSpan): PathSpan | undefined {
  parent.above = nearestOf(parent.above);
  return nearestOf(parent);
}

/** A span below the root has ended. Of one that stops failures, nothing above it matters any more. */
export function endOnPath(span: PathSpan, isStop: boolean): void {
  span.stopsFailures = isStop;
  span.above = isStop ? undefined : nearestOf(span.above);
}

/** Tells whether a failure in the span can have reached its root. The root decides about itself elsewhere. */
export function reachesRoot(span: PathSpan): boolean {
  for (const each of upwards(span)) if (each.stopsFailures && each.depth > 0) return false;
  return true;
}

/** The spans on the path from a span to its root that are open, from the inside to the outside. */
export function openSpans(span: PathSpan): object[] {
  return [...upwards(span)].map((each) => each.span).filter((each) => each !== undefined);
}

/** Tells whether a span lies above the other on its path. */
export function isAbove(span: PathSpan, other: PathSpan): boolean {
  for (const each of upwards(other.above)) if (each === span) return true;
  return false;
}

function nearestOf(span: PathSpan | undefined): PathSpan | undefined {
  let nearest = span;
  while (isPassed(nearest) && nearest.hasRecorded !== true) nearest = nearest.above;
  // Above one that has recorded, others that have are left out: a chain of failing spans is short, too.
  if (isPassed(nearest)) nearest.above = decidingFrom(nearest.above);
  return nearest;
}

function decidingFrom(span: PathSpan | undefined): PathSpan | undefined {
  let deciding = span;
  while (isPassed(deciding)) deciding = deciding.above;
  return deciding;
}

function isPassed(span: PathSpan | undefined): span is PathSpan {
  return span?.hasEnded === true && !span.stopsFailures;
}

function* upwards(span: PathSpan | undefined): Generator<PathSpan> {
  for (let each = span; each !== undefined; each = each.above) yield each;
}
