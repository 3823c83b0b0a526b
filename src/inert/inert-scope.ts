import { EMPTY_SCOPE_DATA } from "../scope/scope-data.js";
import type { ScopeData } from "../scope/scope-data.js";

/** A `Scope` that takes nothing, so that all contexts can share one. */
export class InertScope {
  readonly addAttachment = (): this => this;
  readonly addBreadcrumb = (): this => this;
  readonly addEventProcessor = (): this => this;
  readonly clear = (): this => this;
  readonly clearAttachments = (): this => this;
  readonly clearBreadcrumbs = (): this => this;
  readonly clone = (): this => this;
  readonly fork = (): this => this;
  readonly setAttribute = (): this => this;
  readonly setAttributes = (): this => this;
  readonly setContext = (): this => this;
  readonly setExtra = (): this => this;
  readonly setExtras = (): this => this;
  readonly setFingerprint = (): this => this;
  readonly setLevel = (): this => this;
  readonly setTag = (): this => this;
  readonly setTags = (): this => this;
  readonly setTransactionName = (): this => this;
  readonly setUser = (): this => this;

  /** Calls a function with the scope, and throws what it throws; anything else does nothing. */
  update(change: unknown): this {
    if (typeof change === "function") change(this);
    return this;
  }

  /** Returns no data. */
  get data(): ScopeData {
    return EMPTY_SCOPE_DATA;
  }
}

/** The scope of every context. */
export const INERT_SCOPE: InertScope = new InertScope();
