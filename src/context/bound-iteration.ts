import { context } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import { propertyOf } from "../support/foreign.js";
import { runRememberingErrors } from "./attribution.js";

/**
 * Runs `fn` in a context, and records that errors which it throws or rejects with belong to that context. If `fn`
 * returns a generator or async iterator, or a promise of one, its body runs in the context too, wherever it is
 * iterated.
 */
export function runInContext<T>(ctx: Context, fn: () => T): T {
  return context.with(ctx, () => runRememberingErrors(fn, (result) => boundIteration(result, ctx)));
}

type Method = (...args: unknown[]) => unknown;
type Key = string | symbol;

/** The prototypes that all built-in iterators inherit from. */
const ITERATOR = ancestorOf([].values(), 2);
const ASYNC_ITERATOR = ancestorOf((async function* nothing() {})(), 3);

/** Methods that create an iterator. */
const MAKING: ReadonlySet<Key> = new Set<Key>([Symbol.iterator, Symbol.asyncIterator]);

/** Methods by which thenables, Node's streams and event emitters, and web streams are recognized. */
const IDENTITIES = ["then", "pipe", "emit", "getReader"] as const;

/**
 * Returns a proxy of an iterator or async iterable whose body runs in the given context. The proxy is still an instance
 * of the class, and the object itself is not changed. Other values are returned unchanged, as are streams, event emitters
 * and thenables, which applications compare by identity. Never throws.
 */
export function boundIteration<T>(value: T, ctx: Context): T {
  return isIteration(value) ? new BoundIteration(value, ctx).proxy : value;
}

function isIteration(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const isIterable =
    isMethod(propertyOf(value, Symbol.asyncIterator)) ||
    (isMethod(propertyOf(value, "next")) && isMethod(propertyOf(value, Symbol.iterator)));
  return isIterable && !IDENTITIES.some((key) => isMethod(propertyOf(value, key)));
}

class BoundIteration<T extends object> {
  readonly proxy: T;
  readonly #target: T;
  readonly #ctx: Context;

  constructor(target: T, ctx: Context) {
    this.#target = target;
    this.#ctx = ctx;
    this.proxy = new Proxy(target, {
      get: (_, key) => this.#get(key),
      // A setter may write to a private field, which the proxy does not have.
      set: (_, key, value) => Reflect.set(target, key, value, target),
    });
  }

  #get(key: Key): unknown {
    const value: unknown = Reflect.get(this.#target, key, this.#target);
    if (!isMethod(value) || key === "constructor" || isFixed(this.#target, key)) return value;
    if (isInherited(value, key)) return value;
    const call = (self: unknown, args: unknown[]): unknown =>
      this.#call({ key, value, self, args });
    return function bound(this: unknown, ...args: unknown[]) {
      return call(this, args);
    };
  }

  #call({ key, value, self, args }: Call): unknown {
    const own = self === this.proxy ? this.#target : self;
    const made = context.with(this.#ctx, () =>
      runRememberingErrors((): unknown => Reflect.apply(value, own, args)),
    );
    // `for await` accepts an iterator that need not be iterable itself.
    return MAKING.has(key) && made !== this.#target && typeof made === "object" && made !== null
      ? new BoundIteration(made, this.#ctx).proxy
      : this.#derived(made);
  }

  // The result of a method such as `map` iterates the target, so it is bound as well.
  #derived(result: unknown): unknown {
    return result === this.#target ? this.proxy : boundIteration(result, this.#ctx);
  }
}

interface Call {
  readonly key: Key;
  readonly value: Method;
  readonly self: unknown;
  readonly args: unknown[];
}

// Inherited methods such as `map`, `toArray` or `forEach` call `next` and `return` of the proxy. They are not bound
// themselves, so that the iterator's body runs in the bound context but the caller's callbacks run in the caller's.
function isInherited(value: Method, key: Key): boolean {
  return value === Reflect.get(ITERATOR, key) || value === Reflect.get(ASYNC_ITERATOR, key);
}

function ancestorOf(object: object, levels: number): object {
  const parent: unknown = Object.getPrototypeOf(object);
  if (typeof parent !== "object" || parent === null) return object;
  return levels === 1 ? parent : ancestorOf(parent, levels - 1);
}

function isMethod(value: unknown): value is Method {
  return typeof value === "function";
}

// A proxy must return a non-configurable, non-writable property unchanged. Methods of a frozen object therefore run in
// the caller's context.
function isFixed(target: object, key: Key): boolean {
  const own = Object.getOwnPropertyDescriptor(target, key);
  return own?.configurable === false && own.writable === false;
}
