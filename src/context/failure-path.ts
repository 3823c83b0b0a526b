/**
 * A node of the path from a span to its local root. It records whether the span keeps failures below it from reaching
 * the root.
 */
export interface PathNode {
  /** Distance from the root, which has depth 0. */
  readonly depth: number;
  /** The nearest ancestor that is open or stops failures; other ancestors are skipped. */
  above: PathNode | undefined;
  hasEnded: boolean;
  /** The span itself, while it is open. */
  span?: object | undefined;
  /** True if exceptions were recorded on it. They then represent the failed calls below it. */
  hasRecorded?: boolean | undefined;
  /** True if it ended in a way that shows that failures below it were handled. */
  stopsFailures: boolean;
}

/**
 * Returns the ancestor that a new child of `parent` is linked to. Ended ancestors that let failures pass are skipped,
 * so that a chain of spans in which each starts under the previous one (timers, recursion) does not stay in memory;
 * `markEnded` does the same for spans that overlap.
 */
export function ancestorForChild(parent: PathNode): PathNode | undefined {
  parent.above = nearestOf(parent.above);
  return nearestOf(parent);
}

/** Marks a span below the root as ended. If it stops failures, its ancestors are no longer needed. */
export function markEnded(span: PathNode, isStop: boolean): void {
  span.stopsFailures = isStop;
  span.above = isStop ? undefined : nearestOf(span.above);
}

/** Tells whether a failure in the span may have reached its root. The root's own status is not considered. */
export function reachesRoot(span: PathNode): boolean {
  for (const each of upwards(span)) if (each.stopsFailures && each.depth > 0) return false;
  return true;
}

/** Returns the open spans from a span to its root, innermost first. */
export function openSpans(span: PathNode): object[] {
  return [...upwards(span)].map((each) => each.span).filter((each) => each !== undefined);
}

/** Tells whether `span` is an ancestor of `other`. */
export function isAncestor(span: PathNode, other: PathNode): boolean {
  for (const each of upwards(other.above)) if (each === span) return true;
  return false;
}

function nearestOf(span: PathNode | undefined): PathNode | undefined {
  let nearest = span;
  while (isPassed(nearest) && nearest.hasRecorded !== true) nearest = nearest.above;
  // Keeping one ended ancestor with recorded exceptions is sufficient; this keeps a chain of failing spans short.
  if (isPassed(nearest)) nearest.above = decidingFrom(nearest.above);
  return nearest;
}

function decidingFrom(span: PathNode | undefined): PathNode | undefined {
  let deciding = span;
  while (isPassed(deciding)) deciding = deciding.above;
  return deciding;
}

function isPassed(span: PathNode | undefined): span is PathNode {
  return span?.hasEnded === true && !span.stopsFailures;
}

function* upwards(span: PathNode | undefined): Generator<PathNode> {
  for (let each = span; each !== undefined; each = each.above) yield each;
}
