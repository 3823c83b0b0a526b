import type { Attachment, EventProcessor, SeverityLevel } from "../protocol/events.js";
import type { ValueRule } from "../protocol/relay-values.js";

/** The user that a unit of work is done for (protocol: user interface). Unknown fields are kept. */
export interface User {
  readonly id?: number | string;
  readonly email?: string;
  readonly username?: string;
  readonly ip_address?: string;
  readonly [key: string]: unknown;
}

/** A `User`, or an object of the application's own type, which may be an interface. */
export type UserInput = User | (Pick<User, "email" | "id" | "ip_address" | "username"> & object);

/** Something that happened before an event. `timestamp` is in seconds since 1970; default now. */
export interface Breadcrumb {
  readonly timestamp?: number;
  readonly type?: string;
  readonly category?: string;
  readonly message?: string;
  readonly level?: SeverityLevel;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** A `Breadcrumb` whose data may be of the application's own type, which may be an interface. */
export type BreadcrumbInput = Omit<Breadcrumb, "data"> & { readonly data?: object };

/** A value for a tag; `undefined` and `null` remove the tag. */
export type TagValue = bigint | boolean | number | string | null | undefined;

/** Data for a scope, as `Scope.update` accepts it. Properties that are not set leave the scope's values unchanged. */
export interface ScopeChange {
  readonly level?: SeverityLevel | undefined;
  /** Replaces the user. */
  readonly user?: UserInput | undefined;
  readonly tags?: Readonly<Record<string, TagValue>> | undefined;
  readonly extra?: object | undefined;
  readonly contexts?: Readonly<Record<string, object>> | undefined;
  /** Attributes of logs and metrics. */
  readonly attributes?: object | undefined;
  readonly fingerprint?: readonly string[] | undefined;
  readonly attachments?: readonly Attachment[] | undefined;
}

/** A deeply frozen JSON object. */
export type FrozenRecord = Readonly<Record<string, unknown>>;

/**
 * The breadcrumbs of a scope, newest first. It is a linked list: adding a breadcrumb allocates one small object, and a
 * fork shares all earlier ones.
 */
type BreadcrumbTrail = Trail<Breadcrumb>;

/** A node of a linked list, newest first, whose tail may be shared by several lists. */
export interface Trail<Entry> {
  readonly entry: Entry;
  readonly previous: Trail<Entry> | undefined;
  readonly length: number;
}

// A class instead of an object literal: once many objects of one literal have survived a collection, V8 allocates all
// further ones in the old generation, which they would fill although each lives only as long as its request.
class TrailNode<Entry> implements Trail<Entry> {
  readonly entry: Entry;
  readonly previous: Trail<Entry> | undefined;
  readonly length: number;

  constructor(entry: Entry, previous: Trail<Entry> | undefined) {
    this.entry = entry;
    this.previous = previous;
    this.length = previous === undefined ? 1 : previous.length + 1;
  }
}

/** The data of a scope. Every value is deeply frozen, so that forks can share it. */
export interface ScopeData {
  readonly user: User | undefined;
  readonly tags: Readonly<Record<string, boolean | number | string>>;
  readonly contexts: Readonly<Record<string, FrozenRecord>>;
  readonly extra: FrozenRecord;
  readonly attributes: FrozenRecord;
  readonly breadcrumbs: BreadcrumbTrail | undefined;
  readonly fingerprint: readonly string[] | undefined;
  readonly level: SeverityLevel | undefined;
  readonly transactionName: string | undefined;
  readonly eventProcessors: readonly EventProcessor[];
  readonly attachments: readonly Attachment[];
  /** Rules of Relay that values of this scope broke before they were repaired, without duplicates. */
  readonly broken: readonly ValueRule[];
}

const NOTHING = Object.freeze({});
const NONE = Object.freeze([]);

export const EMPTY_SCOPE_DATA: ScopeData = Object.freeze({
  user: undefined,
  tags: NOTHING,
  contexts: NOTHING,
  extra: NOTHING,
  attributes: NOTHING,
  breadcrumbs: undefined,
  fingerprint: undefined,
  level: undefined,
  transactionName: undefined,
  eventProcessors: NONE,
  attachments: NONE,
  broken: NONE,
});

/** Returns a copy of a scope's data that can be changed before it is frozen. */
export function scopeCopy(data: ScopeData): {
  -readonly [Name in keyof ScopeData]: ScopeData[Name];
} {
  // Listed property by property: a spread takes four times as long.
  return {
    user: data.user,
    tags: data.tags,
    contexts: data.contexts,
    extra: data.extra,
    attributes: data.attributes,
    breadcrumbs: data.breadcrumbs,
    fingerprint: data.fingerprint,
    level: data.level,
    transactionName: data.transactionName,
    eventProcessors: data.eventProcessors,
    attachments: data.attachments,
    broken: data.broken,
  };
}

/** Adds a breadcrumb. The list is cut to `limit` when it exceeds twice that, so that adding takes constant time. */
export function addToTrail<Entry>(
  trail: Trail<Entry> | undefined,
  entry: Entry,
  limit: number,
): Trail<Entry> | undefined {
  if (limit <= 0) return undefined;
  if (trail === undefined || trail.length < 2 * limit) return new TrailNode(entry, trail);
  return trailOf([...newestBreadcrumbs(trail, limit - 1), entry]);
}

/** Returns the newest `limit` breadcrumbs, oldest first. */
export function newestBreadcrumbs<Entry>(trail: Trail<Entry> | undefined, limit: number): Entry[] {
  const entries: Entry[] = [];
  for (let node = trail; node !== undefined && entries.length < limit; node = node.previous) {
    entries.push(node.entry);
  }
  return entries.toReversed();
}

function trailOf<Entry>(entries: readonly Entry[]): Trail<Entry> | undefined {
  let trail: Trail<Entry> | undefined;
  for (const entry of entries) {
    trail = new TrailNode(entry, trail);
  }
  return trail;
}
