import { errorEventFromException, errorEventFromMessage } from "../capture/error-event.js";
import type { SentryClient } from "../client/client.js";
import type { ErrorEvent, SeverityLevel } from "../protocol/error-event.js";
import { scopeData } from "../scope/merge.js";
import { processScopes } from "../scope/process-scopes.js";
import { placeOfError } from "../otel/error-places.js";
import type { ErrorPlace } from "../otel/error-places.js";
import { newEventId } from "./event-id.js";
import { getClient } from "./global-client.js";

/**
 * Reports a thrown value with the user, tags and trace of the unit of work in which it was first
 * seen. Returns the id of the event. Never throws.
 */
export function captureException(thrown: unknown): string {
  const eventId = newEventId();
  const place = placeOfError(thrown);
  report(errorEventFromException(thrown, { eventId, timestamp: Date.now() / 1000 }), place);
  return eventId;
}

/** Reports a message. Returns the id of the event. Never throws. */
export function captureMessage(message: string, level: SeverityLevel = "info"): string {
  const eventId = newEventId();
  report(
    errorEventFromMessage(message, level, { eventId, timestamp: Date.now() / 1000 }),
    placeOfError(undefined),
  );
  return eventId;
}

function report(
  event: ErrorEvent,
  place: ErrorPlace,
  client: SentryClient | undefined = getClient(),
): void {
  const { unit, current } = place.scopes;
  const scopes = scopeData(processScopes().global, unit.isolation, current);
  client?.captureError({ event, scopes, trace: place.trace });
}
