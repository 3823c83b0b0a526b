import type { Attachment } from "../protocol/events.js";
import {
  isReservedTag,
  validLevel,
  validSeconds,
  validTagKey,
  tagText,
  validTagValue,
} from "../protocol/relay-values.js";
import type { ValueRule } from "../protocol/relay-values.js";
import { isRecord, ownEntries, propertyOf, setProperty } from "../support/foreign.js";
import { normalize } from "../support/normalize.js";
import type { CopyBudget } from "../support/copy-budget.js";
import { openPlainCopy, plainCopy } from "../support/plain-copy.js";
import { cut } from "../support/text.js";
import { nodesOfText } from "../support/copy-budget.js";
import type { FrozenRecord, TagValue } from "./scope-data.js";
import { nodeNet } from "../support/built-ins.js";

/** The most entries that a scope holds of each of tags, contexts, extras and attributes. More are ignored. */
export const MAX_SCOPE_ENTRIES = 200;

/** The most event processors, and the most attachments, that a scope holds. More are ignored. */
export const MAX_HANDLERS = 100;

/** Levels of objects that are kept by default. */
const DEPTH = 3;

/**
 * Returns a deeply frozen JSON copy of an object of the application, so that later changes to the object do not change
 * the scope, and no fork can change another's value. Keeps `depth` levels of objects, default 3.
 */
export function frozenCopy(value: object, depth: number = DEPTH): FrozenRecord {
  return plainCopy(value, depth) ?? Object.freeze(normalized(value, depth));
}

/** Returns a copy like `frozenCopy`, of which only the objects within it are frozen. */
export function openCopy(value: object): Fields {
  return openPlainCopy(value, DEPTH) ?? normalized(value, DEPTH);
}

function normalized(value: object, depth: number): Fields {
  const copy = normalize(value, { depth, omitUndefined: true });
  return isRecord(copy) ? withFrozenFields(copy) : {};
}

const ATTACHMENT_FIELDS = ["filename", "data", "contentType", "attachmentType"] as const;

/** Returns a frozen copy of an attachment, without unknown properties and those whose getters throw. */
export function attachmentCopy(attachment: Attachment): Attachment {
  const fields = ATTACHMENT_FIELDS.map((name) => [name, propertyOf(attachment, name)] as const);
  const given = fields.filter(([, value]) => value !== undefined);
  return Object.freeze(Object.fromEntries(given) as Partial<Attachment>) as Attachment;
}

/** Freezes a JSON value deeply. */
export function deepFreeze<T extends object>(value: T): T {
  return Object.freeze(withFrozenFields(value));
}

function withFrozenFields<T extends object>(value: T): T {
  for (const field of Object.values(value)) {
    if (typeof field === "object" && field !== null) deepFreeze(field);
  }
  return value;
}

/** A value that Relay accepts, and whether it was repaired for that. */
interface Checked {
  readonly value: Fields;
  readonly isBroken: boolean;
}

/** A tag that Relay accepts. `key` is undefined if the tag is invalid, `value` if the tag is to be removed. */
interface CheckedTag {
  readonly key: string | undefined;
  readonly value: string | undefined;
  readonly broken: ValueRule | undefined;
}

// Nearly all tags: the general way takes five times as long.
const SIMPLE_KEY = /^[\w.:-]{1,200}$/;
const SIMPLE_TEXT = /^[!-~](?:[ -~]{0,198}[!-~])?$/;

/** Returns a valid tag: key and value of 1 to 200 characters, the key of `\w.:-` only. Never throws. */
export function checkedTag(given: string, value: unknown): CheckedTag {
  const text = simpleText(value);
  if (text !== undefined && SIMPLE_KEY.test(given) && !isReservedTag(given))
    return { key: given, value: text, broken: undefined };
  return repairedTag(given, value);
}

function simpleText(value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && SIMPLE_TEXT.test(value) ? value : undefined;
}

function repairedTag(given: string, value: unknown): CheckedTag {
  const key = validTagKey(given);
  if (key === undefined) return { key, value: undefined, broken: "tagKey" };
  const isRemoved = value === undefined || value === null;
  const text = isRemoved ? undefined : validTagValue(value);
  // Relay itself replaces spaces by hyphens and trims values without an error, so these changes are not reported.
  if (key.length !== given.length || key !== given.replaceAll(" ", "-"))
    return { key, value: text, broken: "tagKey" };
  const isWhole = typeof value === "string" ? isTrimmed(text, value) : typeof value !== "object";
  return { key, value: text, broken: isRemoved || isWhole ? undefined : "tagValue" };
}

// Surrounding white space is not reported as broken. Limited, because trimming a very long string takes time.
const MAX_TRIMMED_LENGTH = 1024;

function isTrimmed(text: string | undefined, value: string): boolean {
  return value.length <= MAX_TRIMMED_LENGTH && text === value.trim();
}

const MAX_WORD_LENGTH = 128;
const MAX_MESSAGE_LENGTH = 8192;
const MAX_EMAIL_LENGTH = 75;
const MAX_GEO_LENGTH = 256;

type Fields = Record<string, unknown>;

type Rule = (value: unknown) => unknown;

type Rules = Readonly<Record<string, Rule | undefined>>;

// Short texts of a copy are storable already.
function wordOf(max: number): (value: unknown) => string | undefined {
  return (value) =>
    typeof value === "string" && value.length <= max ? value : textField(value, max);
}

const word = wordOf(MAX_WORD_LENGTH);

// Without a prototype, because a property may have any name.
function rulesFrom(rules: Rules): Rules {
  return Object.freeze(Object.assign(Object.create(null) as object, rules)) as Rules;
}

const BREADCRUMB_RULES = rulesFrom({
  timestamp: validSeconds,
  type: word,
  category: word,
  message: wordOf(MAX_MESSAGE_LENGTH),
  level: validLevel,
  data: recordField,
});

/** Makes a breadcrumb of JSON values valid, in place. The current time replaces a missing or invalid timestamp. */
export function checkedBreadcrumb(breadcrumb: Fields): Checked {
  const checked = checkedFields(breadcrumb, BREADCRUMB_RULES, () => undefined);
  breadcrumb["timestamp"] ??= Date.now() / 1000;
  return checked;
}

const USER_RULES = rulesFrom({
  id: (value) => (Number.isSafeInteger(value) ? value : word(value)),
  username: word,
  name: word,
  email: wordOf(MAX_EMAIL_LENGTH),
  ip_address: (value) => (isAddress(value) ? value : undefined),
  geo: (value) => (isFields(value) ? textsOf(value) : undefined),
  data: (value) => (isFields(value) ? value : undefined),
  segment: word,
});

/** Makes a user of JSON values valid, in place; unknown properties are kept. */
export function checkedUser(user: Fields): Checked {
  return checkedFields(user, USER_RULES, (value) => value);
}

// `other` is the rule for properties that `rules` does not name.
function checkedFields(value: Fields, rules: Rules, other: Rule): Checked {
  let isBroken = false;
  for (const key of Object.keys(value)) {
    const given = value[key];
    const field = (rules[key] ?? other)(given);
    if (field === given) continue;
    isBroken ||= hasChanged(given, field);
    if (field === undefined) delete value[key];
    else value[key] = field;
  }
  return { value, isBroken };
}

/** Converts a string, number or boolean to a string of at most `max` characters; returns undefined for other values. */
export function textField(value: unknown, max: number): string | undefined {
  if (typeof value === "string") return cut(value, max);
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

// Any other value is wrapped in an object, so that it is not lost.
function recordField(value: unknown): Fields | undefined {
  if (value === undefined || value === null || isFields(value)) return value ?? undefined;
  return { value };
}

function isAddress(value: unknown): value is string {
  return typeof value === "string" && (value === "{{auto}}" || nodeNet().isIP(value) !== 0);
}

function textsOf(record: Fields): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [key, value] of Object.entries(record)) {
    const text = textField(value, MAX_GEO_LENGTH);
    if (text !== undefined) setProperty(texts, key, text);
  }
  return texts;
}

// Only for JSON values: those of the application may be proxies, for which `Array.isArray` can throw.
function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// A value that is null stands for none.
function hasChanged(before: unknown, after: unknown): boolean {
  if (before === after || before === undefined || before === null) return false;
  if (!isFields(before) || !isFields(after)) return true;
  return Object.entries(before).some(([key, value]) => hasChanged(value, after[key]));
}

/** Adds properties to a frozen record; beyond the limit, new names are left out. */
export function withAdded<T>(
  fields: Readonly<Record<string, T>>,
  more: Readonly<Record<string, T>>,
): Readonly<Record<string, T>> {
  const all = { ...fields };
  let count = Object.keys(all).length;
  for (const [key, value] of Object.entries(more)) {
    if (!Object.hasOwn(all, key) && ++count > MAX_SCOPE_ENTRIES) break;
    setProperty(all, key, value);
  }
  return Object.freeze(all);
}

/** Sets an entry of a record; at the limit, a new name is ignored. */
export function addEntry<T>(fields: Record<string, T>, name: string, field: T): void {
  if (Object.hasOwn(fields, name) || Object.keys(fields).length < MAX_SCOPE_ENTRIES)
    setProperty(fields, name, field);
}

/** Appends to a frozen array; at the limit, the array stays unchanged. */
export function withAppended<T>(list: readonly T[], field: T): readonly T[] {
  return list.length >= MAX_HANDLERS ? list : Object.freeze([...list, field]);
}

// Tags that are read from one argument. More than a scope holds, since entries may be invalid or remove a tag.
const MAX_READ_TAGS = 5 * MAX_SCOPE_ENTRIES;

/** Returns the tags of an object, without texts for which the budget does not suffice; these are far too long for a tag. */
export function tagEntries(tags: object, budget: CopyBudget): [string, TagValue][] {
  return ownEntries<TagValue>(tags, MAX_READ_TAGS).filter(([, value]) => {
    const nodes = typeof value === "string" ? nodesOfText(value) : 0;
    budget.nodes -= nodes;
    return nodes === 0 || budget.nodes > 0;
  });
}

/** Writes a valid tag into `tags`, or removes it; returns the rule that the given key or value broke. */
export function writeTag(
  tags: Record<string, boolean | number | string>,
  given: string,
  givenValue: TagValue,
): ValueRule | undefined {
  const { key, value, broken } = checkedTag(given, givenValue);
  if (key === undefined) return broken;
  if (value === undefined) delete tags[key];
  // Secrets are found line by line, so line breaks become spaces after the search.
  else addEntry(tags, key, tagText(givenValue) ?? value);
  return broken;
}
