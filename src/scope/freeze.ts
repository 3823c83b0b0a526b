import { isRecord, memberOf } from "../support/foreign.js";
import { normalize } from "../support/normalize.js";
import type { Attachment } from "../protocol/events.js";
import type { FrozenRecord } from "./scope-data.js";

/**
 * A deeply frozen JSON copy of what the application passed: a later change of its object changes no
 * scope, and no fork can change another's value. The application's own object stays untouched.
 * `depth` levels of objects are kept.
 */
export function frozenCopy(value: object, depth: number = 3): FrozenRecord {
  const copy = normalize(value, { depth, omitUndefined: true });
  return isRecord(copy) ? deepFreeze(copy) : Object.freeze({});
}

const ATTACHMENT_MEMBERS = ["filename", "data", "contentType", "attachmentType"] as const;

/** A frozen copy of the members that an attachment has, and no others; one whose getter throws is left out. */
export function attachmentCopy(attachment: Attachment): Attachment {
  const members = ATTACHMENT_MEMBERS.map((name) => [name, memberOf(attachment, name)] as const);
  const given = members.filter(([, value]) => value !== undefined);
  return Object.freeze(Object.fromEntries(given) as Partial<Attachment>) as Attachment;
}

/** Copies of several contexts, at most `max`, within the bounds of one value: `null` stands for one to remove. */
export function contextCopies(contexts: unknown, max: number): [string, FrozenRecord | null][] {
  if (typeof contexts !== "object" || contexts === null) return [];
  return Object.entries(frozenCopy(contexts, CONTEXTS_DEPTH))
    .slice(0, max)
    .map(([name, context]) => [name, isRecord(context) ? context : null]);
}

// One level more than of a context.
const CONTEXTS_DEPTH = 4;

/** Freezes a JSON value and all in it. */
export function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === "object" && member !== null) deepFreeze(member);
  }
  return Object.freeze(value);
}
