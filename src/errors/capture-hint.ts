import type { CaptureMechanism } from "./exception-values.js";
import type { SentryClient } from "../client/client.js";
import { guardCallback } from "../support/diagnostics.js";
import { clip } from "../support/cut.js";
import { isObjectLike, memberOf } from "../support/foreign.js";
import { Scope } from "../scope/scope.js";
import type { ScopeChange } from "../scope/scope-data.js";

/** What one capture says of its event; it wins over all scopes. */
export interface CaptureHint extends ScopeChange {
  /** Default: an explicit capture, handled. */
  readonly mechanism?: CaptureMechanism | undefined;
}

/** A hint, or a function that writes to the scope of this event alone. */
export type CaptureContext = CaptureHint | ((scope: Scope) => unknown);

/** The scope of one event. What the application passes may be anything: nothing here throws. */
export function scopeOfCapture(
  captureContext: CaptureContext | undefined,
  client: SentryClient,
): Scope | undefined {
  if (captureContext === undefined || captureContext === null) return undefined;
  const scope = new Scope();
  guardCallback(client.diagnostics, "capture context", () => scope.update(captureContext));
  return scope;
}

const MAX_TYPE_LENGTH = 200;

/** The mechanism that a hint names. */
export function mechanismOf(
  captureContext: CaptureContext | undefined,
): CaptureMechanism | undefined {
  const mechanism = memberOf(captureContext, "mechanism");
  if (typeof captureContext !== "object" || !isObjectLike(mechanism)) return undefined;
  const type = memberOf(mechanism, "type");
  const handled = memberOf(mechanism, "handled");
  return {
    type: typeof type === "string" ? clip(type, MAX_TYPE_LENGTH) : "generic",
    handled: typeof handled === "boolean" ? handled : true,
  };
}
