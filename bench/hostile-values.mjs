// Longest time that one call of a public function blocks, given hostile values: node bench/hostile-values.mjs [words]
// Walks the exports, the methods of scopes and what OpenTelemetry calls; each value stands alone, in a list, and under every
// name that is read of an object, and under 200 names of each of these. `words` select functions. Of 3 rounds with new values
// the minimum counts. Prints the longest call of each value and all above 20 ms, then the longest of each function. An object
// of a million keys takes longer: the engine lists them as a whole, once.
import { ROOT_CONTEXT, context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import * as sentry from "otel-sentry-bridge";

const ROUNDS = 3;
const BOUND_MILLIS = 20;
const words = process.argv.slice(2);
const MILLION = 1_000_000;

const times = (count, make) => Array.from({ length: count }, (_, index) => make(index));
const nested = (levels, wrap) => times(levels, () => wrap).reduce((value, to) => to(value), {});
const getter = (object, name, get) =>
  Object.defineProperty(object, name, { get, enumerable: true });
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

const VALUES = {
  "a Buffer of 10 MB": () => Buffer.alloc(10 * MILLION, 65),
  "a sparse array of 2 ** 32": () => Object.assign([], { 5: "x", length: 2 ** 32 - 1 }),
  "a list of a million": () => times(MILLION, (index) => index),
  "an object of a million keys": () =>
    Object.fromEntries(times(MILLION, (index) => [`k${index}`, index])),
  "a Map of a million": () => new Map(times(MILLION, (index) => [`k${index}`, index])),
  "a Set of a million": () => new Set(times(MILLION, (index) => index)),
  "100,000 levels": () => nested(100_000, (value) => ({ value })),
  "a graph of 2 ** 60 paths": () => nested(60, (value) => ({ a: value, b: value })),
  "a cyclic graph": cyclic,
  "a text of 10 MB": () => "x".repeat(10 * MILLION),
  "10 MB of query": () => `/?${"token=a;b&%74oken=c&".repeat(MILLION / 2)}`,
  "10 MB of JSON": () => JSON.stringify(times(MILLION / 2, (index) => ({ password: index }))),
  "a bigint of a million digits": () => 1n << 3_321_928n,
  "an error of long texts": () =>
    Object.assign(new Error("x".repeat(MILLION)), {
      stack: "    at f (/a.js:1:1)\n".repeat(50_000),
    }),
  "100,000 causes": () => nested(100_000, (cause) => new Error("e", { cause })),
  "100,000 errors": () => new AggregateError(times(100_000, (index) => new Error(`${index}`))),
  "causes without end": function again() {
    return getter(new Error("e"), "cause", again);
  },
  "a proxy of prototypes without end": endlessPrototypes,
  "a proxy of members without end": endlessFields,
  "a proxy that is a list of 2 ** 32": () =>
    new Proxy([], { get: (_, key) => (key === "length" ? 2 ** 32 - 1 : "x") }),
  "getters of new objects": function again() {
    return getter({}, "inner", again);
  },
  "an iterator": () => Object.assign([1], { [Symbol.iterator]: endless, entries: endless }),
  "an invalid Date": () => new Date(Number.NaN),
  "revoked functions": () => times(200, revokedFunction),
  "getters that throw": () => times(1000, () => getter({}, "value", fail)),
  "names of secrets": () =>
    Object.fromEntries(times(1000, (index) => [`token_${"a_".repeat(80)}${index}`, "x"])),
  "20,000 symbols": () => Object.fromEntries(times(20_000, (index) => [Symbol(index), index])),
  "a proxy of 20,000 keys": () =>
    new Proxy(
      {},
      {
        ownKeys: () => times(20_000, (index) => `k${index}`),
        getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: 1 }),
      },
    ),
  ...Object.fromEntries(
    ["[", "{}", '{"a":', "\u0001", "a\0", "\n", "http://a:b@", "curl -u a:b ", "eyJ", "A_B "].map(
      (unit) => [
        `texts of ${JSON.stringify(unit)}`,
        () => times(200, () => `token --password${unit.repeat(8192)}`.slice(0, 8192)),
      ],
    ),
  ),
};

const NAMES = (
  "user tags extra contexts fingerprint attachments attributes level data message name email mechanism type value " +
  "stack cause errors timestamp monitorSlug checkInId schedule signal exception breadcrumbs request template parameters"
).split(" ");
const under = (names, value) => Object.fromEntries(names.map((name) => [name, value]));
const MANY = times(200, (index) => `name${index}`);
const forms = (value) => [
  value,
  [value],
  under(NAMES, value),
  under(NAMES, under(MANY, value)),
  under(MANY, value),
];

const attributes = (value) => ({ value, "url.full": value, "db.query.text": value });

// OpenTelemetry's `recordException` itself walks each member of a list as message, and converts any error to a text.
const isWalked = (value) => Array.isArray(value) || typeof value === "bigint";
const TEXTS = ["code", "name", "message", "stack"];
function recordable(value) {
  if (isWalked(value)) return { cause: value };
  const isWalkedIn = TEXTS.some((name) => isWalked(Object(value)[name]));
  return isWalkedIn ? { ...value, ...under(TEXTS, "x") } : value;
}
const manyAttributes = (value) =>
  typeof value === "string" ? { ...attributes(value), ...under(MANY, value) } : attributes(value);

function functionsOf(client, tracer) {
  const all = Object.entries(sentry).flatMap(([name, value]) => {
    if (typeof value === "object")
      return Object.keys(value).map((key) => [`${name}.${key}`, (...args) => value[key](...args)]);
    return /^class\b/.test(value) || name === "close" ? [] : [[name, value]];
  });
  const scope = sentry.getGlobalScope().clone();
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(scope)))
    if (typeof scope[name] === "function" && name !== "constructor")
      all.push([`scope.${name}`, (...args) => scope.clone()[name](...args)]);
  const span = (fill) => (value) => {
    const made = tracer.startSpan("work");
    fill(made, value);
    made.end();
  };
  const logs = new sentry.SentryLogRecordProcessor(client);
  all.push(
    [
      "span.attributes",
      span((made, value) => Object.assign(made.attributes, manyAttributes(value))),
    ],
    ["span.recordException", span((made, value) => made.recordException(recordable(value)))],
    ["span.events", span((made, value) => made.events.push({ name: value, attributes: value }))],
    ["log record", (value) => logs.onEmit({ body: value, attributes: manyAttributes(value) })],
    ["extract", (value) => new sentry.SentryPropagator().extract(ROOT_CONTEXT, value)],
  );
  return all.filter(([name]) => words.every((word) => name.includes(word)));
}

// On a busy machine a call takes longer than it works.
function millisOf(run) {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  try {
    run();
  } catch {
    // An option that is wrong, or what a function of the value's throws.
  }
  const { user, system } = process.cpuUsage(cpu);
  return Math.min(performance.now() - start, (user + system) / 1000);
}

const ordinary = () => ({});
const lineOf = (millis, name, value) => `${millis.toFixed(1).padStart(8)} ms  ${name} <- ${value}`;

function longestCall(call, value) {
  const calls = forms(value).flatMap((form) =>
    [0, 1, 2].map((at) => [ordinary, ordinary, ordinary].with(at, form)),
  );
  const inUnit = (args) => () => sentry.withIsolationScope(() => call(...args));
  return Math.max(...calls.map((args) => millisOf(inUnit(args))));
}

context.setGlobalContextManager(new AsyncLocalStorageContextManager());
const answer = { outcome: "delivered", statusCode: 200, limits: {} };
const client = sentry.createClient({
  dsn: "https://key@sentry.invalid/1",
  silent: true,
  transport: { send: async () => answer, close: async () => {} },
});
const processor = new sentry.SentrySpanProcessor(client);
const provider = new BasicTracerProvider({ spanProcessors: [processor] });
const functions = functionsOf(client, provider.getTracer("bench"));

async function measureRound(made, best) {
  for (const [name, call] of functions) {
    // So that a call that does not come to an end can be seen.
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${name}\r`);
    best.set(name, Math.min(best.get(name) ?? Infinity, longestCall(call, made)));
    sentry.setClient(client);
  }
  await client.flush();
}

const longest = new Map();
for (const [value, make] of Object.entries(VALUES)) {
  const best = new Map();
  for (let round = 0; round < ROUNDS; round++) {
    const made = make();
    // The engine joins the parts of a text when it is first read.
    if (typeof made === "string") made.charCodeAt(0);
    await measureRound(made, best);
  }
  const rows = [...best].toSorted(([, a], [, b]) => b - a);
  const slow = rows.filter(([, millis]) => millis > BOUND_MILLIS);
  for (const [name, millis] of slow.length > 0 ? slow : rows.slice(0, 1))
    console.log(lineOf(millis, name, value));
  for (const [name, millis] of best)
    if (millis > (longest.get(name)?.[0] ?? 0)) longest.set(name, [millis, name, value]);
}
console.log("longest of each function");
for (const row of [...longest.values()].toSorted(([a], [b]) => b - a)) console.log(lineOf(...row));
process.exit(0);
