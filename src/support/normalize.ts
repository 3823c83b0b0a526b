import { clip, encodedLength, errorMessage, errorType, flatText, leafOf, textOf } from "./text.js";
import { types } from "node:util";

import {
  attempt,
  caughtErrors,
  classNameOf,
  isError,
  isList,
  isObjectLike,
  lengthOf,
  listedKeys,
  isUnreadable,
  objectFrom,
  propertyOf,
  slowTrapMicros,
} from "./foreign.js";
import { CAUGHT_NODES, PROXY_NODES, STACK_NODES, nodesOfKeys, nodesOfText } from "./value-costs.js";

/** Any JSON value. */
export type JsonValue =
  | JsonValue[]
  | boolean
  | number
  | string
  | { [key: string]: JsonValue }
  | null;

/** Limits of a copy. */
export interface NormalizeLimits {
  /** Levels of objects, default 3; deeper objects become `[ClassName]`. */
  readonly depth: number;
  /** Properties per object or elements per array, default 1000. */
  readonly breadth: number;
  /** Characters per string, default 8192. */
  readonly stringLength: number;
  /** Characters per key, default 200. */
  readonly keyLength: number;
  /** Characters of the whole copy, default 102,400. Also bounds the time that copying takes. */
  readonly totalLength: number;
  /** Values in the whole copy, default 5000: each takes about 1 µs to copy, and again wherever the copy is read. */
  readonly nodes: number;
  /** Leaves out properties that are `undefined`; by default they become `[undefined]`. */
  readonly omitUndefined: boolean;
}

const DEFAULTS: NormalizeLimits = {
  depth: 3,
  breadth: 1000,
  stringLength: 8192,
  keyLength: 200,
  totalLength: 102_400,
  nodes: 5000,
  omitUndefined: false,
};
// Quotes, colon and comma around a member, or a short number.
const PROPERTY_COST = 6;
const NON_SERIALIZABLE = "**non-serializable**";

/** The number of characters and values that may still be read in one call. */
export interface CopyBudget {
  /** Characters that are left. */
  remaining: number;
  /** Values that are left. */
  nodes: number;
  /** Time that is left for proxies with slow traps, which are functions of the application: their work cannot be counted. */
  proxyMillis: number;
}

interface Walk {
  readonly limits: NormalizeLimits;
  readonly ancestors: Set<object>;
  readonly budget: CopyBudget;
  /** The number of caught errors that are charged. */
  caught: number;
  /** Time at which the slow proxy was reached that is being read, with all that is within it. */
  proxySince: number | undefined;
}

type Place = { readonly depth: number; readonly walk: Walk };

const MAX_SIZE = "[MaxSize ~]";

/**
 * Returns a bounded JSON copy of any value, in the notation of Sentry's SDKs (`[Circular ~]`, `[Function: name]`,
 * `[NaN]`, `[undefined]`). A property whose getter throws becomes `**non-serializable**`. Never throws, never changes
 * the value. Values that are copied with the same `budget` share its limits.
 */
export function normalize(
  value: unknown,
  given: Partial<NormalizeLimits> = {},
  budget: CopyBudget = copyBudget(given),
): JsonValue {
  const limits = { ...DEFAULTS, ...given };
  // Listing the keys of one more object may take a millisecond.
  if (budget.nodes <= 0 && typeof value === "object" && value !== null) return MAX_SIZE;
  const walk: Walk = {
    limits,
    ancestors: new Set<object>(),
    budget,
    caught: caughtErrors(),
    proxySince: undefined,
  };
  return visit(value, limits.depth, walk);
}

// A hundred records of an ORM that converts what is read take about 3 ms. A proxy that has begun may take 5 ms more.
const MAX_PROXY_MILLIS = 8;

/** Returns the budget for values that are copied together: by default 5000 values and 102,400 characters. */
export function copyBudget({ totalLength, nodes }: Partial<NormalizeLimits> = {}): CopyBudget {
  return {
    remaining: totalLength ?? DEFAULTS.totalLength,
    nodes: nodes ?? DEFAULTS.nodes,
    proxyMillis: MAX_PROXY_MILLIS,
  };
}

function visit(value: unknown, depth: number, walk: Walk): JsonValue {
  // Every value is charged, even one that throws, so that the budget bounds the steps of the walk.
  walk.budget.remaining -= PROPERTY_COST;
  walk.budget.nodes -= 1;
  try {
    if (isObjectLike(value) && types.isProxy(value)) return visitProxy(value, depth, walk);
    return visitReadable(value, depth, walk);
  } catch {
    walk.budget.nodes -= CAUGHT_NODES;
    return spend(NON_SERIALIZABLE, walk);
  } finally {
    chargeCaught(walk);
  }
}

function visitReadable(value: unknown, depth: number, walk: Walk): JsonValue {
  const isObject = typeof value === "object" && value !== null;
  return isObject ? visitObject(value, depth, walk) : spend(leafOf(value), walk);
}

// The time of a slow proxy includes that of the proxies within it, which do not count again.
function visitProxy(proxy: object, depth: number, walk: Walk): JsonValue {
  const { budget } = walk;
  budget.nodes -= PROXY_NODES;
  const start = performance.now();
  if (budget.proxyMillis <= start - (walk.proxySince ?? start)) return spend("[Proxy]", walk);
  const isTimed = slowTrapMicros(proxy) > 0 && walk.proxySince === undefined;
  if (!isTimed) return visitReadable(proxy, depth, walk);
  walk.proxySince = start;
  try {
    return visitReadable(proxy, depth, walk);
  } finally {
    walk.proxySince = undefined;
    budget.proxyMillis -= performance.now() - start;
  }
}

function chargeCaught(walk: Walk): void {
  const all = caughtErrors();
  walk.budget.nodes -= (all - walk.caught) * CAUGHT_NODES;
  walk.caught = all;
}

function spend(leaf: boolean | number | string | null, walk: Walk): JsonValue {
  if (typeof leaf !== "string") return leaf;
  walk.budget.nodes -= nodesOfText(leaf);
  const max = Math.max(0, Math.min(walk.limits.stringLength, walk.budget.remaining));
  walk.budget.remaining -= encodedLength(leaf.slice(0, max));
  return clip(leaf, max);
}

function visitObject(value: object, depth: number, walk: Walk): JsonValue {
  const flat = isUnreadable(value) ? "[Proxy]" : flatText(value);
  if (flat !== undefined) return spend(flat, walk);
  if (depth <= 0) return spend(isList(value) ? "[Array]" : `[${classNameOf(value)}]`, walk);
  if (walk.ancestors.has(value)) return spend("[Circular ~]", walk);
  walk.ancestors.add(value);
  try {
    return visitProperties(value, depth - 1, walk);
  } finally {
    walk.ancestors.delete(value);
  }
}

function visitProperties(value: object, depth: number, walk: Walk): JsonValue {
  const toJson: unknown = Reflect.get(value, "toJSON");
  if (typeof toJson === "function") return visitMade(Reflect.apply(toJson, value, []), depth, walk);
  if (isList(value)) return visitList(value, depth, walk);
  if (types.isSet(value)) return visitSet(value, depth, walk);
  if (types.isMap(value)) return visitMap(value, depth, walk);
  return visitRecord(value, depth, walk);
}

// Whoever made a large value needed time for all of it, even if little or none is read.
function visitMade(made: unknown, depth: number, walk: Walk): JsonValue {
  const isUnread = depth <= 0 && isObjectLike(made);
  const count = isList(made) ? lengthOf(made) : isUnread ? listedKeys(made, 0).listed : 0;
  walk.budget.nodes -= nodesOfKeys(count);
  return visit(made, depth, walk);
}

// Reads by index: a sparse array may have a length of 2 ** 32, and a custom iterator may never end.
function visitList(list: readonly unknown[], depth: number, walk: Walk): JsonValue[] {
  const copy: JsonValue[] = [];
  const length = lengthOf(list);
  for (let index = 0; index < length; index += 1) {
    const marker = stopMarker(copy.length, walk);
    copy.push(marker ?? visit(read(list, String(index)), depth, walk));
    if (marker !== undefined) break;
  }
  return copy;
}

function visitSet(set: Set<unknown>, depth: number, walk: Walk): JsonValue[] {
  const copy: JsonValue[] = [];
  for (const item of Set.prototype.values.call(set)) {
    const marker = stopMarker(copy.length, walk);
    copy.push(marker ?? visit(item, depth, walk));
    if (marker !== undefined) break;
  }
  return copy;
}

function visitMap(map: Map<unknown, unknown>, depth: number, walk: Walk): JsonValue {
  const copy: [string, JsonValue][] = [];
  for (const [key, value] of Map.prototype.entries.call(map)) {
    if (!addProperty(copy, [textOf(key), value], { depth, walk })) break;
  }
  return objectFrom(copy);
}

function visitRecord(value: object, depth: number, walk: Walk): JsonValue {
  const copy: [string, JsonValue][] = [];
  const place = { depth, walk };
  const isNative = isError(value);
  if (isNative) addNativeProperties(value, copy, place);
  const { keys, listed } = listedKeys(value, walk.limits.breadth + 1);
  if (listed > walk.limits.breadth) walk.budget.nodes -= nodesOfKeys(listed);
  for (const key of keys) {
    if (isNative && NATIVE_PROPERTIES.has(key)) continue;
    if (!addProperty(copy, [key, read(value, key)], place)) break;
  }
  return objectFrom(copy);
}

// Adds a property. If the copy is full, adds a marker instead and returns false.
function addProperty(
  copy: [string, JsonValue][],
  [key, value]: readonly [string, unknown],
  { depth, walk }: Place,
): boolean {
  if (value === undefined && walk.limits.omitUndefined) return --walk.budget.nodes > 0;
  const marker = stopMarker(copy.length, walk);
  walk.budget.nodes -= nodesOfText(key);
  const name = clip(key, walk.limits.keyLength);
  walk.budget.remaining -= encodedLength(name);
  copy.push([name, marker ?? visit(value, depth, walk)]);
  return marker === undefined;
}

function stopMarker(count: number, walk: Walk): string | undefined {
  if (count >= walk.limits.breadth) return "[MaxProperties ~]";
  return walk.budget.remaining <= 0 || walk.budget.nodes <= 0 ? MAX_SIZE : undefined;
}

function read(value: object, key: string): unknown {
  return attempt<unknown>(() => Reflect.get(value, key), NON_SERIALIZABLE);
}

// `message`, `stack` and `cause` are usually not enumerable, so a plain copy would lose them. If they are enumerable,
// they are still read once only: a `cause` getter that returns a new error each time would double the number of errors
// at each level.
const NATIVE_PROPERTIES: ReadonlySet<string> = new Set(["message", "stack", "cause"]);

function addNativeProperties(error: object, copy: [string, JsonValue][], place: Place): void {
  place.walk.budget.nodes -= STACK_NODES;
  addProperty(copy, ["type", errorType(error)], place);
  addProperty(copy, ["message", errorMessage(error)], place);
  for (const key of ["stack", "cause"]) {
    const value = propertyOf(error, key);
    if (value !== undefined) addProperty(copy, [key, value], place);
  }
}
