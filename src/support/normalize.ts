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
} from "./foreign.js";
import {
  CAPTURE_NODES,
  CAUGHT_NODES,
  MAX_LENGTH,
  MAX_NODES,
  PROXY_NODES,
  STACK_NODES,
  copyBudget,
  nodesOfKeys,
  nodesOfPrototypes,
  nodesOfText,
} from "./copy-budget.js";
import type { CopyBudget, NormalizeLimits } from "./copy-budget.js";

/** Any JSON value. */
export type JsonValue =
  | JsonValue[]
  | boolean
  | number
  | string
  | { [key: string]: JsonValue }
  | null;

const DEFAULTS: NormalizeLimits = {
  depth: 3,
  breadth: 1000,
  stringLength: 8192,
  keyLength: 200,
  totalLength: MAX_LENGTH,
  nodes: MAX_NODES,
  omitUndefined: false,
};
// Quotes, colon and comma around a member, or a short number.
const PROPERTY_COST = 6;
const NON_SERIALIZABLE = "**non-serializable**";

interface Walk {
  readonly limits: NormalizeLimits;
  /** The walk one of whose getters or traps began this one, by capturing something itself. */
  readonly outer: Walk | undefined;
  readonly ancestors: Set<object>;
  readonly budget: CopyBudget;
  /** The number of caught errors that are charged. */
  caught: number;
  /** Values that were left when the proxy was reached that is being read, with all that is within it. */
  proxyNodes: number | undefined;
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
  // Listing the keys of one more object may take a millisecond.
  if (budget.nodes <= 0 && typeof value === "object" && value !== null) return MAX_SIZE;
  const walk: Walk = {
    limits: { ...DEFAULTS, ...given },
    outer: current,
    ancestors: new Set<object>(),
    budget,
    caught: caughtErrors(),
    proxyNodes: undefined,
  };
  return nesting(walk) > MAX_NESTING ? MAX_SIZE : run(value, walk);
}

/** Walks within walks. A getter that captures its own object would nest them until the stack is full. */
const MAX_NESTING = 3;

let current: Walk | undefined = undefined;

function nesting({ outer }: Walk): number {
  return outer === undefined ? 1 : 1 + nesting(outer);
}

// A walk within another is charged to that as well.
function run(value: unknown, walk: Walk): JsonValue {
  const { outer, budget, limits } = walk;
  const given = budget.nodes;
  current = walk;
  try {
    return visit(value, limits.depth, walk);
  } finally {
    current = outer;
    if (outer !== undefined) {
      outer.budget.nodes -= CAPTURE_NODES + given - budget.nodes;
      outer.caught = caughtErrors();
    }
  }
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

function visitProxy(proxy: object, depth: number, walk: Walk): JsonValue {
  const { budget } = walk;
  const outer = walk.proxyNodes;
  walk.proxyNodes ??= budget.nodes;
  budget.nodes -= PROXY_NODES;
  const copy = budget.proxyTime.read(
    proxy,
    () => visitReadable(proxy, depth, walk),
    () => usualMillis(walk),
  );
  walk.proxyNodes = outer;
  return copy === undefined ? spend("[Proxy]", walk) : copy;
}

// Twice as long as on a machine that does nothing else.
function usualMillis({ budget, proxyNodes }: Walk): number {
  return proxyNodes === undefined ? 0 : ((proxyNodes - budget.nodes) * 2) / 1000;
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
  const prototypes = nodesOfPrototypes(value);
  if (prototypes === undefined) return spend("[Object]", walk);
  walk.budget.nodes -= prototypes;
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

// Whoever made a large value needed time for all of it, even if little or none is read. Charged at the end, so that what is
// read of the first one still fits.
function visitMade(made: unknown, depth: number, walk: Walk): JsonValue {
  const copy = visit(made, depth, walk);
  const count = isList(made) ? lengthOf(made) : isObjectLike(made) ? listedKeys(made, 0).listed : 0;
  walk.budget.nodes -= nodesOfKeys(count);
  return copy;
}

// Reads by index: a sparse array may have a length of 2 ** 32, and a custom iterator may never end.
function visitList(list: readonly unknown[], depth: number, walk: Walk): JsonValue[] {
  const copy: JsonValue[] = [];
  const length = lengthOf(list);
  for (let index = 0; index < length; index += 1) {
    const marker = stopMarker(copy.length, walk);
    copy.push(marker ?? visit(readOrMark(list, String(index)), depth, walk));
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

// The properties that are read still fit.
const MAX_LISTING_NODES = 4000;

function visitRecord(value: object, depth: number, walk: Walk): JsonValue {
  const copy: [string, JsonValue][] = [];
  const place = { depth, walk };
  const isNative = isError(value);
  if (isNative) addNativeProperties(value, copy, place);
  const { keys, listed } = listedKeys(value, walk.limits.breadth + 1);
  const listing = listed > walk.limits.breadth ? nodesOfKeys(listed) : 0;
  walk.budget.nodes -= Math.min(listing, MAX_LISTING_NODES);
  for (const key of keys) {
    if (isNative && NATIVE_PROPERTIES.has(key)) continue;
    if (!addProperty(copy, [key, readOrMark(value, key)], place)) break;
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
  const { budget, proxyNodes } = walk;
  if (budget.remaining <= 0 || budget.nodes <= 0) return MAX_SIZE;
  return proxyNodes !== undefined && budget.proxyTime.isOver(usualMillis(walk))
    ? MAX_SIZE
    : undefined;
}

/** Returns a property; a mark if reading it throws. */
export function readOrMark(value: object, key: string): unknown {
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
