import * as fc from "fast-check";
import { expect } from "vitest";
import { CHARACTER } from "../property/characters.js";

/**
 * Makes one value that somebody may throw. A recipe and not the value itself, because fast-check looks
 * into the values it generates, and these bite.
 */
export type Make = () => unknown;

type MakeObject = () => object;

const TRAPS = [
  "get",
  "has",
  "ownKeys",
  "getPrototypeOf",
  "getOwnPropertyDescriptor",
  "isExtensible",
] as const;
const ERROR_KEYS = ["stack", "message", "name", "cause", "errors", "constructor", "toJSON"];

function trap(): never {
  throw new Error("trap");
}

function revokedProxy(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function trappedProxy(target: object, names: readonly string[]): object {
  return new Proxy(target, Object.fromEntries(names.map((name) => [name, trap])));
}

// Every read gives one more of its kind: no depth and no chain ever ends.
function endlessProxy(target: () => void): object {
  return new Proxy(target, { get: () => endlessProxy(target) });
}

function endlessErrors(): object {
  return new Proxy(new Error("endless"), {
    get: (target, key) => (key === "cause" ? endlessErrors() : Reflect.get(target, key)),
  });
}

function cyclic(value: object, key: string): object {
  Reflect.set(value, key, value);
  return value;
}

function frozen(value: object): object {
  return ArrayBuffer.isView(value) ? value : Object.freeze(value);
}

function withoutPrototype(value: object): object {
  return Object.setPrototypeOf({ ...value }, null) as object;
}

function errorWith(parts: object, throwing: readonly string[]): object {
  const error = new AggregateError([], "plain");
  // The stack is written at the first look at it, from the name and message of that moment.
  expect(error.stack).toBeTypeOf("string");
  for (const [key, make] of Object.entries(parts) as [string, Make][]) {
    Object.defineProperty(error, key, { value: make(), configurable: true });
  }
  for (const key of throwing) Object.defineProperty(error, key, { get: trap, configurable: true });
  return error;
}

function stackText(lines: readonly string[]): string {
  return `Error: x\n${lines.map((line) => `    at ${line}`).join("\n")}`;
}

const hugeText = fc
  .tuple(
    fc.string({ unit: CHARACTER, minLength: 1, maxLength: 12 }),
    fc.integer({ min: 1, max: 50_000 }),
  )
  .map(([piece, times]) => piece.repeat(times));
const brokenText = fc
  .array(fc.integer({ min: 0xd7_00, max: 0xe0_00 }), { maxLength: 20 })
  .map((units) => String.fromCharCode(...units));
const framePiece = fc.constantFrom(
  "f",
  " (",
  ")",
  "/srv/a.js",
  ":1",
  "file://",
  "%",
  "eval at ",
  "<anonymous>",
  " [as x]",
  "C:\\",
  "node_modules/",
  "\n",
  "\uD800",
  "async ",
  "data:",
  "9".repeat(400),
  "/é".repeat(500),
);
const frameLine = fc.array(framePiece, { maxLength: 12 }).map((pieces) => pieces.join(""));
const text = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: CHARACTER }) },
  { weight: 3, arbitrary: brokenText },
  { weight: 3, arbitrary: fc.array(frameLine, { maxLength: 80 }).map(stackText) },
  { weight: 1, arbitrary: hugeText },
);
const primitive = fc.oneof(
  text,
  fc.double(),
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom(null, undefined, Symbol("s"), 1n << 90_000n),
  text.map((description) => Symbol(description)),
);

function recipes<T>(
  arbitrary: fc.Arbitrary<T>,
  build: (input: T) => object,
): fc.Arbitrary<MakeObject> {
  return arbitrary.map((input) => () => build(input));
}

const hostile = fc.letrec<{ thrown: Make; container: MakeObject }>((tie) => {
  const list = fc.array(tie("thrown"), { maxLength: 4 });
  const container = tie("container");
  const errorParts = fc.record(
    {
      stack: fc.oneof(
        tie("thrown"),
        text.map((stack) => () => stack),
      ),
      message: tie("thrown"),
      name: tie("thrown"),
      cause: tie("thrown"),
      errors: fc.oneof(
        tie("thrown"),
        list.map((makes) => () => makes.map((make) => make())),
      ),
      suppressed: tie("thrown"),
      error: tie("thrown"),
    },
    { requiredKeys: [] },
  );
  return {
    container: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<MakeObject[]>(
        () => new Date(Number.NaN),
        () => Buffer.alloc(9),
        () => /x/g,
        () => new WeakMap(),
        () => endlessProxy(() => {}),
        endlessErrors,
        () => ({ toJSON: trap }),
      ),
      recipes(fc.dictionary(text, tie("thrown"), { maxKeys: 5 }), (fields) =>
        Object.fromEntries(Object.entries(fields).map(([key, make]) => [key, make()])),
      ),
      recipes(list, (makes) => makes.map((make) => make())),
      recipes(list, (makes) => new Set(makes.map((make) => make()))),
      recipes(list, (makes) => new Map(makes.map((make) => [make(), make()]))),
      recipes(tie("thrown"), (make) => ({ toJSON: make })),
      recipes(fc.tuple(tie("thrown"), tie("thrown")), ([name, message]) => ({
        name: name(),
        message: message(),
      })),
      recipes(
        fc.tuple(errorParts, fc.subarray(ERROR_KEYS, { maxLength: 3 })),
        ([parts, throwing]) => errorWith(parts, throwing),
      ),
    ),
    thrown: fc.oneof(
      { maxDepth: 4 },
      primitive.map((value) => () => value),
      container,
      recipes(container, (make) => frozen(make())),
      recipes(container, (make) => revokedProxy(make())),
      recipes(fc.tuple(container, fc.constantFrom("self", "cause", "0")), ([make, key]) =>
        cyclic(make(), key),
      ),
      recipes(fc.tuple(container, fc.subarray([...TRAPS], { minLength: 1 })), ([make, names]) =>
        trappedProxy(make(), names),
      ),
      recipes(fc.dictionary(text, primitive, { maxKeys: 5 }), withoutPrototype),
    ),
  };
});

/** Recipes for primitives and objects of every unfriendly kind, nested. */
export const makeThrown: fc.Arbitrary<Make> = hostile.thrown;
