/** Whose traces a service continues. */
export interface ContinuationRule {
  /** The organization of this service, if it is known. */
  readonly orgId: string | undefined;
  /** Whether both sides must name it. */
  readonly isStrict: boolean;
}

/**
 * Whether a trace of another organization, or of none, is continued here: not if both are known and
 * differ, and, strictly, not if only one is known
 * (https://develop.sentry.dev/sdk/foundations/trace-propagation/).
 */
export function mayContinue(incomingOrgId: string | undefined, rule: ContinuationRule): boolean {
  if (incomingOrgId !== undefined && rule.orgId !== undefined) return incomingOrgId === rule.orgId;
  return !rule.isStrict || incomingOrgId === rule.orgId;
}
