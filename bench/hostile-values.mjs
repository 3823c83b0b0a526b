// Longest time that one call of a public function blocks, given hostile values: node bench/hostile-values.mjs [words]
// Walks the exports, the methods of scopes and what OpenTelemetry calls; each value stands alone, in a list, and under every
// name that is read of an object, and under 200 names of each of these. `words` select functions. Of 3 rounds with new values
// the minimum counts. Prints the longest call of each value and all above 20 ms, then the longest of each function. An object
// of a million keys takes longer: the engine lists them as a whole, once.
import { ROOT_CONTEXT, context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import * as sentry from "otel-sentry-bridge";

import { millisSince, now } from "./harness/clock.mjs";
import { HOSTILE_VALUES, times, under } from "./workloads/hostile.mjs";

const ROUNDS = 3;
const BOUND_MILLIS = 20;
const words = process.argv.slice(2);
const only = process.env["VALUE"] ?? "";

const NAMES = (
  "user tags extra contexts fingerprint attachments attributes level data message name email mechanism type value " +
  "stack cause errors timestamp monitorSlug checkInId schedule signal exception breadcrumbs request template parameters"
).split(" ");
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

// Hooks of a client of their own return the value, alone and in fields of what they were given.
const PARTS = ["extra", "contexts", "data", "attributes", "exception", "tags", "spans"];
const results = [
  (value) => value,
  (value, given) => ({ ...given, ...under(PARTS, value) }),
  // Still a valid transaction.
  (value, given) => ({
    ...given,
    ...under(["extra", "tags", "request", "measurements"], value),
    contexts: { ...given.contexts, ...under(NAMES, value) },
  }),
];
let answerOf = (given) => given;
const hook = (given) => answerOf(given);

function hookedClient() {
  const names = ["beforeSend", "beforeSendTransaction", "beforeSendSpan", "beforeBreadcrumb"];
  const hooks = under([...names, "beforeSendLog", "beforeSendMetric"], hook);
  return sentry.createClient({ ...OPTIONS, ...hooks });
}

function hooksOf() {
  const hooked = hookedClient();
  const spans = new sentry.SentrySpanProcessor(hooked);
  const tracer = new BasicTracerProvider({ spanProcessors: [spans] }).getTracer("hooked");
  const captures = {
    error: () => sentry.captureMessage("m"),
    processor: () => {
      sentry.getIsolationScope().addEventProcessor(hook);
      sentry.captureException(new Error("e"));
    },
    breadcrumb: () => sentry.addBreadcrumb({ message: "m" }),
    log: () => sentry.logger.info("m"),
    metric: () => sentry.metrics.count("m"),
    transaction: () => tracer.startSpan("work").end(),
  };
  return Object.entries(captures).map(([name, capture]) => [
    `hook ${name}`,
    (value) => {
      sentry.setClient(hooked);
      return Math.max(...results.map((result) => timeOfHook(result, value, capture)));
    },
  ]);
}

function timeOfHook(result, value, capture) {
  answerOf = (given) => result(value, given);
  const millis = millisOf(() => sentry.withIsolationScope(capture));
  answerOf = (given) => given;
  return millis;
}

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
  all.push(...hooksOf());
  return all.filter(([name]) => words.every((word) => name.includes(word)));
}

// On a busy machine a call takes longer than it works. A call of several parts returns the time of the longest.
function millisOf(run) {
  const start = now();
  try {
    const longest = run();
    if (typeof longest === "number") return longest;
  } catch {
    // An option that is wrong, or what a function of the value's throws.
  }
  return millisSince(start);
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
const OPTIONS = {
  dsn: "https://key@sentry.invalid/1",
  silent: true,
  transport: { send: async () => answer, close: async () => {} },
};
const client = sentry.createClient(OPTIONS);
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
for (const [value, make] of Object.entries(HOSTILE_VALUES)) {
  if (!value.includes(only)) continue;
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
