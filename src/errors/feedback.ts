import { memberOf } from "../support/foreign.js";
import { clip } from "../support/cut.js";
import { textOf } from "../support/text.js";
import type { ErrorEvent } from "../protocol/error-event.js";
import { baseEvent } from "./thrown-event.js";
import type { EventIdentity } from "./thrown-event.js";

/** What a user says (protocol: user feedback). */
export interface Feedback {
  /** At most 4096 characters. */
  readonly message: string;
  readonly name?: string;
  readonly email?: string;
  /** Where it was said. */
  readonly url?: string;
  /** What it was said through, such as a form's name. */
  readonly source?: string;
  /** Id of the event that it is about. */
  readonly associatedEventId?: string;
}

const MAX_MESSAGE_LENGTH = 4096;
const MAX_TEXT_LENGTH = 512;

/** What is wrong with feedback; undefined if nothing is. */
export function feedbackProblem(feedback: unknown): string | undefined {
  if (typeof feedback !== "object" || feedback === null) return "it is no object";
  const message = memberOf(feedback, "message");
  const isText = typeof message === "string" && /\S/.test(message.slice(0, MAX_MESSAGE_LENGTH));
  return isText ? undefined : "it has no message";
}

/** The event of feedback, of level `info`. */
export function feedbackEvent(feedback: Feedback, hint: EventIdentity): ErrorEvent {
  const optional = (name: keyof Feedback): string | undefined => {
    const value = memberOf(feedback, name);
    return value === undefined || value === null ? undefined : clip(textOf(value), MAX_TEXT_LENGTH);
  };
  const members = {
    message: clip(textOf(memberOf(feedback, "message")), MAX_MESSAGE_LENGTH),
    name: optional("name"),
    contact_email: optional("email"),
    url: optional("url"),
    source: optional("source"),
    associated_event_id: optional("associatedEventId"),
  };
  const known = Object.entries(members).filter(([, value]) => value !== undefined);
  return { ...baseEvent("info", hint), contexts: { feedback: Object.fromEntries(known) } };
}
