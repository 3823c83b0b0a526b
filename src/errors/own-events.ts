import { SEVERITY_LEVELS } from "../protocol/events.js";
import type { ErrorEvent, JsonRecord, SeverityLevel } from "../protocol/events.js";
import { clip, textOf } from "../support/text.js";
import { isList, isRecord, objectFrom, propertyOf } from "../support/foreign.js";
import { normalize } from "../support/normalize.js";
import { copyBudget, nodesOfText } from "../support/copy-budget.js";
import type { EventIdentity } from "./exception-events.js";
import { baseEvent } from "./exception-events.js";

/** An event built by the application; every property is optional. */
export type OwnEvent = Partial<ErrorEvent>;

const EVENT_ID = /^[0-9a-f]{32}$/;

// Half of the bytes that Sentry accepts for a whole event. Copying, filtering and encoding so many characters takes about
// 10 ms at most. Sentry itself keeps 262,144 bytes of `extra`, and less of all other fields.
const LIMITS = { depth: 10, totalLength: 524_288, omitUndefined: true };

// Fields that are read; the protocol defines about 40.
const MAX_FIELDS = 200;

type Shape = (value: unknown) => boolean;

const isText: Shape = (value) => typeof value === "string";
const isRecordOf =
  (shape: Shape): Shape =>
  (value) =>
    isRecord(value) && Object.values(value as JsonRecord).every((field) => shape(field));
const isListOf =
  (shape: Shape): Shape =>
  (value) =>
    isList(value) && value.every((field) => shape(field));
const hasRecords: Shape = (value) =>
  isRecord(value) && isListOf(isRecord)((value as JsonRecord)["values"]);

// A property of another type would make the server reject the event, or break merging it with the scopes. A Map,
// because an event that was parsed from JSON may have a property called `constructor`.
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

/** Returns what is wrong with an event built by the application; undefined if it is valid. */
export function ownEventProblem(event: unknown): string | undefined {
  if (!isRecord(event)) return "it is not an object";
  return propertyOf(event, "type") === "transaction"
    ? "transactions cannot be captured; they are built from spans"
    : undefined;
}

/**
 * Copies an event built by the application and adds the fields that every event needs; its own id, timestamp and level
 * take precedence. Properties of the wrong type are left out. Never throws.
 */
export function errorEventFromOwn(event: OwnEvent, hint: EventIdentity): ErrorEvent {
  const copy = normalize(event, LIMITS);
  if (!isRecord(copy)) return baseEvent("error", hint);
  const fields = Object.entries(copy as JsonRecord)
    .slice(0, MAX_FIELDS)
    .filter(([name, value]) => name !== "type" && SHAPES.get(name)?.(value) !== false);
  const own = objectFrom(fields) as OwnEvent;
  const level: SeverityLevel = own.level ?? "error";
  return { ...baseEvent(level, hint), ...own };
}

/** Feedback from a user (Sentry protocol: user feedback). */
export interface Feedback {
  /** Required. Cut after 4096 characters. */
  readonly message: string;
  readonly name?: string;
  readonly email?: string;
  /** The page from which the feedback was sent. */
  readonly url?: string;
  /** How the feedback was collected, for example the name of a form. */
  readonly source?: string;
  /** Id of the error event that the feedback is about. */
  readonly associatedEventId?: string;
}

const MAX_MESSAGE_LENGTH = 4096;
const MAX_TEXT_LENGTH = 512;

/** Returns what is wrong with the feedback; undefined if it is valid. */
export function feedbackProblem(feedback: unknown): string | undefined {
  if (typeof feedback !== "object" || feedback === null) return "it is not an object";
  const message = propertyOf(feedback, "message");
  const hasMessage = typeof message === "string" && /\S/.test(message.slice(0, MAX_MESSAGE_LENGTH));
  return hasMessage ? undefined : "it has no message";
}

/** Builds the event of user feedback, at level `info`. */
export function feedbackEvent(feedback: Feedback, hint: EventIdentity): ErrorEvent {
  const budget = copyBudget();
  const optional = (name: keyof Feedback): string | undefined => {
    const value = propertyOf(feedback, name);
    if (value === undefined || value === null) return undefined;
    const text = textOf(value);
    budget.nodes -= nodesOfText(text);
    return budget.nodes > 0 ? clip(text, MAX_TEXT_LENGTH) : undefined;
  };
  const fields = {
    message: clip(textOf(propertyOf(feedback, "message")), MAX_MESSAGE_LENGTH),
    name: optional("name"),
    contact_email: optional("email"),
    url: optional("url"),
    source: optional("source"),
    associated_event_id: optional("associatedEventId"),
  };
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return { ...baseEvent("info", hint), contexts: { feedback: Object.fromEntries(known) } };
}
