import { types } from "node:util";
import { isUnreadable, lengthOf, listedKeys } from "../support/foreign.js";
import { ProxyTime } from "../support/proxy-time.js";
import { clip, jsonString, textOf } from "../support/text.js";
import type { HighResolutionTime } from "../trace/span.js";

/** Maximum length of an attribute value, in characters (protocol: the largest documented field is 20 kB). */
export const MAX_VALUE_LENGTH = 32_768;

/** Maximum length of the JSON of one span's attributes, in characters; further attributes are left out. */
export const MAX_ATTRIBUTES_LENGTH = 262_144;

const PROXY = '"[Proxy]"';
const MAX_DEPTH = 6;
const MAX_FIELDS = 1000;

/**
 * Objects and arrays within the attributes of one span that are read; further ones become strings such as `[Object]`.
 */
export const MAX_OBJECTS = 500;

// Keys that are listed in about the time that an object takes, whether they are read or not.
const KEYS_PER_OBJECT = 40;

// Characters that are joined in that time, if a string consists of many short parts.
const CHARACTERS_PER_OBJECT = 4096;

// A proxy's traps are called for itself, and for each of its properties.
const TRAPS_PER_PROXY = 28;
const TRAPS_PER_PROPERTY = 2;
const TRAPS_PER_OBJECT = 20;

/** How much of the objects and arrays of one span may still be read. */
export interface ObjectBudget {
  /** The number that is left. */
  objects: number;
  readonly proxyTime: ProxyTime;
}

/** Returns false if a string is too long to be read with what is left of a budget. */
export function mayReadText(text: string, budget: ObjectBudget): boolean {
  budget.objects -= Math.floor(text.length / CHARACTERS_PER_OBJECT);
  return budget.objects >= 0;
}

// Returns false if the properties of a proxy may not be read.
function mayCallTraps(value: object, properties: number, budget: ObjectBudget): boolean {
  if (!types.isProxy(value)) return true;
  const traps = TRAPS_PER_PROXY + TRAPS_PER_PROPERTY * properties;
  budget.objects -= Math.floor(traps / TRAPS_PER_OBJECT);
  return budget.objects >= 0;
}

/** Returns the budget of a span. */
export function objectBudget(): ObjectBudget {
  return { objects: MAX_OBJECTS, proxyTime: new ProxyTime() };
}

/**
 * Encodes an attribute value as JSON. Strings, finite numbers and booleans are kept; the additional types of API 1.10
 * follow OTel's rules for non-OTLP formats: bytes become base64, `null` an empty string (inside arrays and maps
 * `null`), `NaN` and the infinities strings.
 */
export function jsonValue(value: unknown, budget?: ObjectBudget): string {
  if (typeof value === "string") return jsonText(value);
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  if (typeof value === "boolean") return value ? "true" : "false";
  return value === null || value === undefined ? '""' : jsonAny(value, 0, walkOf(budget));
}

interface Walk {
  readonly path: Set<object>;
  readonly budget: ObjectBudget;
}

function walkOf(budget: ObjectBudget = objectBudget()): Walk {
  return { path: new Set(), budget };
}

function jsonText(value: string): string {
  return jsonString(value.length <= MAX_VALUE_LENGTH ? value : clip(value, MAX_VALUE_LENGTH));
}

function jsonAny(value: unknown, depth: number, walk: Walk): string {
  switch (typeof value) {
    case "string":
      return jsonText(value);
    case "number":
      return Number.isFinite(value) ? String(value) : `"${value}"`;
    case "boolean":
      return value ? "true" : "false";
    case "object":
      return value === null ? "null" : jsonObject(value, depth, walk);
    case "undefined":
      return "null";
    case "function":
      return --walk.budget.objects < 0 ? '"[Function]"' : jsonText(textOf(value));
    default:
      return jsonText(textOf(value));
  }
}

function jsonObject(value: object, depth: number, walk: Walk): string {
  if (types.isUint8Array(value)) return jsonText(base64(value));
  if (ArrayBuffer.isView(value)) return jsonText(`[${value.byteLength} bytes]`);
  const { path, budget } = walk;
  if (path.has(value)) return '"[Circular]"';
  if (depth >= MAX_DEPTH || --budget.objects < 0)
    return Array.isArray(value) ? '"[Array]"' : '"[Object]"';
  if (!types.isProxy(value)) return jsonReadable(value, depth, walk);
  return budget.proxyTime.read(value, () => jsonProxy(value, depth, walk)) ?? PROXY;
}

function jsonProxy(proxy: object, depth: number, walk: Walk): string {
  return isUnreadable(proxy) ? PROXY : jsonReadable(proxy, depth, walk);
}

function jsonReadable(value: object, depth: number, walk: Walk): string {
  const { path } = walk;
  path.add(value);
  const text = Array.isArray(value) ? jsonArray(value, depth, walk) : jsonMap(value, depth, walk);
  path.delete(value);
  return text;
}

function jsonArray(values: readonly unknown[], depth: number, walk: Walk): string {
  let text = "";
  const count = Math.min(lengthOf(values), MAX_FIELDS);
  if (!mayCallTraps(values, count, walk.budget)) return '"[Array]"';
  for (let index = 0; index < count && text.length < MAX_VALUE_LENGTH; index++) {
    text += `${index === 0 ? "" : ","}${jsonAny(values[index], depth + 1, walk)}`;
  }
  return `[${text}]`;
}

function jsonMap(value: object, depth: number, walk: Walk): string {
  let text = "";
  const { keys, listed } = listedKeys(value, MAX_FIELDS);
  walk.budget.objects -= Math.floor(listed / KEYS_PER_OBJECT);
  if (!mayCallTraps(value, keys.length, walk.budget)) return '"[Object]"';
  for (const key of keys) {
    if (text.length >= MAX_VALUE_LENGTH) break;
    const member: unknown = Reflect.get(value, key);
    text += `${text === "" ? "" : ","}${jsonText(key)}:${jsonAny(member, depth + 1, walk)}`;
  }
  return `{${text}}`;
}

// Encodes only the bytes that are kept.
function base64(bytes: Uint8Array): string {
  const kept = bytes.subarray(0, MAX_VALUE_LENGTH);
  return Buffer.from(kept.buffer, kept.byteOffset, kept.byteLength).toString("base64");
}

/** Start and end of a span in whole microseconds since 1970, with start ≤ end. */
export interface TimeSpan {
  start: number;
  end: number;
}

const MICROS_PER_SECOND = 1e6;

// The year 2242. A later time comes from a broken clock or a wrong unit, and its microseconds are not exact.
const LATEST_SECONDS = 2 ** 33;

/**
 * Returns valid times of a span, because Relay drops a transaction with one invalid time. An invalid end is replaced by
 * the start, an invalid start by the end, and both by `nowMillis` if both are invalid.
 */
export function validTimes(
  startTime: HighResolutionTime,
  endTime: HighResolutionTime,
  nowMillis: () => number,
): TimeSpan & { repaired: boolean } {
  const start = toMicros(startTime);
  const end = toMicros(endTime);
  if (end >= start) return { start, end, repaired: false };
  const known = Number.isNaN(start) ? end : start;
  const time = Number.isNaN(known) ? Math.floor(nowMillis() * 1000) : known;
  return { start: time, end: time, repaired: true };
}

/** Encodes a time as a JSON property: seconds since 1970 with six decimals. */
export class TimestampEncoder {
  readonly #seconds: LastText<number>;

  /** `prefix` is the text before the number: the comma, the key and the colon. */
  constructor(prefix: string) {
    this.#seconds = new LastText((seconds) => `${prefix}${seconds}.`);
  }

  /** Returns the property for a time in microseconds since 1970. */
  text(micros: number): string {
    const seconds = Math.floor(micros / MICROS_PER_SECOND);
    const fraction = micros - seconds * MICROS_PER_SECOND;
    const millis = Math.floor(fraction / 1000);
    return (
      this.#seconds.of(seconds, undefined, undefined) +
      (digits(millis) + digits(fraction - millis * 1000))
    );
  }
}

// Numbers below 1000 as three digits, each made when it is first needed: formatting a number takes twice as long as all
// else about a time.
const DIGITS: (string | undefined)[] = Array.from({ length: 1000 });

function digits(number: number): string {
  return (DIGITS[number] ??= String(number).padStart(3, "0"));
}

// NaN for an invalid time, so that one comparison detects every invalid case.
function toMicros(time: HighResolutionTime): number {
  const seconds = time[0];
  const nanos = time[1];
  const plausible = seconds > 0 && seconds < LATEST_SECONDS && nanos >= 0 && nanos < 1e9;
  return plausible
    ? Math.floor(seconds) * MICROS_PER_SECOND + Math.floor(nanos / 1000)
    : Number.NaN;
}

/**
 * Caches the string that was built from the last values. Consecutive spans have most of their values in common, and a
 * cached string needs no building, no escaping and no garbage collection.
 */
export class LastText<First, Second = undefined, Third = undefined> {
  readonly #build: (first: First, second: Second, third: Third) => string;
  #first: First | undefined = undefined;
  #second: Second | undefined = undefined;
  #third: Third | undefined = undefined;
  #text: string | undefined = undefined;

  constructor(build: (first: First, second: Second, third: Third) => string) {
    this.#build = build;
  }

  of(first: First, second: Second, third: Third): string {
    const isLast = first === this.#first && second === this.#second && third === this.#third;
    if (isLast && this.#text !== undefined) return this.#text;
    this.#first = first;
    this.#second = second;
    this.#third = third;
    this.#text = flat(this.#build(first, second, third));
    return this.#text;
  }
}

/** Strings that are cached. They come from a small vocabulary; more distinct ones, and longer ones, are not cached. */
const MAX_REMEMBERED = 1024;
const MAX_REMEMBERED_LENGTH = 100;

/** Caches the string that was built from each input. There are few span names, but they alternate. */
export class RememberedTexts {
  readonly #build: (text: string) => string;
  readonly #built = new Map<string, string>();

  constructor(build: (text: string) => string) {
    this.#build = build;
  }

  of(text: string): string {
    const known = this.#built.get(text);
    if (known !== undefined) return known;
    const built = flat(this.#build(text));
    if (text.length <= MAX_REMEMBERED_LENGTH && this.#built.size < MAX_REMEMBERED)
      this.#built.set(text, built);
    return built;
  }
}

/**
 * Flattens a concatenated string. V8 represents it as a tree until it is read, and would walk the tree again for each
 * string that contains it. Reading one character flattens it.
 */
export function flat(text: string): string {
  text.charCodeAt(0);
  return text;
}
