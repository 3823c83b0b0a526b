import type { Breadcrumb, BreadcrumbTrail } from "./scope-data.js";

/** Adds a breadcrumb; keeps between `limit` and twice `limit` of them, so that adding stays O(1). */
export function addCrumb(
  trail: BreadcrumbTrail | undefined,
  crumb: Breadcrumb,
  limit: number,
): BreadcrumbTrail | undefined {
  if (limit <= 0) return undefined;
  const length = (trail?.length ?? 0) + 1;
  if (length <= 2 * limit) return { crumb, previous: trail, length };
  return trailOf([...crumbsOf(trail, limit - 1), crumb]);
}

/** The newest `limit` breadcrumbs, oldest first. */
export function crumbsOf(trail: BreadcrumbTrail | undefined, limit: number): Breadcrumb[] {
  const crumbs: Breadcrumb[] = [];
  for (let node = trail; node !== undefined && crumbs.length < limit; node = node.previous) {
    crumbs.push(node.crumb);
  }
  return crumbs.toReversed();
}

function trailOf(crumbs: readonly Breadcrumb[]): BreadcrumbTrail | undefined {
  let trail: BreadcrumbTrail | undefined;
  for (const crumb of crumbs) {
    trail = { crumb, previous: trail, length: (trail?.length ?? 0) + 1 };
  }
  return trail;
}
