// Functions that read values of the application. Getters and proxy traps run application code, which may throw, never
// return, or return something else each time.

import { types } from "node:util";

/** Characters of a class name or function name that are read. */
export const MAX_NAME_LENGTH = 256;

/** Length of a prototype chain that is searched: no class has as many ancestors. */
const MAX_PROTOTYPES = 30;

/** Own keys above which an object counts as large: the engine takes about 3 ms to list so many. */
const LARGE = 10_000;

/** Keys that are remembered for a large object. */
const MAX_REMEMBERED_KEYS = 1000;

let caught = 0;

/**
 * Returns how many errors `attempt` has caught in this process. An error takes up to 7 µs, more than reading ten values, so
 * a caller that limits its work counts the errors.
 */
export function caughtErrors(): number {
  return caught;
}

/** Returns the result of `read`, or the fallback if it throws. */
export function attempt<T>(read: () => T, fallback: T): T {
  try {
    return read();
  } catch {
    caught += 1;
    return fallback;
  }
}

/** Returns a property of any value; `undefined` if it has none or if reading it throws. */
export function propertyOf(value: unknown, key: string | symbol): unknown {
  if (!isObjectLike(value)) return undefined;
  return attempt<unknown>(() => Reflect.get(value, key), undefined);
}

/** Returns the values of an object's own properties, without calling getters, which may have effects. Never throws. */
export function ownValues(object: object): unknown[] {
  const fields = attempt(() => Object.values(Object.getOwnPropertyDescriptors(object)), []);
  return fields.map(({ value }): unknown => value);
}

/** Returns the name of the value's class; `null prototype` for an object without a prototype. Never throws. */
export function classNameOf(value: object): string {
  return attempt(() => {
    const prototype: unknown = Object.getPrototypeOf(value);
    const name = propertyOf(propertyOf(prototype, "constructor"), "name");
    if (typeof name === "string" && name !== "") return name.slice(0, MAX_NAME_LENGTH);
    return prototype === null ? "null prototype" : "Object";
  }, "Object");
}

/**
 * Tells whether a prototype is among the nearest 30 of a value. Use it instead of `instanceof`, which follows 100,000
 * prototypes (up to 0.3 s) if each one is a proxy that returns another proxy. Never throws.
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

/** Tells whether a value is an error, including those of other realms (`vm`, test runners). Never throws. */
export function isError(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  if (types.isNativeError(value) || inherits(value, Error.prototype)) return true;
  return attempt(() => Object.prototype.toString.call(value) === "[object Error]", false);
}

/** Tells whether a value is an array. Never throws, unlike `Array.isArray` for a revoked proxy. */
export function isList(value: unknown): value is readonly unknown[] {
  return attempt(() => Array.isArray(value), false);
}

/** Tells whether a value can have properties: an object or a function. */
export function isObjectLike(value: unknown): value is object {
  return typeof value === "function" || (typeof value === "object" && value !== null);
}

/** Tells whether a value is a promise, including those of other realms and libraries. Never throws. */
export function isThenable<T>(value: PromiseLike<T> | T): value is PromiseLike<T> {
  return (
    typeof value === "object" && value !== null && typeof propertyOf(value, "then") === "function"
  );
}

/** Tells whether a value is an object that is neither an array nor a promise. Never throws. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !isList(value) && !isThenable(value);
}

/**
 * Sets a property of a plain object, including one called `__proto__`; assigning that would set the object's prototype.
 */
export function setProperty<T>(target: Record<string, T>, key: string, value: T): void {
  if (key !== "__proto__") target[key] = value;
  else
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}

/**
 * Builds an object from entries. `Object.fromEntries` takes ten times as long for a thousand new names, because V8 makes a
 * hidden class for each.
 */
export function objectFrom<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  const object: Record<string, T> = {};
  for (const [name, value] of entries) setProperty(object, name, value);
  return object;
}

/**
 * Handles the rejection of a promise that a callback returned and that nothing awaits, so that it does not end the
 * process.
 */
export function ignoreRejection(result: unknown): void {
  if (types.isPromise(result)) void Promise.prototype.then.call(result, undefined, () => undefined);
}

/**
 * Returns the length of an array, or 0 if it is invalid, since a proxy may return any value. For a slow proxy, returns how
 * many elements may be read. Never throws.
 */
export function lengthOf(list: readonly unknown[]): number {
  const length = propertyOf(list, "length");
  if (typeof length !== "number" || !(length > 0)) return 0;
  return types.isProxy(list) ? Math.min(length, mostTraps(list)) : length;
}

/**
 * Returns at most the first `max` elements of an array, read by index; an empty array for other values. Never throws.
 */
export function firstOf(list: unknown, max: number): unknown[] {
  if (!isList(list)) return [];
  const found: unknown[] = [];
  const count = Math.min(lengthOf(list), max);
  for (let at = 0; at < count; at += 1) found.push(attempt<unknown>(() => list[at], undefined));
  return found;
}

// The first keys of large objects. The engine cannot list only some keys, and takes 0.5 s for a million of them, so
// each large object is listed once.
const firstKeysOf = new WeakMap<object, readonly string[]>();
let hasSeenLarge = false;

/**
 * Returns the own enumerable keys of an object that is not a proxy. If it has more than 10,000, the first 1000 are returned
 * from the second call on.
 */
export function keysListedOnce(value: object): readonly string[] {
  const known = hasSeenLarge ? firstKeysOf.get(value) : undefined;
  if (known !== undefined) return known;
  const keys = Object.keys(value);
  if (keys.length > LARGE) remember(value, keys);
  return keys;
}

/** The first keys of an object, and how many the engine had to list for them. */
interface ListedKeys {
  readonly keys: readonly string[];
  readonly listed: number;
}

/**
 * Returns at most the first `max` own enumerable keys; the indexes of an array; none for bytes and boxed strings. For
 * an object with more than 10,000 keys, the first 1000 are remembered and returned from then on. Throws whatever a
 * proxy trap throws.
 */
export function ownKeys(value: object, max: number): readonly string[] {
  return listedKeys(value, max).keys;
}

/** Returns the keys like `ownKeys`, with the number of keys that were listed. */
export function listedKeys(value: object, max: number): ListedKeys {
  // Untyped code may pass a string, which has an index key for each character.
  if (!isObjectLike(value)) return NO_KEYS;
  if (isList(value)) return { keys: indexesOf(value, max), listed: 0 };
  if (ArrayBuffer.isView(value) || types.isStringObject(value)) return NO_KEYS;
  if (types.isProxy(value)) return keysOfProxy(value, max);
  const keys = keysListedOnce(value);
  // Symbols and properties that are not enumerable are listed as well. An object of many keys is not listed twice.
  const isLong = keys.length > MAX_REMEMBERED_KEYS;
  const listed = isLong ? keys.length : Reflect.ownKeys(value).length;
  if (listed > LARGE) remember(value, keys);
  return { keys: keys.length > max ? keys.slice(0, max) : keys, listed };
}

const NO_KEYS: ListedKeys = { keys: [], listed: 0 };

/**
 * Returns at most the first `max` own entries of an object; properties that cannot be read are left out. Never throws.
 */
export function ownEntries<Value>(
  value: Readonly<Record<string, Value>> | object,
  max: number,
): [string, Value][] {
  const entries: [string, Value][] = [];
  for (const key of attempt<readonly string[]>(() => ownKeys(value, max), [])) {
    try {
      entries.push([key, Reflect.get(value, key) as Value]);
    } catch {
      // A getter threw.
    }
  }
  return entries;
}

function indexesOf(list: readonly unknown[], max: number): string[] {
  return Array.from({ length: Math.min(lengthOf(list), max) }, (_, index) => String(index));
}

// `Object.keys` would call the proxy's descriptor trap for every key.
function keysOfProxy(proxy: object, max: number): ListedKeys {
  const keys: string[] = [];
  const known = hasSeenLarge ? firstKeysOf.get(proxy) : undefined;
  if (known !== undefined) return { keys: known.slice(0, max), listed: known.length };
  const mostToRead = mostTraps(proxy) / TRAPS_PER_KEY;
  if (mostToRead === 0) return NO_KEYS;
  const all = Reflect.ownKeys(proxy);
  const isLarge = all.length > LARGE;
  const most = Math.min(isLarge ? MAX_REMEMBERED_KEYS + 1 : max, mostToRead);
  for (const key of all) {
    if (keys.length >= most) break;
    if (typeof key !== "string") continue;
    if (Reflect.getOwnPropertyDescriptor(proxy, key)?.enumerable === true) keys.push(key);
  }
  if (isLarge) remember(proxy, keys);
  return { keys: keys.slice(0, max), listed: all.length };
}

/** Time that the traps of one proxy may take. */
const MAX_TRAPS_MICROS = 5000;

/** Proxies of which one trap takes longer are not read: listing their keys takes twenty times as long. */
const MAX_TRAP_MICROS = 50;

/** A key is listed by one trap, and its value is read by another. */
const TRAPS_PER_KEY = 2;

// A trap that takes longer is called again, because the process may have been interrupted, or the trap not been compiled.
const LONG_TRAP_MICROS = 2;
const MAX_TRIES = 3;

const microsOfSlow = new WeakMap<object, number>();

/**
 * Returns the microseconds that a trap of a value takes: 0 for a value that is no proxy, and for the proxies of applications;
 * 75 for a proxy of a proxy, 5000 times. The work behind a trap cannot be counted.
 */
export function slowTrapMicros(value: object): number {
  if (!types.isProxy(value)) return 0;
  const known = microsOfSlow.get(value);
  if (known !== undefined) return known;
  let least = Infinity;
  for (let tries = 0; tries < MAX_TRIES && least > LONG_TRAP_MICROS; tries += 1) {
    const start = performance.now();
    propertyOf(value, "toJSON");
    least = Math.min(least, (performance.now() - start) * 1000);
  }
  if (least <= LONG_TRAP_MICROS) return 0;
  microsOfSlow.set(value, least);
  return least;
}

/** Tells whether a value is a proxy of which nothing is read, because its traps take too long. */
export function isUnreadable(value: object): boolean {
  return slowTrapMicros(value) > MAX_TRAP_MICROS;
}

function mostTraps(proxy: object): number {
  const micros = slowTrapMicros(proxy);
  return micros > MAX_TRAP_MICROS ? 0 : Math.ceil(MAX_TRAPS_MICROS / micros);
}

function remember(value: object, keys: readonly string[]): void {
  hasSeenLarge = true;
  firstKeysOf.set(value, keys.slice(0, MAX_REMEMBERED_KEYS + 1));
}

/** Returns the `code` of an error (`ENOENT`, `ERR_SSL_WRONG_VERSION_NUMBER`); undefined if it has none. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
