import type { Diagnostics } from "../support/diagnostics.js";
import { guardCallback, reportAsyncHook } from "../support/diagnostics.js";
import { isThenable } from "../support/foreign.js";
import type { Settings } from "../options/options.js";
import type { ScopeData } from "../scope/scope-data.js";
import { Scope } from "../scope/scope.js";

/** The scope data of `initialScope`, which is less specific than all scopes: none, or one. Never throws. */
export function initialScopes(
  { initialScope }: Settings,
  diagnostics: Diagnostics,
): readonly ScopeData[] {
  if (initialScope === undefined) return [];
  const scope = new Scope();
  const outcome = guardCallback(diagnostics, "initialScope", (): unknown =>
    typeof initialScope === "function" ? initialScope(scope) : scope.update(initialScope),
  );
  if (outcome.ok && isThenable(outcome.value))
    reportAsyncHook(diagnostics, "initialScope", "what it writes after its first `await` is lost");
  return [scope.data];
}
