// Values that take long to read, by name, each as a function that makes a new one.

const MILLION = 1_000_000;

export const times = (count, make) => Array.from({ length: count }, (_, index) => make(index));
export const under = (names, value) => Object.fromEntries(names.map((name) => [name, value]));
const nested = (levels, wrap, inner = {}) =>
  times(levels, () => wrap).reduce((value, to) => to(value), inner);
const getter = (object, name, get) =>
  Object.defineProperty(object, name, { get, enumerable: true });
const numbered = (count, valueOf) =>
  Object.fromEntries(times(count, (index) => [`k${index}`, valueOf(index)]));

function cyclic() {
  const value = { list: [] };
  for (let count = 0; count < 1000; count++) value.list.push(value, { value });
  return value;
}
function* endless() {
  for (;;) yield ["key", 1];
}
const endlessPrototypes = () => new Proxy({}, { getPrototypeOf: endlessPrototypes });
const endlessFields = () => new Proxy({ a: 1, b: 1 }, { get: getField });
const getField = (target, key) => (Object.hasOwn(target, key) ? endlessFields() : undefined);
const fail = () => {
  throw new Error("unreadable");
};
function revokedFunction() {
  const { proxy, revoke } = Proxy.revocable(fail, {});
  revoke();
  return proxy;
}

// Answers as an ordinary object of 20,000 keys.
const wideTraps = {
  ownKeys: () => times(20_000, (index) => `k${index}`),
  getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: 1 }),
};

const accessors = {};
for (let index = 0; index < 10_000; index++)
  Object.defineProperty(accessors, `a${index}`, { get: () => "x", enumerable: true });

class EndlessMap extends Map {
  [Symbol.iterator] = endless;
  entries = endless;
  keys = endless;
  get size() {
    return 2 ** 53;
  }
}
class EndlessSet extends Set {
  [Symbol.iterator] = endless;
  values = endless;
  get size() {
    return 2 ** 53;
  }
}

function form() {
  const data = new FormData();
  for (let index = 0; index < 2000; index++) data.append(`k${index}`, "x".repeat(1000));
  return data;
}

function rope() {
  let text = "";
  for (let index = 0; index < 2 ** 20; index++) text += index % 2 === 0 ? "a=" : "b ";
  return text;
}

const OBJECTS = {
  "a Buffer of 10 MB": () => Buffer.alloc(10 * MILLION, 65),
  "a sparse array of 2 ** 32": () => Object.assign([], { 5: "x", length: 2 ** 32 - 1 }),
  "a list of a million": () => times(MILLION, (index) => index),
  "an object of a million keys": () => numbered(MILLION, (index) => index),
  "a Map of a million": () => new Map(times(MILLION, (index) => [`k${index}`, index])),
  "a Set of a million": () => new Set(times(MILLION, (index) => index)),
  "100,000 levels": () => nested(100_000, (value) => ({ value })),
  "a graph of 2 ** 60 paths": () => nested(60, (value) => ({ a: value, b: value })),
  "a cyclic graph": cyclic,
  "names of secrets": () =>
    Object.fromEntries(times(1000, (index) => [`token_${"a_".repeat(80)}${index}`, "x"])),
  "20,000 symbols": () => Object.fromEntries(times(20_000, (index) => [Symbol(index), index])),
  "keys of megabytes": () =>
    Object.fromEntries(times(20, (index) => [`token${index}`.padEnd(MILLION, "a_"), "x"])),
};

const CLASSES = {
  "typed arrays": () => [new Float64Array(MILLION), new BigUint64Array(MILLION)],
  "a typed array of 2000 names": () =>
    Object.assign(
      new Uint8Array(MILLION),
      numbered(2000, () => "x"),
    ),
  "a DataView": () => new DataView(new ArrayBuffer(10 * MILLION)),
  "a SharedArrayBuffer": () => new SharedArrayBuffer(10 * MILLION),
  "a resizable ArrayBuffer": () => new ArrayBuffer(8, { maxByteLength: 10 * MILLION }),
  "10,000 accessors of a class": () => times(200, () => Object.create(accessors)),
  "Maps without end": () => times(200, () => new EndlessMap([[{}, endless()]])),
  "Sets without end": () => times(200, () => new EndlessSet([endless()])),
  "a Map with keys of megabytes": () =>
    new Map(times(200, (index) => [`${index}`.padEnd(MILLION, "token="), "x"])),
  "a Map with objects as keys": () => new Map(times(5000, () => [endlessFields(), 1])),
  "Headers of 5000": () => new Headers(times(5000, (index) => [`token-${index}`, "x".repeat(100)])),
  "URLSearchParams of 20,000": () =>
    new URLSearchParams(times(20_000, (index) => [`token${index}`, "x"])),
  "a URL of a megabyte": () => new URL(`http://a:b@c/?${"token=a&".repeat(MILLION / 8)}`),
  "a FormData": form,
  "a Blob": () => new Blob(["x".repeat(MILLION)]),
  "an iterator": () => Object.assign([1], { [Symbol.iterator]: endless, entries: endless }),
  "generators without end": () => times(1000, endless),
  "an invalid Date": () => new Date(Number.NaN),
  "invalid Dates": () => times(5000, () => new Date(Number.NaN)),
  "regular expressions": () => times(1000, () => new RegExp("(a|b)*".repeat(1000), "gy")),
  "thenables without end": function again() {
    return getter({ value: getter({}, "then", () => again) }, "then", () => again);
  },
  "promises that reject": () =>
    times(100, () => {
      const promise = Promise.reject(new Error("x"));
      promise.catch(() => undefined);
      return promise;
    }),
};

const TEXTS = {
  "a text of 10 MB": () => "x".repeat(10 * MILLION),
  "10 MB of query": () => `/?${"token=a;b&%74oken=c&".repeat(MILLION / 2)}`,
  "10 MB of JSON": () => JSON.stringify(times(MILLION / 2, (index) => ({ password: index }))),
  "6 MB of a nested JSON": () => '{"a":'.repeat(1.2 * MILLION),
  "6 MB of brackets": () => "[{".repeat(3 * MILLION),
  "a text of 2 ** 20 parts": rope,
  "texts of 2 ** 20 parts": () => times(20, rope),
  "10 MB of white space": () => " \n\t".repeat((10 * MILLION) / 3),
  "a bigint of a million digits": () => 1n << 3_321_928n,
  "200 bigints of a million digits": () => times(200, (index) => 1n << BigInt(3_321_928 + index)),
  "a Symbol of 10 MB": () => Symbol("token=".repeat((10 * MILLION) / 6)),
  ...Object.fromEntries(
    ["[", "{}", '{"a":', "\u0001", "a\0", "\n", "http://a:b@", "curl -u a:b ", "eyJ", "A_B "].map(
      (unit) => [
        `texts of ${JSON.stringify(unit)}`,
        () => times(200, () => `token --password${unit.repeat(8192)}`.slice(0, 8192)),
      ],
    ),
  ),
};

const ERRORS = {
  "an error of long texts": () =>
    Object.assign(new Error("x".repeat(MILLION)), {
      stack: "    at f (/a.js:1:1)\n".repeat(50_000),
    }),
  "100,000 causes": () => nested(100_000, (cause) => new Error("e", { cause })),
  "100,000 errors": () => new AggregateError(times(100_000, (index) => new Error(`${index}`))),
  "causes without end": function again() {
    return getter(new Error("e"), "cause", again);
  },
  "groups of groups": () =>
    nested(30, (error) => new AggregateError(times(100, () => error)), new Error("e")),
  "errors with properties": () =>
    times(50, (at) =>
      Object.assign(
        new Error(`${at}`),
        numbered(500, () => numbered(50, () => "x")),
      ),
    ),
};

const ACCESS = {
  "a proxy of prototypes without end": endlessPrototypes,
  "a proxy of members without end": endlessFields,
  "a proxy that is a list of 2 ** 32": () =>
    new Proxy([], { get: (_, key) => (key === "length" ? 2 ** 32 - 1 : "x") }),
  "a proxy of 20,000 keys": () => new Proxy({}, wideTraps),
  "proxies of 20,000 keys": () => numbered(200, () => new Proxy({}, wideTraps)),
  "5000 proxies of one another": () =>
    nested(5000, (target) => new Proxy(target, {}), { a: 1, b: [1] }),
  "lists of proxies of one another": () =>
    times(200, () => nested(1000, (target) => new Proxy(target, {}), [1, 2, 3])),
  "5000 proxies within one another": () => nested(5000, (value) => new Proxy({ value }, {})),
  "getters of new objects": function again() {
    return getter({}, "inner", again);
  },
  "revoked functions": () => times(200, revokedFunction),
  "getters that throw": () => times(1000, () => getter({}, "value", fail)),
  "toJSON of 5 MB": () => times(200, () => ({ toJSON: () => "x=".repeat(2.5 * MILLION).slice(1) })),
  "toJSON of 20,000 keys": () => times(200, () => ({ toJSON: () => numbered(20_000, () => 1) })),
  "getters of 5 MB": () =>
    times(200, () => getter({}, "value", () => "x=".repeat(2.5 * MILLION).slice(1))),
};

export const HOSTILE_VALUES = { ...OBJECTS, ...CLASSES, ...TEXTS, ...ERRORS, ...ACCESS };
