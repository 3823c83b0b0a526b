import { cut } from "../support/text.js";
import { attempt, firstOf, ignoreRejection, memberOf, ownEntries } from "../support/foreign.js";
import { guardMethods } from "../support/guard.js";
import { normalize } from "../support/normalize.js";
import { validLevel } from "../protocol/relay-values.js";
import type { ValueRule } from "../protocol/relay-values.js";
import type { Attachment, EventProcessor, SeverityLevel } from "../protocol/events.js";
import { EMPTY_SCOPE_DATA, addCrumb } from "./scope-data.js";
import {
  attachmentCopy,
  checkedBreadcrumb,
  added,
  appended,
  writeTag,
  MAX_HANDLERS,
  MAX_MEMBERS,
  checkedUser,
  contextCopies,
  frozenCopy,
} from "./scope-values.js";
import type { Breadcrumb, ScopeChange, ScopeData, TagValue, User } from "./scope-data.js";

const MAX_NAME_LENGTH = 200;
const MAX_READ_NAME = 1024;

// One level more than of a context: each member is a value of its own.
const MEMBER_DEPTH = 4;

// Those that remove a tag, or are no tags, are not held.
const MAX_READ_TAGS = 5 * MAX_MEMBERS;

/** How many breadcrumbs a scope keeps when the client does not say otherwise. */
export const DEFAULT_MAX_BREADCRUMBS = 100;

// A fork reads nothing, and what the function throws that `update` runs is the caller's.
type SettersOf<T> = Omit<T, "clone" | "fork" | "update">;

/**
 * Data for the events of one unit of work. Copy-on-write: a fork shares everything until one side is
 * written to, and costs one object. Follows Sentry's scopes specification. No method throws.
 */
export class Scope {
  #data: ScopeData;

  static {
    guardMethods(Scope.prototype as SettersOf<Scope>, {
      addAttachment: itself,
      addBreadcrumb: itself,
      addEventProcessor: itself,
      clear: itself,
      clearAttachments: itself,
      clearBreadcrumbs: itself,
      setAttribute: itself,
      setAttributes: itself,
      setContext: itself,
      setExtra: itself,
      setExtras: itself,
      setFingerprint: itself,
      setLevel: itself,
      setTag: itself,
      setTags: itself,
      setTransactionName: itself,
      setUser: itself,
    });
  }

  /** A scope with the given data; empty by default. */
  constructor(data: ScopeData = EMPTY_SCOPE_DATA) {
    this.#data = data;
  }

  /** A scope that starts with this one's data; later changes on either side stay there. */
  fork(): Scope {
    return new Scope(this.#data);
  }

  /** Forks the scope: `fork` by its name in Sentry's SDKs. */
  clone(): Scope {
    return this.fork();
  }

  /**
   * Sets what the members name, or what another scope holds, keeping the rest; or calls a function with this scope, which
   * may throw. Breadcrumbs and event processors of another scope stay there.
   */
  update(change: Scope | ScopeChange | ((scope: Scope) => unknown)): this {
    if (typeof change === "function") ignoreRejection(change(this));
    else if (isScope(change)) writeMembers(this, change.data);
    else if (isObject(change)) writeMembers(this, change);
    return this;
  }

  /** What the scope holds now: frozen, it does not change later. */
  get data(): ScopeData {
    return this.#data;
  }

  /** Sets the user, replacing the one before; `null` removes it. */
  setUser(user: User | null): this {
    if (!isObject(user)) return this.#with({ user: undefined });
    const { value, isBroken } = checkedUser(frozenCopy(user));
    return this.#with({ user: Object.freeze(value) }, isBroken ? "user" : undefined);
  }

  /** Sets one tag, as text; keys and values are cut at 200 characters, `undefined`, `null` and "" remove it. */
  setTag(key: string, value: TagValue): this {
    return typeof key === "string" ? this.setTags({ [key]: value }) : this;
  }

  /** Sets several tags, keeping the others; at most 200. */
  setTags(tags: Readonly<Record<string, TagValue>>): this {
    if (!isObject(tags)) return this;
    const merged = { ...this.#data.tags };
    let broken: ValueRule | undefined;
    for (const [key, value] of ownEntries(tags, MAX_READ_TAGS))
      broken = writeTag(merged, key, value) ?? broken;
    return this.#with({ tags: Object.freeze(merged) }, broken);
  }

  /** Sets a named context, replacing the one of that name; `null` removes it. At most 200. */
  setContext(name: string, context: Readonly<Record<string, unknown>> | null): this {
    if (typeof name !== "string") return this;
    const { [name]: _replaced, ...others } = this.#data.contexts;
    const contexts = isObject(context) ? added(others, { [name]: frozenCopy(context) }) : others;
    return this.#with({ contexts: Object.freeze(contexts) });
  }

  /** Sets one extra value. */
  setExtra(key: string, value: unknown): this {
    return typeof key === "string" ? this.setExtras({ [key]: value }) : this;
  }

  /** Sets several extra values, keeping the others; at most 200. */
  setExtras(extras: Readonly<Record<string, unknown>>): this {
    if (!isObject(extras)) return this;
    return this.#with({ extra: added(this.#data.extra, frozenCopy(extras, MEMBER_DEPTH)) });
  }

  /** Sets one attribute (for logs, metrics and streamed spans; not put on transactions). */
  setAttribute(key: string, value: unknown): this {
    return typeof key === "string" ? this.setAttributes({ [key]: value }) : this;
  }

  /** Sets several attributes, keeping the others; at most 200. */
  setAttributes(attributes: Readonly<Record<string, unknown>>): this {
    if (!isObject(attributes)) return this;
    const copy = frozenCopy(attributes, MEMBER_DEPTH);
    return this.#with({ attributes: added(this.#data.attributes, copy) });
  }

  /** Sets how events are grouped; replaces the server's own grouping. */
  setFingerprint(fingerprint: readonly string[]): this {
    const parts = normalize(fingerprint);
    if (!Array.isArray(parts)) return this;
    return this.#with({
      fingerprint: parts.length === 0 ? undefined : Object.freeze(parts.map(String)),
    });
  }

  /** Sets the level of events captured under this scope. */
  setLevel(level: SeverityLevel): this {
    const valid = validLevel(level);
    if (valid === undefined) return this.#with({}, "level");
    return this.#with({ level: valid as SeverityLevel }, valid === level ? undefined : "level");
  }

  /** Sets the transaction name that error events of this scope carry. */
  setTransactionName(name: string): this {
    return typeof name === "string"
      ? this.#with({ transactionName: cut(name.slice(0, MAX_READ_NAME).trim(), MAX_NAME_LENGTH) })
      : this;
  }

  /** Adds a breadcrumb; the oldest goes when there are more than `limit` (default 100). */
  addBreadcrumb(crumb: Breadcrumb, limit: number = DEFAULT_MAX_BREADCRUMBS): this {
    if (!isObject(crumb)) return this;
    const { value, isBroken } = checkedBreadcrumb(frozenCopy(crumb), Date.now() / 1000);
    const max = typeof limit === "number" ? limit : DEFAULT_MAX_BREADCRUMBS;
    const breadcrumbs = addCrumb(this.#data.breadcrumbs, Object.freeze(value), max);
    return this.#with({ breadcrumbs }, isBroken ? "breadcrumb" : undefined);
  }

  /** Removes the breadcrumbs. */
  clearBreadcrumbs(): this {
    return this.#with({ breadcrumbs: undefined });
  }

  /**
   * Adds a function that sees the events of this scope: error events, also in the outer scopes' order, and
   * transactions. It may change them or return `null` to drop them; one that throws is passed over.
   */
  addEventProcessor(processor: EventProcessor): this {
    if (typeof processor !== "function") return this;
    return this.#with({ eventProcessors: appended(this.#data.eventProcessors, processor) });
  }

  /** Adds a file that goes with the error events of this scope. */
  addAttachment(attachment: Attachment): this {
    if (!isObject(attachment)) return this;
    const attachments = appended(this.#data.attachments, attachmentCopy(attachment));
    return this.#with({ attachments });
  }

  /** Removes the files. */
  clearAttachments(): this {
    return this.#with({ attachments: EMPTY_SCOPE_DATA.attachments });
  }

  /** Removes everything from this scope. */
  clear(): this {
    if (this.admits(EMPTY_SCOPE_DATA)) this.#data = EMPTY_SCOPE_DATA;
    return this;
  }

  /** Tells whether a change is made. */
  protected admits(_change: Partial<ScopeData>): boolean {
    return true;
  }

  // `rule`: one that a given value broke. The client reports it with the next event.
  #with(change: Partial<ScopeData>, rule?: ValueRule): this {
    if (!this.admits(change)) return this;
    const known = this.#data.broken;
    const broken =
      rule === undefined || known.includes(rule) ? known : Object.freeze([...known, rule]);
    this.#data = Object.freeze({ ...this.#data, ...change, broken });
    return this;
  }
}

// What throws on a value that was given leaves the scope as it is.
function itself(this: Scope): Scope {
  return this;
}

// By what it can do: a scope of another copy of the package is of another class.
function isScope(value: Scope | ScopeChange): value is Scope {
  return isObject(memberOf(value, "data")) && typeof memberOf(value, "fork") === "function";
}

// What is written may be anything: a member that cannot be read is passed over.
function writeMembers(scope: Scope, change: ScopeChange): void {
  const read = <Key extends keyof ScopeChange>(key: Key): ScopeChange[Key] =>
    attempt<ScopeChange[Key]>(() => change[key], undefined);
  const level = read("level");
  const user = read("user");
  const fingerprint = read("fingerprint");
  if (level !== undefined) scope.setLevel(level);
  if (user !== undefined) scope.setUser(user);
  if (fingerprint !== undefined) scope.setFingerprint(fingerprint);
  scope
    .setTags(read("tags") ?? {})
    .setExtras(read("extra") ?? {})
    .setAttributes(read("attributes") ?? {});
  for (const [name, context] of contextCopies(read("contexts"), MAX_MEMBERS))
    scope.setContext(name, context);
  for (const attachment of firstOf(read("attachments"), MAX_HANDLERS))
    if (isObject(attachment)) scope.addAttachment(attachment as Attachment);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
