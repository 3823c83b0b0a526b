import { context } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import { memberOf } from "../support/foreign.js";
import { rememberingErrors } from "./error-places.js";

/**
 * Runs `fn` in a context. What it throws or rejects with is remembered to have arisen there. The bodies of generators
 * and async iterators that it returns, or that its promise resolves to, run there too, whoever pulls them.
 */
export function runInContext<T>(ctx: Context, fn: () => T): T {
  return context.with(ctx, () => rememberingErrors(fn, (result) => boundIteration(result, ctx)));
}

type Method = (...args: unknown[]) => unknown;
type Key = string | symbol;

/** The objects that all iterators of the language inherit from. */
const ITERATOR = ancestorOf([].values(), 2);
const ASYNC_ITERATOR = ancestorOf((async function* nothing() {})(), 3);

/** Methods that make an iterator. */
const MAKING: ReadonlySet<Key> = new Set<Key>([Symbol.iterator, Symbol.asyncIterator]);

/** Methods of thenables, Node's streams and emitters, and web streams. */
const IDENTITIES = ["then", "pipe", "emit", "getReader"] as const;

/**
 * An iterator or async iterable whose body runs in the given context: a proxy, so that it is still an instance of
 * its class, and other holders of the object notice nothing. Any other value is returned as it is; so are streams,
 * event emitters and thenables, which their users compare by identity. Never throws.
 */
export function boundIteration<T>(value: T, ctx: Context): T {
  return isIteration(value) ? new BoundIteration(value, ctx).proxy : value;
}

function isIteration(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const isIterable =
    isMethod(memberOf(value, Symbol.asyncIterator)) ||
    (isMethod(memberOf(value, "next")) && isMethod(memberOf(value, Symbol.iterator)));
  return isIterable && !IDENTITIES.some((key) => isMethod(memberOf(value, key)));
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
      // A setter of a class may write to a private field, which a proxy has not.
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
      rememberingErrors((): unknown => Reflect.apply(value, own, args)),
    );
    // What `for await` gets need not be iterable itself.
    return MAKING.has(key) && made !== this.#target && typeof made === "object" && made !== null
      ? new BoundIteration(made, this.#ctx).proxy
      : this.#derived(made);
  }

  // Such as `map` of an iterator: its result pulls the iterator.
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

// `map`, `toArray`, `forEach` or `Symbol.dispose` call `next` and `return` of the proxy: so the body runs in the unit, and
// the caller's callbacks where they are called.
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

// A proxy must tell such a member as it is. That of a frozen object runs where it is called.
function isFixed(target: object, key: Key): boolean {
  const own = Object.getOwnPropertyDescriptor(target, key);
  return own?.configurable === false && own.writable === false;
}
