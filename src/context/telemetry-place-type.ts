import type { ScopeData } from "../scope/scope-data.js";

/** Where a log or a value of a metric came up. */
export interface TelemetryPlace {
  /** Global scope, isolation scope, then the current overlay if there is one. */
  readonly scopes: readonly ScopeData[];
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits; absent outside of all spans. */
  readonly spanId: string | undefined;
}
