import { context } from "@opentelemetry/api";

import { errorEventFromMessage, stackAbove } from "./thrown-event.js";
import { feedbackEvent, feedbackProblem } from "./feedback.js";
import type { Feedback } from "./feedback.js";
import { errorEventFromOwn, ownEventProblem } from "./own-event.js";
import type { OwnEvent } from "./own-event.js";
import type { CaptureMechanism } from "./exception-values.js";
import type { SentryClient } from "../client/client.js";
import { isError } from "../support/foreign.js";
import { guardOf } from "../support/guard.js";
import { placeOfError } from "../context/error-places.js";
import { reportEvent, reportThrown } from "./error-reports.js";
import { scopesOf } from "../context/scope-context.js";
import type { EventKind } from "./error-reports.js";
import type { ErrorEvent, SeverityLevel } from "../protocol/error-event.js";
import { mechanismOf, scopeOfCapture } from "./capture-hint.js";
import type { CaptureContext } from "./capture-hint.js";
import { newEventId } from "../client/event-id.js";
import { clientFor } from "../context/global-client.js";

/**
 * Reports a thrown value with the user, tags and trace of the unit of work in which it was first
 * seen; `captureContext` is for this event alone. An error that was reported of the same unit before
 * is not reported again. Returns the id of the event. Never throws.
 */
export function captureException(thrown: unknown, captureContext?: CaptureContext): string {
  const client = clientFor("captureException");
  if (client === undefined) return newEventId();
  const mechanism = mechanismOf(captureContext);
  const syntheticStack = isError(thrown) ? undefined : stackAbove(guardOf(captureException));
  return captureThrown(client, thrown, { captureContext, mechanism, syntheticStack });
}

/** Details of the capture of a thrown value. */
export interface ThrownCapture {
  readonly captureContext: CaptureContext | undefined;
  readonly mechanism: CaptureMechanism | undefined;
  /** Stack of the capture, for a value that is no error and has none. */
  readonly syntheticStack: string | undefined;
}

/** Reports a thrown value. Returns the id of its event. Never throws. */
export function captureThrown(
  client: SentryClient,
  thrown: unknown,
  { captureContext, mechanism, syntheticStack }: ThrownCapture,
): string {
  const place = placeOfError(thrown);
  const own = scopeOfCapture(captureContext, client);
  const atMillis = Date.now();
  const id = reportThrown(client, thrown, { place, own, mechanism, atMillis, syntheticStack });
  noteEvent(id);
  return id;
}

/** Id of the error event or message that was captured last in the unit of work; undefined where there was none. */
export function lastEventId(): string | undefined {
  return scopesOf(context.active()).unit.lastEventId;
}

// An error keeps the unit in which it was first seen; the handler that captures it asks in its own.
function noteEvent(id: string): void {
  scopesOf(context.active()).unit.lastEventId = id;
}

/** Reports a message, at level `info` unless another is given. Returns the id of the event. Never throws. */
export function captureMessage(
  message: string,
  levelOrContext: CaptureContext | SeverityLevel = "info",
): string {
  const level = typeof levelOrContext === "string" ? levelOrContext : "info";
  const captureContext = typeof levelOrContext === "string" ? undefined : levelOrContext;
  const hint = eventHint();
  report(clientFor("captureMessage"), errorEventFromMessage(message, level, hint), {
    captureContext,
  });
  return hint.eventId;
}

/**
 * Reports an event that you have made yourself, such as one of another system; scopes, hooks and rates
 * apply to it as to any error. Its own values win over the scopes'. Returns its id. Never throws.
 */
export function captureEvent(event: OwnEvent, captureContext?: CaptureContext): string {
  const client = clientFor("captureEvent");
  const problem = ownEventProblem(event);
  const made = errorEventFromOwn(problem === undefined ? event : {}, eventHint());
  if (problem === undefined) report(client, made, { captureContext });
  else client?.diagnostics.warnOnce("capture-event", `an event is not sent: ${problem}`);
  return made.event_id;
}

/**
 * Sends what a user says about the application, with the scopes' data and the trace that is active.
 * Returns the id of its event. Never throws.
 */
export function captureFeedback(feedback: Feedback, captureContext?: CaptureContext): string {
  const client = clientFor("captureFeedback");
  const hint = eventHint();
  const problem = feedbackProblem(feedback);
  if (problem === undefined)
    report(client, feedbackEvent(feedback, hint), { captureContext, category: "feedback" });
  else client?.diagnostics.warnOnce("feedback", `feedback is not sent: ${problem}`);
  return hint.eventId;
}

function report(
  client: SentryClient | undefined,
  event: ErrorEvent,
  { captureContext, ...kind }: EventKind & { readonly captureContext: CaptureContext | undefined },
): void {
  if (client === undefined) return;
  const own = scopeOfCapture(captureContext, client);
  reportEvent(client, event, { place: placeOfError(undefined), own, ...kind });
}

function eventHint(): { readonly eventId: string; readonly timestamp: number } {
  return { eventId: newEventId(), timestamp: Date.now() / 1000 };
}
