import { context } from "@opentelemetry/api";

import type { ClientCore } from "../client/client-core.js";
import { newEventId } from "../client/event-id.js";
import { activeAttribution, attributeError } from "../context/attribution.js";
import { clientFor } from "../context/global-client.js";
import { scopesOf } from "../context/scope-context.js";
import type { ErrorEvent, SeverityLevel } from "../protocol/events.js";
import type { ScopeChange } from "../scope/scope-data.js";
import { Scope } from "../scope/scope.js";
import { clip } from "../support/text.js";
import { guardCallback } from "../support/diagnostics.js";
import { isError, isObjectLike, propertyOf } from "../support/foreign.js";
import { guardOf } from "../support/guard.js";
import type { ErrorClient, ErrorReports, EventKind } from "./error-reports.js";
import type { CaptureMechanism } from "./exception-values.js";
import {
  errorEventFromOwn,
  feedbackEvent,
  feedbackProblem,
  ownEventProblem,
} from "./own-events.js";
import type { Feedback, OwnEvent } from "./own-events.js";
import { errorEventFromMessage, stackAbove } from "./exception-events.js";

/**
 * Reports a thrown value with the user, tags and trace of the unit of work in which it was first seen. `captureContext`
 * adds data to this event only. An error that was already reported in the same trace is not reported again. Returns the
 * id of the event, or of the earlier event. Never throws.
 */
export function captureException(thrown: unknown, captureContext?: CaptureContext): string {
  const client = clientFor<ErrorClient>("captureException", "errors");
  if (client === undefined) return newEventId();
  return captureThrown(client.errors, thrown, { captureContext, caller: captureException });
}

/** Parameters of `captureThrown`. */
interface ThrownCapture {
  readonly captureContext: CaptureContext | undefined;
  /** For a capture context without a mechanism. */
  readonly mechanism?: CaptureMechanism;
  /** The public function that was called: a value that is not an error gets the stack trace of this call. */
  readonly caller: (thrown: unknown, captureContext?: CaptureContext) => unknown;
}

/** Reports a thrown value and returns the id of its event. Never throws. */
export function captureThrown(
  errors: ErrorReports,
  thrown: unknown,
  { captureContext, caller, ...other }: ThrownCapture,
): string {
  const mechanism = mechanismOf(captureContext) ?? other.mechanism;
  const syntheticStack = isError(thrown) ? undefined : stackAbove(guardOf(caller));
  const attribution = attributeError(thrown);
  const own = scopeOfCapture(captureContext, errors.client);
  const atMillis = Date.now();
  const id = errors.reportThrown(thrown, { attribution, own, mechanism, atMillis, syntheticStack });
  noteEvent(id);
  return id;
}

/** Returns the id of the last error event or message captured in the current unit of work, or undefined. */
export function lastEventId(): string | undefined {
  return scopesOf(context.active()).unit.lastEventId;
}

// An error belongs to the unit in which it was first seen, but the handler that captures it may call `lastEventId` in
// its own unit. So the id is stored in both.
function noteEvent(id: string): void {
  scopesOf(context.active()).unit.lastEventId = id;
}

/** Reports a message; the default level is `info`. Returns the id of the event. Never throws. */
export function captureMessage(
  message: string,
  levelOrContext: CaptureContext | SeverityLevel = "info",
): string {
  const level = typeof levelOrContext === "string" ? levelOrContext : "info";
  const captureContext = typeof levelOrContext === "string" ? undefined : levelOrContext;
  const client = clientFor<ErrorClient>("captureMessage", "errors");
  const hint = eventHint();
  if (client !== undefined)
    report(client, errorEventFromMessage(message, level, hint), { captureContext });
  return hint.eventId;
}

/**
 * Reports an error event that the application has built or received. Scopes, hooks
 * and sample rates apply as for any error; values of the event take precedence over the scopes. An event that Sentry
 * could not process is not sent, and a diagnostic is logged. Returns the id of the event. Never throws.
 */
export function captureEvent(event: OwnEvent, captureContext?: CaptureContext): string {
  const client = clientFor<ErrorClient>("captureEvent", "errors");
  if (client === undefined) return newEventId();
  const problem = ownEventProblem(event);
  const made = errorEventFromOwn(problem === undefined ? event : {}, eventHint());
  if (problem === undefined) report(client, made, { captureContext });
  else warn(client, "captureEvent did not send an event", problem);
  return made.event_id;
}

/**
 * Sends user feedback, with the data of the scopes and the active trace. Feedback without a message is not sent, and a
 * diagnostic is logged. Returns the id of its event. Never throws.
 */
export function captureFeedback(feedback: Feedback, captureContext?: CaptureContext): string {
  const client = clientFor<ErrorClient>("captureFeedback", "errors");
  const hint = eventHint();
  if (client === undefined) return hint.eventId;
  const problem = feedbackProblem(feedback);
  if (problem === undefined)
    report(client, feedbackEvent(feedback, hint), { captureContext, category: "feedback" });
  else warn(client, "captureFeedback did not send the feedback", problem);
  return hint.eventId;
}

function warn({ core }: ErrorClient, effect: string, problem: string): void {
  core.diagnostics.warnOnce(effect, `${effect}: ${problem}`);
}

function report(
  client: ErrorClient,
  event: ErrorEvent,
  { captureContext, ...kind }: EventKind & { readonly captureContext: CaptureContext | undefined },
): void {
  const own = scopeOfCapture(captureContext, client.core);
  client.errors.reportEvent(event, { attribution: activeAttribution(), own, ...kind });
}

function eventHint(): { readonly eventId: string; readonly timestamp: number } {
  return { eventId: newEventId(), timestamp: Date.now() / 1000 };
}

/** User, tags and other data for one event; takes precedence over all scopes. */
export interface CaptureHint extends ScopeChange {
  /** Default: `{ type: "generic", handled: true }`. */
  readonly mechanism?: CaptureMechanism | undefined;
}

/** Data for one event, or a function that sets it on the scope of that event. */
export type CaptureContext = CaptureHint | ((scope: Scope) => unknown);

const CAPTURE_CONTEXT = {
  name: "capture context",
  effect: "the event is sent with the data that was set before the error",
};

/** Builds the scope of one event from a value of any kind. Never throws. */
function scopeOfCapture(
  captureContext: CaptureContext | undefined,
  { diagnostics }: ClientCore,
): Scope | undefined {
  if (captureContext === undefined || captureContext === null) return undefined;
  const scope = new Scope();
  guardCallback(diagnostics, CAPTURE_CONTEXT, () => scope.update(captureContext));
  return scope;
}

const MAX_TYPE_LENGTH = 200;

/** Reads the mechanism of a hint; undefined if it has none. */
function mechanismOf(captureContext: CaptureContext | undefined): CaptureMechanism | undefined {
  const mechanism = propertyOf(captureContext, "mechanism");
  if (typeof captureContext !== "object" || !isObjectLike(mechanism)) return undefined;
  const type = propertyOf(mechanism, "type");
  const handled = propertyOf(mechanism, "handled");
  return {
    type: typeof type === "string" ? clip(type, MAX_TYPE_LENGTH) : "generic",
    handled: typeof handled === "boolean" ? handled : true,
  };
}
