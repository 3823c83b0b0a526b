import { isList, isRecord, memberOf } from "../support/foreign.js";
import { normalize } from "../support/normalize.js";
import { SEVERITY_LEVELS } from "../protocol/error-event.js";
import type { ErrorEvent, JsonRecord, SeverityLevel } from "../protocol/error-event.js";
import type { EventIdentity } from "./thrown-event.js";
import { baseEvent } from "./thrown-event.js";

/** An event that the application has made itself: any of its members. */
export type OwnEvent = Partial<ErrorEvent>;

const EVENT_ID = /^[0-9a-f]{32}$/;

// As many characters as an event may have in all; `fitEvent` sees to the rest.
const LIMITS = { depth: 10, totalLength: 1_048_576, omitUndefined: true };

type Shape = (value: unknown) => boolean;

const isText: Shape = (value) => typeof value === "string";
const isRecordOf =
  (shape: Shape): Shape =>
  (value) =>
    isRecord(value) && Object.values(value as JsonRecord).every((member) => shape(member));
const isListOf =
  (shape: Shape): Shape =>
  (value) =>
    isList(value) && value.every((member) => shape(member));
const hasRecords: Shape = (value) =>
  isRecord(value) && isListOf(isRecord)((value as JsonRecord)["values"]);

// A member of another shape would cost the event at the server, or break the merge of scopes.
// A map: an event made of JSON may have a member called `constructor`.
const SHAPES: ReadonlyMap<string, Shape> = new Map(
  Object.entries({
    breadcrumbs: hasRecords,
    contexts: isRecordOf(isRecord),
    dist: isText,
    environment: isText,
    event_id: (value) => typeof value === "string" && EVENT_ID.test(value),
    exception: hasRecords,
    extra: isRecord,
    fingerprint: isListOf(isText),
    level: (value) => SEVERITY_LEVELS.has(value),
    logentry: isRecord,
    message: isText,
    release: isText,
    request: isRecord,
    sdk: isRecord,
    server_name: isText,
    tags: isRecord,
    timestamp: (value) => Number.isFinite(value),
    transaction: isText,
    user: isRecord,
  }),
);

/** What is wrong with an event of the application's; undefined if nothing is. */
export function ownEventProblem(event: unknown): string | undefined {
  if (!isRecord(event)) return "it is no object";
  return memberOf(event, "type") === "transaction" ? "transactions are made of spans" : undefined;
}

/**
 * A copy of an event that the application has made, with what every event has; its own id, time and
 * level stay. Members of a wrong shape are left out. Never throws.
 */
export function errorEventFromOwn(event: OwnEvent, hint: EventIdentity): ErrorEvent {
  const copy = normalize(event, LIMITS);
  if (!isRecord(copy)) return baseEvent("error", hint);
  const members = Object.entries(copy as JsonRecord).filter(
    ([name, value]) => name !== "type" && SHAPES.get(name)?.(value) !== false,
  );
  const own = Object.fromEntries(members) as OwnEvent;
  const level: SeverityLevel = own.level ?? "error";
  return { ...baseEvent(level, hint), ...own };
}
