import { runInNewContext } from "node:vm";

import * as fc from "fast-check";

import { makeThrown } from "./hostile-values.js";
import type { Make } from "./hostile-values.js";
import { CHARACTER } from "../property/characters.js";

const MEGABYTE = 1_048_576;

// Made once: what is tested is how they are read, not how they are made.
const LONG_TEXTS = ["x".repeat(MEGABYTE), "é\uD800\n".repeat(MEGABYTE / 3)];
const LONG_STACKS = [
  `Error: x\n${"    at f (/srv/app/a.js:1:1)\n".repeat(40_000)}`,
  `Error: ${"    at f (".repeat(100_000)}`,
  `Error: x\n${"    at eval (eval at <anonymous> (".repeat(30_000)}/srv/a.js:1:2)`,
  `Error: x\n    at ${"(".repeat(MEGABYTE)}`,
];
// Each character of these has six bytes in JSON, or three.
const WIDE_TEXTS = ["\0".repeat(20_000), "\u2028".repeat(20_000)];
const HUGE_LIST = Array.from({ length: 1_000_000 }, (_, index) => index);
const REALM_ERRORS = ["Error", "TypeError", "AggregateError"];

const HOSTILE_LINES = [
  "f (/srv/app/a.js:0:0)",
  "f (/srv/app/a.js:99999999999:1)",
  "f (/srv/app/:1:1)",
  "f (:1:1)",
  "f (/:1:1)",
  "f (file://:1:1)",
  "f (file:///:1:1)",
  "f (file:///%00/\uD800.js:1:1)",
  "f (C:\\:1:1)",
  "f (C:\\a\\:1:1)",
  "f (node_modules/:1:1)",
  "f (/node_modules/:1:1)",
  "f (/node_modules/x:1:1)",
  "f (data::1:1)",
  "f ()",
  "f (native)",
  " (/a.js:1:1)",
  "async (/a.js:1:1)",
  "async async async",
  "eval at ",
  "eval (eval at ",
  "[as x] (/a.js:1:1)",
  "x [as ] (/a.js:1:1)",
  "\u2028 (/a.js:1:1)",
  "f (/etc/passwd:1:1)",
  "f (/dev/zero:1:1)",
  "f (//server/share/a.js:1:1)",
  "\0 (\0:1:1)",
];

const ALL_TRAPS = Object.getOwnPropertyNames(Reflect).filter(
  (name) => typeof Reflect[name as keyof typeof Reflect] === "function",
);

function bite(): never {
  throw new Error("bitten");
}

function withEachTrap(target: object): object {
  return new Proxy(target, Object.fromEntries(ALL_TRAPS.map((name) => [name, bite])));
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function errorWith(fields: object): Error {
  return Object.defineProperties(
    new Error("plain"),
    Object.fromEntries(
      Object.entries(fields).map(([key, value]) => [
        key,
        { value: value as unknown, configurable: true, writable: true },
      ]),
    ),
  );
}

function chainOf(length: number, isClosed: boolean): Error {
  const first = new Error("0");
  let last = first;
  for (let index = 1; index < length; index += 1) last = new Error(`${index}`, { cause: last });
  if (isClosed) first.cause = last;
  return last;
}

function groupOf(depth: number, width: number): Error {
  const errors: unknown[] = Array.from({ length: depth > 0 ? width : 0 }, () =>
    groupOf(depth - 1, width),
  );
  const group = new AggregateError(errors, `group ${depth}`);
  group.errors.push(group, "text", new Error("leaf"));
  return group;
}

// All that an event has room for, in the characters that take the most of it.
function widest(wide: string): object {
  const folder = `/srv${`/${wide.slice(0, 20)}`.repeat(30)}`;
  const frames = `\n    at ${wide.slice(0, 250)} (${folder}/a.js:1:1)`.repeat(50);
  let last: unknown = { [wide]: wide };
  for (let index = 0; index < 8; index += 1)
    last = errorWith({ name: wide, message: wide, stack: `E${frames}`, cause: last });
  return last as object;
}

function rejected(value: unknown): Promise<never> {
  const promise = Promise.reject(value);
  promise.catch(() => {});
  return promise;
}

class ApplicationError extends Error {
  override get name(): string {
    return "";
  }
}

class Unprintable {
  toString(): string {
    return bite();
  }

  toJSON(): string {
    return bite();
  }

  [Symbol.toPrimitive](): string {
    return bite();
  }
}

// Each call makes a new one: the same object again would be the same error.
const FIXED: Make[] = [
  () => revoked({}),
  () => revoked([]),
  () => revoked(new Error("x")),
  () => revoked(() => {}),
  () => withEachTrap({}),
  () => withEachTrap([]),
  () => withEachTrap(new Error("x")),
  () => withEachTrap(() => {}),
  () => errorWith({ cause: withEachTrap(new Error("x")), errors: revoked([]) }),
  () => new Unprintable(),
  () => errorWith({ message: new Unprintable(), name: new Unprintable() }),
  () => errorWith({ name: "", message: "" }),
  () => errorWith({ name: " \n" }),
  () => new ApplicationError(""),
  () => new (class extends Error {})("x"),
  () => Object.create(Error.prototype) as object,
  () => Object.setPrototypeOf(new Error("x"), null) as object,
  () => Object.create(null) as object,
  () => Object.freeze(new Error("frozen")),
  () => Object.seal(new AggregateError([new Error("x")])),
  () => Object.preventExtensions(errorWith({ stack: undefined })),
  () => new DOMException("gone", "AbortError"),
  () => AbortSignal.abort().reason as unknown,
  () => structuredClone(new RangeError("clone")),
  () => async () => {},
  () => class extends ApplicationError {},
  () => Math.max.bind(Math),
  () => Symbol.iterator,
  () => -0,
  () => Number.NaN,
  () => 1n << 100_000n,
  // oxlint-disable-next-line unicorn/no-thenable -- such as are thrown
  () => ({ then: (resolve: (value: unknown) => void) => resolve(1) }),
  // oxlint-disable-next-line unicorn/no-thenable -- such as are thrown
  () => Object.defineProperty({}, "then", { get: bite }),
  () => rejected(new Error("inside")),
  () => new WeakRef({}),
  () => new Date(Number.NaN),
  () => new Map([[{}, new Map()]]),
  () => new Set([new Set()]),
  () => new SharedArrayBuffer(8),
  () => new DataView(new ArrayBuffer(8)),
  () => new Float64Array([Number.NaN]),
  () => Buffer.alloc(MEGABYTE),
  () => [...HUGE_LIST],
  // oxlint-disable-next-line no-sparse-arrays -- such as are thrown
  () => [, , "sparse"],
  () => Object.assign([], { length: 2 ** 32 - 1 }),
  () => ({ globalThis }),
  () => new Proxy(globalThis, {}),
  () => new Proxy(process, {}),
  () => new Proxy({}, { get: () => new Error("always") }),
  () => new Proxy([], { get: (_, key) => (key === "length" ? 1e9 : key) }),
  () => new Proxy(new Error("x"), { getPrototypeOf: () => null }),
];

const fixed = fc.constantFrom(...FIXED);
const count = fc.integer({ min: 1, max: 120 });
const words = fc.string({ unit: CHARACTER, maxLength: 40 });
const stackLines = fc.array(fc.constantFrom(...HOSTILE_LINES), { minLength: 1, maxLength: 12 });

/** Recipes for values of every kind that an application may throw. */
export const makeAnyThrown: fc.Arbitrary<Make> = fc.oneof(
  { weight: 40, arbitrary: makeThrown },
  { weight: 20, arbitrary: fixed },
  { weight: 10, arbitrary: words.map((message) => () => new TypeError(message)) },
  {
    weight: 10,
    arbitrary: fc.tuple(words, stackLines).map(
      ([message, lines]) =>
        () =>
          errorWith({ message, stack: `Error: ${message}\n    at ${lines.join("\n    at ")}` }),
    ),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(words, words).map(
      ([message, name]) =>
        () =>
          new DOMException(message, name),
    ),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(words, fc.constantFrom(...REALM_ERRORS)).map(
      ([message, name]) =>
        () =>
          realmError(name, message),
    ),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(count, fc.boolean()).map(
      ([length, isClosed]) =>
        () =>
          chainOf(length, isClosed),
    ),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 5 })).map(
      ([depth, width]) =>
        () =>
          groupOf(depth, width),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...LONG_TEXTS, ...WIDE_TEXTS).chain((long) =>
      fc.constantFrom<Make[]>(
        () => long,
        () => new Error(long),
        () => errorWith({ name: long }),
        () => Symbol(long),
        () => widest(long),
        () => ({ [long]: long }),
        () => new Error("x", { cause: new Error(long, { cause: long }) }),
      ),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...LONG_STACKS).map((stack) => () => errorWith({ stack })),
  },
);

// A context of its own costs a millisecond; the errors of one are as foreign as those of many.
const realm = runInNewContext(`({ ${REALM_ERRORS.join(", ")} })`) as Record<
  string,
  (...args: unknown[]) => object
>;

function realmError(name: string, message: string): object {
  return name === "AggregateError"
    ? (realm[name]?.([new Error("inner")], message) ?? {})
    : (realm[name]?.(message) ?? {});
}
