import { isPromise } from "node:util/types";

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
    if (typeof name === "string" && name !== "") return name;
    return prototype === null ? "null prototype" : "Object";
  }, "Object");
}

/** Tells an error, also one of another realm (`vm`, test runners). Never throws. */
export function isError(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  return attempt(
    () => value instanceof Error || Object.prototype.toString.call(value) === "[object Error]",
    false,
  );
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
  if (isPromise(result)) void Promise.prototype.then.call(result, undefined, () => undefined);
}
