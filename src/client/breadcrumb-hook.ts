import type { Diagnostics } from "../support/diagnostics.js";
import { guardCallback, reportAsyncHook } from "../support/diagnostics.js";
import { duringOwnCall } from "../support/own-call.js";
import { detached } from "../support/detached.js";
import { isRecord, isThenable } from "../support/foreign.js";
import type { BreadcrumbHint, Settings } from "../options/options.js";
import type { Breadcrumb } from "../scope/scope-data.js";

/**
 * The breadcrumb after `beforeBreadcrumb`; `null` if it was dropped. A hook that throws or returns no breadcrumb leaves it
 * as it was.
 */
export function hookedBreadcrumb(
  breadcrumb: Breadcrumb,
  hint: BreadcrumbHint,
  { settings, diagnostics }: { readonly settings: Settings; readonly diagnostics: Diagnostics },
): Breadcrumb | null {
  const { beforeBreadcrumb } = settings;
  if (beforeBreadcrumb === undefined) return breadcrumb;
  const outcome = guardCallback(diagnostics, "beforeBreadcrumb", () =>
    duringOwnCall("hook", () => beforeBreadcrumb(detached(breadcrumb), detached(hint))),
  );
  if (!outcome.ok) return breadcrumb;
  const { value } = outcome;
  if (value === null || isRecord(value)) return value;
  reportNoBreadcrumb(value, diagnostics);
  return breadcrumb;
}

function reportNoBreadcrumb(value: unknown, diagnostics: Diagnostics): void {
  if (isThenable<unknown>(value))
    return reportAsyncHook(diagnostics, "beforeBreadcrumb", "the breadcrumb is kept unchanged");
  diagnostics.warnOnce(
    "hook:beforeBreadcrumb",
    "`beforeBreadcrumb` returned no breadcrumb; it is kept unchanged. Return the breadcrumb, or null to drop it.",
  );
}
