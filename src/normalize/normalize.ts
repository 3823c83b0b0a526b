import { errorMessage, errorType } from "./error-shape.js";
import { attempt, classNameOf, isError, isList, memberOf } from "./foreign.js";
import { clip } from "./cut.js";
import { bigintText, functionText, textOf } from "./text.js";

/** What JSON can hold. */
export type JsonValue =
  | JsonValue[]
  | boolean
  | number
  | string
  | { [key: string]: JsonValue }
  | null;

/** How much of a value is copied. */
export interface NormalizeLimits {
  /** Levels of objects, default 3; deeper ones become `[ClassName]`. */
  readonly depth: number;
  /** Members per object or list, default 1000. */
  readonly breadth: number;
  /** Characters per text, default 8192. */
  readonly stringLength: number;
  /** Characters of the whole copy, default 100 Ki; also what bounds the time it takes. */
  readonly totalLength: number;
  /** Whether members that are `undefined` are left out; by default they become `[undefined]`. */
  readonly omitUndefined: boolean;
}

const DEFAULTS: NormalizeLimits = {
  depth: 3,
  breadth: 1000,
  stringLength: 8192,
  totalLength: 102_400,
  omitUndefined: false,
};
const MAX_KEY_LENGTH = 200;
// Quotes, colon and comma around a member, or a short number.
const MEMBER_COST = 6;
const NON_SERIALIZABLE = "**non-serializable**";

interface Walk {
  readonly limits: NormalizeLimits;
  readonly ancestors: Set<object>;
  remaining: number;
}

type Member = readonly [key: string, value: unknown];

/**
 * A JSON copy of any value, bounded by the limits, in the notation of Sentry's SDKs (`[Circular ~]`,
 * `[Function: name]`, `[NaN]`, `[undefined]`). What throws while it is read becomes
 * `**non-serializable**`. Never throws, never changes the value.
 */
export function normalize(value: unknown, limits: Partial<NormalizeLimits> = {}): JsonValue {
  const merged = { ...DEFAULTS, ...limits };
  return visit(value, merged.depth, {
    limits: merged,
    ancestors: new Set(),
    remaining: merged.totalLength,
  });
}

function visit(value: unknown, depth: number, walk: Walk): JsonValue {
  // Every value is paid for, also one that throws: what is left bounds the steps of the walk.
  walk.remaining -= MEMBER_COST;
  if (typeof value !== "object" || value === null) return spend(leafOf(value), walk);
  try {
    return visitObject(value, depth, walk);
  } catch {
    return spend(NON_SERIALIZABLE, walk);
  }
}

function leafOf(value: unknown): boolean | number | string | null {
  switch (typeof value) {
    case "boolean":
    case "string":
      return value;
    case "number":
      return Number.isFinite(value) ? value : `[${value}]`;
    case "bigint":
      return `[BigInt: ${bigintText(value)}]`;
    case "function":
      return functionText(value);
    case "object":
      return null;
    default:
      return `[${String(value)}]`;
  }
}

function spend(leaf: boolean | number | string | null, walk: Walk): JsonValue {
  if (typeof leaf !== "string") return leaf;
  const text = clip(leaf, Math.max(0, Math.min(walk.limits.stringLength, walk.remaining)));
  walk.remaining -= text.length;
  return text;
}

function visitObject(value: object, depth: number, walk: Walk): JsonValue {
  const flat = flatText(value);
  if (flat !== undefined) return spend(flat, walk);
  if (depth <= 0) return spend(isList(value) ? "[Array]" : `[${classNameOf(value)}]`, walk);
  if (walk.ancestors.has(value)) return spend("[Circular ~]", walk);
  walk.ancestors.add(value);
  try {
    return visitMembers(value, depth - 1, walk);
  } finally {
    walk.ancestors.delete(value);
  }
}

function flatText(value: object): string | undefined {
  if (value === globalThis) return "[Global]";
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    return `[${classNameOf(value)}: ${value.byteLength} bytes]`;
  }
  if (!(value instanceof Date)) return undefined;
  return attempt(() => Date.prototype.toISOString.call(value), "[Invalid Date]");
}

function visitMembers(value: object, depth: number, walk: Walk): JsonValue {
  const toJson: unknown = Reflect.get(value, "toJSON");
  if (typeof toJson === "function") return visit(Reflect.apply(toJson, value, []), depth, walk);
  if (isList(value)) return visitList(itemsOf(value), depth, walk);
  if (value instanceof Set) return visitList(Set.prototype.values.call(value), depth, walk);
  if (value instanceof Map) return visitRecord(entriesOf(value), depth, walk);
  return visitRecord(isError(value) ? errorMembersOf(value) : membersOf(value), depth, walk);
}

function visitList(items: Iterable<unknown>, depth: number, walk: Walk): JsonValue[] {
  const copy: JsonValue[] = [];
  for (const item of items) {
    const marker = stopMarker(copy.length, walk);
    copy.push(marker ?? visit(item, depth, walk));
    if (marker !== undefined) break;
  }
  return copy;
}

function visitRecord(members: Iterable<Member>, depth: number, walk: Walk): JsonValue {
  const copy: [string, JsonValue][] = [];
  for (const [key, value] of members) {
    if (value === undefined && walk.limits.omitUndefined) continue;
    const marker = stopMarker(copy.length, walk);
    const name = clip(key, MAX_KEY_LENGTH);
    walk.remaining -= name.length;
    copy.push([name, marker ?? visit(value, depth, walk)]);
    if (marker !== undefined) break;
  }
  // Not by assignment: that would let a member called `__proto__` set the copy's prototype.
  return Object.fromEntries(copy);
}

function stopMarker(count: number, walk: Walk): string | undefined {
  if (count >= walk.limits.breadth) return "[MaxProperties ~]";
  return walk.remaining <= 0 ? "[MaxSize ~]" : undefined;
}

function* itemsOf(list: readonly unknown[]): Generator {
  for (let index = 0; index < list.length; index += 1) {
    yield attempt(() => list[index], NON_SERIALIZABLE);
  }
}

function* entriesOf(map: Map<unknown, unknown>): Generator<Member> {
  for (const [key, value] of Map.prototype.entries.call(map)) yield [textOf(key), value];
}

function* membersOf(value: object): Generator<Member> {
  for (const key of Object.keys(value)) {
    yield [key, attempt<unknown>(() => Reflect.get(value, key), NON_SERIALIZABLE)];
  }
}

// `message`, `stack` and `cause` are not enumerable, so a plain copy would lose them.
function* errorMembersOf(error: object): Generator<Member> {
  yield ["type", errorType(error)];
  yield ["message", errorMessage(error)];
  for (const key of ["stack", "cause"]) {
    const value = memberOf(error, key);
    if (value !== undefined) yield [key, value];
  }
  yield* membersOf(error);
}
