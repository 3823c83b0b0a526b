import { cut } from "../support/text.js";
import {
  attempt,
  firstOf,
  ignoreRejection,
  isRecord,
  objectFrom,
  propertyOf,
  ownEntries,
} from "../support/foreign.js";
import { guardMethods } from "../support/guard.js";
import { observation } from "../support/observation.js";
import { normalize } from "../support/normalize.js";
import { copyBudget } from "../support/copy-budget.js";
import { validLevel } from "../protocol/relay-values.js";
import type { ValueRule } from "../protocol/relay-values.js";
import type { Attachment, EventProcessor, SeverityLevel } from "../protocol/events.js";
import { EMPTY_SCOPE_DATA, addToTrail, scopeCopy } from "./scope-data.js";
import {
  addEntry,
  attachmentCopy,
  checkedBreadcrumb,
  withAdded,
  withAppended,
  writeTag,
  MAX_HANDLERS,
  MAX_SCOPE_ENTRIES,
  checkedUser,
  frozenCopy,
  openCopy,
  tagEntries,
} from "./scope-values.js";
import type { ScopeChange, ScopeData, TagValue, BreadcrumbInput, UserInput } from "./scope-data.js";

const MAX_NAME_LENGTH = 200;
const MAX_READ_NAME = 1024;

// One level more than for a context, because each entry is a value of its own.
const FIELD_DEPTH = 4;

/** Breadcrumbs that a scope keeps by default. */
export const DEFAULT_MAX_BREADCRUMBS = 100;

// The methods that are guarded. `fork` and `clone` cannot throw, and errors of a callback that is passed to `update`
// reach the caller.
type SettersOf<T> = Omit<T, "clone" | "fork" | "update">;

/**
 * Data for the events of one unit of work. Copy-on-write: a fork costs one object, and shares all data until one side is
 * changed. Follows https://develop.sentry.dev/sdk/telemetry/scopes/. No method throws.
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

  /** Creates a scope with the given data; empty by default. */
  constructor(data: ScopeData = EMPTY_SCOPE_DATA) {
    this.#data = data;
  }

  /** Creates a scope with this one's data. Later changes on either side do not affect the other. */
  fork(): Scope {
    return new Scope(this.#data);
  }

  /** An alias of `fork`, named as in Sentry's SDKs. */
  clone(): Scope {
    return this.fork();
  }

  /**
   * Sets several values at once and keeps the others. Accepts an object, another scope (whose breadcrumbs and event
   * processors are not copied), or a function that is called with this scope; errors of the function reach the caller.
   */
  update(change: Scope | ScopeChange | ((scope: Scope) => unknown)): this {
    if (typeof change === "function") ignoreRejection(change(this));
    else if (isScope(change)) writeFields(this, change.data);
    else if (isObject(change)) writeFields(this, change);
    return this;
  }

  /** The scope's current data: a frozen snapshot. */
  get data(): ScopeData {
    return this.#data;
  }

  /** Sets the user and replaces the previous one; `null` removes it. */
  setUser(user: UserInput | null): this {
    if (!isObject(user)) return this.#with({ user: undefined });
    const { value, isBroken } = checkedUser(openCopy(user));
    return this.#with({ user: Object.freeze(value) }, isBroken ? "user" : undefined);
  }

  /**
   * Sets one tag. The value is converted to a string; key and value are cut at 200 characters. `undefined`, `null` and
   * "" remove the tag.
   */
  setTag(key: string, value: TagValue): this {
    if (typeof key !== "string") return this;
    const tags = { ...this.#data.tags };
    const broken = writeTag(tags, key, value);
    return this.#with({ tags: Object.freeze(tags) }, broken, broken && [key]);
  }

  /** Sets several tags and keeps the others. A scope holds at most 200. */
  setTags<T extends { readonly [Name in keyof T]: TagValue }>(tags: T): this {
    if (!isObject(tags)) return this;
    const merged = { ...this.#data.tags };
    let broken: ValueRule | undefined;
    const keys: string[] = [];
    for (const [key, value] of tagEntries(tags, copyBudget())) {
      const rule = writeTag(merged, key, value);
      if (rule === undefined) continue;
      broken = rule;
      keys.push(key);
    }
    return this.#with({ tags: Object.freeze(merged) }, broken, keys);
  }

  /** Sets a context and replaces the one of that name; `null` removes it. A scope holds at most 200. */
  setContext(name: string, context: object | null): this {
    if (typeof name !== "string") return this;
    const contexts = { ...this.#data.contexts };
    if (!isObject(context)) delete contexts[name];
    else addEntry(contexts, name, frozenCopy(context));
    return this.#with({ contexts: Object.freeze(contexts) });
  }

  /** Sets one extra value. */
  setExtra(key: string, value: unknown): this {
    return typeof key === "string" ? this.setExtras({ [key]: value }) : this;
  }

  /** Sets several extra values and keeps the others. A scope holds at most 200. */
  setExtras(extras: object): this {
    if (!isObject(extras)) return this;
    return this.#with({ extra: withAdded(this.#data.extra, frozenCopy(extras, FIELD_DEPTH)) });
  }

  /** Sets one attribute of logs and metrics. Not added to transactions. */
  setAttribute(key: string, value: unknown): this {
    return typeof key === "string" ? this.setAttributes({ [key]: value }) : this;
  }

  /** Sets several attributes of logs and metrics and keeps the others. A scope holds at most 200. */
  setAttributes(attributes: object): this {
    if (!isObject(attributes)) return this;
    const copy = frozenCopy(attributes, FIELD_DEPTH);
    return this.#with({ attributes: withAdded(this.#data.attributes, copy) });
  }

  /** Sets the fingerprint, which replaces Sentry's own grouping of events. An empty list removes it. */
  setFingerprint(fingerprint: readonly string[]): this {
    const parts = normalize(fingerprint);
    if (!Array.isArray(parts)) return this;
    return this.#with({
      fingerprint: parts.length === 0 ? undefined : Object.freeze(parts.map(String)),
    });
  }

  /** Sets the level of events that are captured under this scope. */
  setLevel(level: SeverityLevel): this {
    const valid = validLevel(level);
    if (valid === undefined) return this.#with({}, "level");
    return this.#with({ level: valid as SeverityLevel }, valid === level ? undefined : "level");
  }

  /** Sets the transaction name of error events that are captured under this scope. Cut at 200 characters. */
  setTransactionName(name: string): this {
    return typeof name === "string"
      ? this.#with({ transactionName: cut(name.slice(0, MAX_READ_NAME).trim(), MAX_NAME_LENGTH) })
      : this;
  }

  /** Adds a breadcrumb. Over `limit` (default 100), the oldest is dropped. */
  addBreadcrumb(breadcrumb: BreadcrumbInput, limit: number = DEFAULT_MAX_BREADCRUMBS): this {
    if (!isObject(breadcrumb)) return this;
    const { value, isBroken } = checkedBreadcrumb(openCopy(breadcrumb));
    const max = typeof limit === "number" ? limit : DEFAULT_MAX_BREADCRUMBS;
    const breadcrumbs = addToTrail(this.#data.breadcrumbs, Object.freeze(value), max);
    return this.#with({ breadcrumbs }, isBroken ? "breadcrumb" : undefined);
  }

  /** Removes all breadcrumbs. */
  clearBreadcrumbs(): this {
    return this.#with({ breadcrumbs: undefined });
  }

  /**
   * Adds a function that is called with each error event and transaction of this scope, before those of outer scopes. It
   * returns the event, possibly changed, or `null` to drop it. If it throws, it is skipped. A scope holds at most 100.
   */
  addEventProcessor(processor: EventProcessor): this {
    if (typeof processor !== "function") return this;
    return this.#with({ eventProcessors: withAppended(this.#data.eventProcessors, processor) });
  }

  /** Adds a file that is sent with error events of this scope. A scope holds at most 100. */
  addAttachment(attachment: Attachment): this {
    if (!isObject(attachment)) return this;
    const attachments = withAppended(this.#data.attachments, attachmentCopy(attachment));
    return this.#with({ attachments });
  }

  /** Removes all attachments. */
  clearAttachments(): this {
    return this.#with({ attachments: EMPTY_SCOPE_DATA.attachments });
  }

  /** Removes all data from this scope. */
  clear(): this {
    observation.observer?.wrote(this, EMPTY_SCOPE_DATA);
    if (this.admits(EMPTY_SCOPE_DATA)) this.#data = EMPTY_SCOPE_DATA;
    return this;
  }

  /** @internal Decides whether a change is made. The default scope overrides it. */
  protected admits(_change: Partial<ScopeData>): boolean {
    return true;
  }

  // `rule` is a rule of Relay that a given value broke, `keys` are those of such values. The client reports it with the next event.
  #with(change: Partial<ScopeData>, rule?: ValueRule, keys: readonly string[] = []): this {
    observation.observer?.wrote(this, change, rule && { rule, keys });
    if (!this.admits(change)) return this;
    const { broken } = this.#data;
    const data = Object.assign(scopeCopy(this.#data), change);
    if (rule !== undefined && !broken.includes(rule))
      data.broken = Object.freeze([...broken, rule]);
    this.#data = Object.freeze(data);
    return this;
  }
}

// The stand-in of all setters: if a given value throws, the scope stays as it is.
function itself(this: Scope): Scope {
  return this;
}

// Recognized by its properties, not by its class: another copy of the package has a `Scope` class of its own.
function isScope(value: Scope | ScopeChange): value is Scope {
  return isObject(propertyOf(value, "data")) && typeof propertyOf(value, "fork") === "function";
}

// Properties whose getters throw are skipped. All properties are copied with one budget, and each setter copies its
// part again, which takes little time because the copies are small.
function writeFields(scope: Scope, change: ScopeChange): void {
  const budget = copyBudget();
  const read = <Key extends keyof ScopeChange>(key: Key): ScopeChange[Key] =>
    attempt<ScopeChange[Key]>(() => change[key], undefined);
  const copied = <Key extends keyof ScopeChange>(key: Key, depth: number): ScopeChange[Key] => {
    const value = read(key);
    if (!isObject(value)) return value;
    return normalize(value, { depth, omitUndefined: true }, budget) as ScopeChange[Key];
  };
  const level = read("level");
  const tags = objectFrom(tagEntries(read("tags") ?? {}, budget));
  const user = copied("user", 3);
  const fingerprint = copied("fingerprint", 3);
  if (level !== undefined) scope.setLevel(level);
  if (user !== undefined) scope.setUser(user);
  if (fingerprint !== undefined) scope.setFingerprint(fingerprint);
  scope
    .setTags(tags)
    .setExtras(copied("extra", FIELD_DEPTH) ?? {})
    .setAttributes(copied("attributes", FIELD_DEPTH) ?? {});
  for (const [name, context] of ownEntries<unknown>(
    copied("contexts", FIELD_DEPTH) ?? {},
    MAX_SCOPE_ENTRIES,
  ))
    scope.setContext(name, isRecord(context) ? context : null);
  for (const attachment of firstOf(read("attachments"), MAX_HANDLERS))
    if (isObject(attachment))
      budget.proxyTime.read(attachment, () => scope.addAttachment(attachment as Attachment));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
