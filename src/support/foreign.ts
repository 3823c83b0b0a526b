import { types } from "node:util";

/** Characters of a class name or function name that are read. */
export const MAX_NAME_LENGTH = 256;

/** Prototypes of a value that are looked at: no class has as many ancestors. */
const MAX_PROTOTYPES = 100;

/** Own keys from which on an object counts as large: the engine takes about 3 ms to list so many. */
const LARGE = 10_000;

/** Keys that are remembered of a large object. */
const MAX_REMEMBERED_KEYS = 1000;

/** The result of `read`, or the fallback when it throws: getters and proxies run foreign code. */
export function attempt<T>(read: () => T, fallback: T): T {
  try {
    return read();
  } catch {
    return fallback;
  }
}

/** A property of any value; `undefined` when there is none or reading it throws. */
export function memberOf(value: unknown, key: string | symbol): unknown {
  if (!isObjectLike(value)) return undefined;
  return attempt<unknown>(() => Reflect.get(value, key), undefined);
}

/** The name of the value's class; `null prototype` for an object without one. Never throws. */
export function classNameOf(value: object): string {
  return attempt(() => {
    const prototype: unknown = Object.getPrototypeOf(value);
    const name = memberOf(memberOf(prototype, "constructor"), "name");
    if (typeof name === "string" && name !== "") return name.slice(0, MAX_NAME_LENGTH);
    return prototype === null ? "null prototype" : "Object";
  }, "Object");
}

/**
 * Tells whether a prototype is among the nearest 100 of a value. `instanceof` asks a proxy for its prototype, and that one
 * again: where each answers with another proxy, the engine gives up after 100,000 of them (up to 0.3 s). Never throws.
 */
export function inherits(value: unknown, prototype: object): boolean {
  return attempt(() => {
    let holder = isObjectLike(value) ? value : null;
    for (let level = 0; holder !== null && level < MAX_PROTOTYPES; level += 1) {
      holder = Object.getPrototypeOf(holder) as object | null;
      if (holder === prototype) return true;
    }
    return false;
  }, false);
}

/** Tells an error, also one of another realm (`vm`, test runners). Never throws. */
export function isError(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  if (types.isNativeError(value) || inherits(value, Error.prototype)) return true;
  return attempt(() => Object.prototype.toString.call(value) === "[object Error]", false);
}

/** Whether the value is an array. Never throws, unlike `Array.isArray` for a revoked proxy. */
export function isList(value: unknown): value is readonly unknown[] {
  return attempt(() => Array.isArray(value), false);
}

/** Whether the value has properties of its own: an object or a function. */
export function isObjectLike(value: unknown): value is object {
  return typeof value === "function" || (typeof value === "object" && value !== null);
}

/** Tells a promise, also one of another realm or library. Never throws. */
export function isThenable<T>(value: PromiseLike<T> | T): value is PromiseLike<T> {
  return (
    typeof value === "object" && value !== null && typeof memberOf(value, "then") === "function"
  );
}

/** Tells an object with members from lists, promises and everything else. Never throws. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !isList(value) && !isThenable(value);
}

/** Sets a member of a plain object. By assignment, a member called `__proto__` would set the object's prototype. */
export function setMember<T>(target: Record<string, T>, key: string, value: T): void {
  if (key !== "__proto__") target[key] = value;
  else
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}

/** Keeps a promise that a callback has returned, and nobody waits for, from ending the process when it rejects. */
export function ignoreRejection(result: unknown): void {
  if (types.isPromise(result)) void Promise.prototype.then.call(result, undefined, () => undefined);
}

/** The length of a list, whose getter may answer anything. Never throws. */
export function lengthOf(list: readonly unknown[]): number {
  const length = memberOf(list, "length");
  return typeof length === "number" && length > 0 ? length : 0;
}

/** At most the first `max` members of a list, read by index; none of anything else. Never throws. */
export function firstOf(list: unknown, max: number): unknown[] {
  if (!isList(list)) return [];
  const members: unknown[] = [];
  const count = Math.min(lengthOf(list), max);
  for (let index = 0; index < count; index += 1) members.push(memberOf(list, String(index)));
  return members;
}

// The engine lists the keys of an object as a whole: 0.5 s for a million of them. That is paid once for each object.
const firstKeysOf = new WeakMap<object, readonly string[]>();
let hasSeenLarge = false;

/**
 * At most the first `max` own enumerable keys. Indexes of a list are counted, not listed; bytes and boxed texts have none.
 * Of an object with more than 10,000 keys, the first 1000 are remembered and stand for all of them later. Throws what a
 * proxy throws.
 */
export function ownKeys(value: object, max: number): readonly string[] {
  // JavaScript may pass a text, which has a key for each of its characters.
  if (!isObjectLike(value)) return [];
  if (isList(value)) return indexesOf(value, max);
  if (ArrayBuffer.isView(value) || types.isStringObject(value)) return [];
  if (types.isProxy(value)) return keysOfProxy(value, max);
  const known = hasSeenLarge ? firstKeysOf.get(value) : undefined;
  const keys = known ?? Object.keys(value);
  if (known === undefined && keys.length > LARGE) remember(value, keys);
  return keys.length > max ? keys.slice(0, max) : keys;
}

/** At most the first `max` entries of the application's object; what cannot be read is left out. Never throws. */
export function ownEntries<Value>(
  value: Readonly<Record<string, Value>> | object,
  max: number,
): [string, Value][] {
  const entries: [string, Value][] = [];
  for (const key of attempt<readonly string[]>(() => ownKeys(value, max), [])) {
    try {
      entries.push([key, Reflect.get(value, key) as Value]);
    } catch {
      // A getter of the application's that throws.
    }
  }
  return entries;
}

function indexesOf(list: readonly unknown[], max: number): string[] {
  return Array.from({ length: Math.min(lengthOf(list), max) }, (_, index) => String(index));
}

// `Object.keys` would call the proxy's trap for the descriptor of each key.
function keysOfProxy(proxy: object, max: number): string[] {
  const keys: string[] = [];
  for (const key of Reflect.ownKeys(proxy)) {
    if (keys.length >= max) break;
    if (typeof key !== "string") continue;
    if (Reflect.getOwnPropertyDescriptor(proxy, key)?.enumerable === true) keys.push(key);
  }
  return keys;
}

function remember(value: object, keys: readonly string[]): void {
  hasSeenLarge = true;
  firstKeysOf.set(value, keys.slice(0, MAX_REMEMBERED_KEYS + 1));
}

/** The `code` of a system error. */
export function systemErrorCode(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}
