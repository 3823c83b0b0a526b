import type { ProcessData } from "../client/process-data.js";
import { detached } from "../support/detached.js";
import { objectFrom, ownEntries } from "../support/foreign.js";
import type { ScopeData } from "../scope/scope-data.js";
import type { MissingAttributes } from "./encode-item.js";
import type { ReadBudget, RecordPrivacy } from "./record-privacy.js";
import { ADDRESS_KEY, PROCESS_KEYS, processEntries } from "./encode-item.js";

/** The attributes of one item, in order of precedence: if not all fit, the last ones are left out. */
export type ItemAttributes = Map<string, unknown>;

/** Attributes of one item that are read. More would exceed the characters that are sent. */
export const MAX_ITEM_ATTRIBUTES = 1000;

/** Filter and size limit for the attributes of an item. */
interface AttributeReading {
  readonly privacy: RecordPrivacy;
  readonly budget: ReadBudget;
}

/**
 * Collects the attributes of a log or metric with secrets filtered: its own, those of the scopes (the most specific
 * scope first), and `user.*` from the scopes unless set (protocol: logs, default attributes). Attributes of the process
 * are not included. Never throws.
 */
export function itemAttributes(
  own: object,
  scopes: readonly ScopeData[],
  reading: AttributeReading,
): ItemAttributes {
  const attributes: ItemAttributes = new Map();
  for (const entry of ownEntries<unknown>(own, MAX_ITEM_ATTRIBUTES))
    addShown(attributes, entry, reading);
  for (const scope of scopes.toReversed()) {
    for (const key in scope.attributes) addShown(attributes, [key, scope.attributes[key]], reading);
  }
  addUser(attributes, scopes);
  return attributes;
}

/** Returns which attributes of the process must be appended to an item with these attributes. */
export function missingAttributesOf(attributes: ItemAttributes): MissingAttributes {
  return attributes.has(ADDRESS_KEY) ? "process-but-address" : "process";
}

/** Returns the attributes for a hook, including those of the process, as a copy that the hook may change. */
export function attributesForHook(
  attributes: ItemAttributes,
  fields: ProcessData,
): Record<string, unknown> {
  return detached(objectFrom([...processEntries(fields), ...attributes]));
}

/** Returns the attributes that an application passed; an empty object if they are not an object. */
export function attributesObject(attributes: unknown): object {
  return typeof attributes === "object" && attributes !== null ? attributes : {};
}

/** Reads the attributes that a hook returned, which may be of any type. */
export function attributesOfHook(attributes: unknown): Iterable<readonly [string, unknown]> {
  return typeof attributes === "object" && attributes !== null
    ? ownEntries<unknown>(attributes, MAX_ITEM_ATTRIBUTES)
    : [];
}

function addShown(
  attributes: ItemAttributes,
  [key, value]: readonly [string, unknown],
  { privacy, budget }: AttributeReading,
): void {
  if (attributes.has(key) || PROCESS_KEYS.has(key)) return;
  const shown = privacy.attribute(key, value, budget);
  if (shown !== undefined || value === undefined) attributes.set(key, shown);
}

function addIfNew(attributes: ItemAttributes, key: string, value: unknown): void {
  if (!attributes.has(key) && !PROCESS_KEYS.has(key)) attributes.set(key, value);
}

// The user is merged field by field, as for events.
function addUser(attributes: ItemAttributes, scopes: readonly ScopeData[]): void {
  for (const { user } of scopes.toReversed()) {
    if (user === undefined) continue;
    addIfSet(attributes, "user.id", user.id);
    addIfSet(attributes, "user.name", user.username ?? user["name"]);
    addIfSet(attributes, "user.email", user.email);
  }
}

// The protocol defines these attributes as strings.
function addIfSet(attributes: ItemAttributes, key: string, value: unknown): void {
  if (typeof value === "string" && value !== "") addIfNew(attributes, key, value);
  else if (typeof value === "number") addIfNew(attributes, key, String(value));
}
