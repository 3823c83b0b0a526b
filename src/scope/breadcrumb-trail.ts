import type { Trail } from "./scope-data.js";

/** Adds a breadcrumb; keeps between `limit` and twice `limit` of them, so that adding stays O(1). */
export function addCrumb<Crumb>(
  trail: Trail<Crumb> | undefined,
  crumb: Crumb,
  limit: number,
): Trail<Crumb> | undefined {
  if (limit <= 0) return undefined;
  const length = (trail?.length ?? 0) + 1;
  if (length <= 2 * limit) return { crumb, previous: trail, length };
  return trailOf([...crumbsOf(trail, limit - 1), crumb]);
}

/** The newest `limit` breadcrumbs, oldest first. */
export function crumbsOf<Crumb>(trail: Trail<Crumb> | undefined, limit: number): Crumb[] {
  const crumbs: Crumb[] = [];
  for (let node = trail; node !== undefined && crumbs.length < limit; node = node.previous) {
    crumbs.push(node.crumb);
  }
  return crumbs.toReversed();
}

function trailOf<Crumb>(crumbs: readonly Crumb[]): Trail<Crumb> | undefined {
  let trail: Trail<Crumb> | undefined;
  for (const crumb of crumbs) {
    trail = { crumb, previous: trail, length: (trail?.length ?? 0) + 1 };
  }
  return trail;
}
