import { crumbsOf } from "./breadcrumb-trail.js";
import { EMPTY_SCOPE_DATA } from "./scope-data.js";
import type { Breadcrumb, ScopeData } from "./scope-data.js";
import type { Scope } from "./scope.js";

/** What the scopes say together: breadcrumbs as a list, everything else as in a single scope. */
export interface MergedScopes extends Omit<ScopeData, "breadcrumbs"> {
  readonly breadcrumbs: readonly Breadcrumb[];
}

/** What scopes without data say. */
export const NO_SCOPES: MergedScopes = Object.freeze({
  ...EMPTY_SCOPE_DATA,
  breadcrumbs: Object.freeze([]),
});

/**
 * Merges scopes by Sentry's table, least specific first (global, isolation, current): later keys win,
 * breadcrumbs are put in order of time and cut to the newest `maxBreadcrumbs`.
 */
export function mergeScopes(scopes: readonly ScopeData[], maxBreadcrumbs: number): MergedScopes {
  const filled = scopes.filter((data) => data !== EMPTY_SCOPE_DATA);
  if (filled.length === 0) return NO_SCOPES;
  const merged =
    filled.length === 1
      ? (filled[0] ?? EMPTY_SCOPE_DATA)
      : filled.reduce(overlay, EMPTY_SCOPE_DATA);
  return { ...merged, breadcrumbs: mergedCrumbs(filled, maxBreadcrumbs) };
}

function overlay(under: ScopeData, over: ScopeData): ScopeData {
  return {
    user: over.user === undefined ? under.user : { ...under.user, ...over.user },
    tags: { ...under.tags, ...over.tags },
    contexts: { ...under.contexts, ...over.contexts },
    extra: { ...under.extra, ...over.extra },
    attributes: { ...under.attributes, ...over.attributes },
    breadcrumbs: undefined,
    fingerprint: [...(under.fingerprint ?? []), ...(over.fingerprint ?? [])],
    level: over.level ?? under.level,
    transactionName: over.transactionName ?? under.transactionName,
  };
}

function mergedCrumbs(scopes: readonly ScopeData[], limit: number): readonly Breadcrumb[] {
  const crumbs = scopes.flatMap((data) => crumbsOf(data.breadcrumbs, limit));
  if (scopes.length > 1) crumbs.sort((a, b) => (a.timestamp ?? 0) - (b.timestamp ?? 0));
  return crumbs.slice(-limit || crumbs.length);
}

/** What the given scopes hold now, in the order in which they are merged; absent ones are left out. */
export function scopeData(...scopes: readonly (Scope | undefined)[]): readonly ScopeData[] {
  const data: ScopeData[] = [];
  for (const scope of scopes) {
    if (scope !== undefined) data.push(scope.data);
  }
  return data;
}
