import type { Diagnostics } from "../diagnostics/diagnostics.js";
import { guardCallback } from "../diagnostics/diagnostics.js";
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
  guardCallback(diagnostics, "initialScope", () => scope.update(initialScope));
  return [scope.data];
}
