import type { CaptureMechanism } from "../capture/exception-values.js";
import type { SentryClient } from "../client/client.js";
import { guardCallback } from "../diagnostics/diagnostics.js";
import { attempt } from "../normalize/foreign.js";
import type { Attachment } from "../protocol/attachment.js";
import type { SeverityLevel } from "../protocol/error-event.js";
import { Scope } from "../scope/scope.js";
import type { TagValue, User } from "../scope/scope-data.js";

/** What one capture says of its event; it wins over all scopes. */
export interface CaptureHint {
  readonly level?: SeverityLevel | undefined;
  readonly user?: User | undefined;
  readonly tags?: Readonly<Record<string, TagValue>> | undefined;
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
  readonly contexts?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
  readonly fingerprint?: readonly string[] | undefined;
  readonly attachments?: readonly Attachment[] | undefined;
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
  const { diagnostics } = client;
  if (typeof captureContext === "function")
    guardCallback(diagnostics, "capture context", () => captureContext(scope));
  else guardCallback(diagnostics, "capture hint", () => fill(scope, captureContext));
  return scope;
}

/** The mechanism that a hint names. */
export function mechanismOf(
  captureContext: CaptureContext | undefined,
): CaptureMechanism | undefined {
  return attempt(
    () => (typeof captureContext === "object" ? captureContext.mechanism : undefined),
    undefined,
  );
}

function fill(scope: Scope, hint: CaptureHint): void {
  const { level, user, tags, extra, contexts = {}, fingerprint, attachments = [] } = hint;
  if (level !== undefined) scope.setLevel(level);
  if (user !== undefined) scope.setUser(user);
  if (tags !== undefined) scope.setTags(tags);
  if (extra !== undefined) scope.setExtras(extra);
  for (const [name, context] of Object.entries(contexts)) scope.setContext(name, context);
  if (fingerprint !== undefined) scope.setFingerprint(fingerprint);
  for (const attachment of attachments) scope.addAttachment(attachment);
}
