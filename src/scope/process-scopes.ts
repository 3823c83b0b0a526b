import { DefaultUnit } from "./default-unit.js";
import { Scope } from "./scope.js";
import { UnitTable } from "./unit-table.js";

/** What exists once per process. */
export interface ProcessScopes {
  readonly global: Scope;
  /** Where setters write outside of every unit. */
  readonly defaultUnit: DefaultUnit;
  readonly unrecorded: UnitTable;
}

// Under `Symbol.for`, so that the ESM and the CommonJS build (or two installed copies) share it. The
// number is the format's: copies with another format do not.
const SLOT = Symbol.for("otel-sentry-bridge.process-scopes.v2");

const carrier: typeof globalThis & { [SLOT]?: ProcessScopes } = globalThis;

/** The process's scopes, shared by all copies of the package. */
export function processScopes(): ProcessScopes {
  return (carrier[SLOT] ??= {
    global: new Scope(),
    defaultUnit: new DefaultUnit(),
    unrecorded: new UnitTable(),
  });
}
