import { EMPTY_SCOPE_DATA, newestBreadcrumbs } from "./scope-data.js";
import type { Breadcrumb, ScopeData } from "./scope-data.js";
import type { Scope } from "./scope.js";

/** The merged data of several scopes, with breadcrumbs as an array. */
export interface MergedScopes extends Omit<ScopeData, "breadcrumbs"> {
  readonly breadcrumbs: readonly Breadcrumb[];
}

/** The result of merging empty scopes. */
export const NO_SCOPES: MergedScopes = Object.freeze({
  ...EMPTY_SCOPE_DATA,
  breadcrumbs: Object.freeze([]),
});

/**
 * Merges scopes by Sentry's specification, least specific first (global, isolation, current): later keys win, and event
 * processors of the most specific scope come first. Breadcrumbs, including `moreBreadcrumbs`, are sorted by time and
 * cut to the newest `maxBreadcrumbs`.
 */
export function mergeScopes(
  scopes: readonly ScopeData[],
  maxBreadcrumbs: number,
  moreBreadcrumbs: readonly Breadcrumb[] = [],
): MergedScopes {
  const filled = scopes.filter((data) => data !== EMPTY_SCOPE_DATA);
  if (filled.length === 0 && moreBreadcrumbs.length === 0) return NO_SCOPES;
  const merged =
    filled.length === 1
      ? (filled[0] ?? EMPTY_SCOPE_DATA)
      : filled.reduce(overlay, EMPTY_SCOPE_DATA);
  const breadcrumbs = filled.map((data) => newestBreadcrumbs(data.breadcrumbs, maxBreadcrumbs));
  return { ...merged, breadcrumbs: inOrder([...breadcrumbs, moreBreadcrumbs], maxBreadcrumbs) };
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
    eventProcessors: concatenated(over.eventProcessors, under.eventProcessors),
    attachments: concatenated(under.attachments, over.attachments),
    broken: concatenated(under.broken, over.broken),
  };
}

function concatenated<T>(first: readonly T[], then: readonly T[]): readonly T[] {
  if (first.length === 0) return then;
  return then.length === 0 ? first : [...first, ...then];
}

function inOrder(lists: readonly (readonly Breadcrumb[])[], limit: number): readonly Breadcrumb[] {
  const breadcrumbs = lists.flat();
  if (breadcrumbs.length > (lists[0]?.length ?? 0))
    breadcrumbs.sort((a, b) => (a.timestamp ?? 0) - (b.timestamp ?? 0));
  return limit === 0 ? [] : breadcrumbs.slice(-limit);
}

/** Returns the current data of the given scopes, in the same order; undefined ones are left out. */
export function scopeData(...scopes: readonly (Scope | undefined)[]): readonly ScopeData[] {
  const data: ScopeData[] = [];
  for (const scope of scopes) {
    if (scope !== undefined) data.push(scope.data);
  }
  return data;
}
