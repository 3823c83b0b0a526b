import { types } from "node:util";
import { clip } from "../support/text.js";
import { attempt, isList, listedKeys, propertyOf } from "../support/foreign.js";
import { normalize } from "../support/normalize.js";
import { copyBudget, nodesOfText } from "../support/copy-budget.js";
import type { JsonValue } from "../support/normalize.js";
import type { CopyBudget } from "../support/copy-budget.js";

/** Size limits of the attributes of one item. */
interface AttributeLimits {
  /** Characters per value. */
  readonly valueLength: number;
  /** Characters of JSON of all attributes; attributes that exceed the limit are left out. */
  readonly totalLength: number;
}

/** Encoded attributes. */
interface AttributeText {
  /** `"key":{…}` pairs, separated by commas. */
  readonly text: string;
  /** True if attributes were left out. */
  readonly isClipped: boolean;
}

/**
 * Attribute with the number of an item within its millisecond. An attribute of the application with the same key is
 * ignored.
 */
export const SEQUENCE_KEY = "sentry.timestamp.sequence";

const MAX_KEY_LENGTH = 200;

/** Encodes attributes as JSON properties, in order, as long as they fit. Never throws. */
export function attributeText(
  attributes: Iterable<readonly [string, unknown]>,
  limits: AttributeLimits,
): AttributeText {
  const keys = new Set<string>();
  let text = "";
  let isClipped = false;
  // Attributes that do not fit are read as well, so the work is limited to twice the characters that are sent.
  let toRead = 2 * limits.totalLength;
  const budget = copyBudget();
  for (const [key, value] of attributes) {
    const name = clip(key, MAX_KEY_LENGTH);
    // Two keys may be equal after they were cut, and a JSON object must not repeat a key.
    if (keys.has(name) || name === SEQUENCE_KEY) continue;
    if (toRead === 0) return { text, isClipped: true };
    const field = typedAttribute(value, Math.min(limits.valueLength, toRead), budget);
    if (field === undefined) continue;
    toRead = Math.max(0, toRead - field.length);
    const pair = `${text === "" ? "" : ","}${JSON.stringify(name)}:${field}`;
    if (text.length + pair.length > limits.totalLength) {
      isClipped = true;
      continue;
    }
    keys.add(name);
    text += pair;
  }
  return { text, isClipped };
}

const MAX_DEPTH = 5;
const MAX_UNIT_LENGTH = 64;
const NO_KEYS = { keys: [], listed: 0 };
/** Keys that are listed in the time in which a value is copied. */
const KEYS_PER_NODE = 4;
const UNIT_KEYS: ReadonlySet<string> = new Set(["type", "unit", "value"]);

// Relay reads integers as signed 64-bit integers, and removes an attribute with a larger one.
const INTEGER_BITS = 64;
const INTEGER_BOUND = 2 ** (INTEGER_BITS - 1);

/**
 * Encodes a value as a typed attribute (protocol: attributes), with strings cut at `maxLength` characters. Returns
 * undefined for `null`, `undefined`, `NaN` and the infinities. A value that is neither a primitive nor an array of
 * primitives of one type is sent as JSON text. Never throws.
 */
export function typedAttribute(
  value: unknown,
  maxLength: number,
  budget: CopyBudget = copyBudget(),
): string | undefined {
  if (typeof value !== "object" || value === null || isList(value))
    return typed(value, maxLength, budget);
  const measure = types.isProxy(value)
    ? budget.proxyTime.read(value, () => measureOf(value, budget))
    : measureOf(value, budget);
  if (measure === undefined) return textAttribute(jsonText(value, maxLength, budget), maxLength);
  const { unit } = measure;
  const attribute = typed(measure.value, maxLength, budget);
  return attribute === undefined || typeof unit !== "string" || unit === ""
    ? attribute
    : `${attribute.slice(0, -1)},"unit":${JSON.stringify(clip(unit, MAX_UNIT_LENGTH))}}`;
}

function typed(value: unknown, maxLength: number, budget: CopyBudget): string | undefined {
  switch (typeof value) {
    case "string":
      return readText(value, maxLength, budget);
    case "boolean":
      return `{"type":"boolean","value":${value}}`;
    case "number":
      return numeric(value);
    case "bigint":
      return integral(value, maxLength);
    case "undefined":
      return undefined;
    case "object":
      return value === null ? undefined : composed(value, maxLength, budget);
    default:
      return textAttribute(jsonText(value, maxLength, budget), maxLength);
  }
}

function readText(value: string, maxLength: number, budget: CopyBudget): string | undefined {
  const nodes = nodesOfText(value);
  if (nodes > 0 && budget.nodes <= 0) return undefined;
  budget.nodes -= nodes;
  return textAttribute(value, maxLength);
}

function textAttribute(value: string, maxLength: number): string {
  return `{"type":"string","value":${JSON.stringify(clip(value, maxLength))}}`;
}

function numeric(value: number): string | undefined {
  if (!Number.isFinite(value)) return undefined;
  const isInteger = Number.isInteger(value) && value >= -INTEGER_BOUND && value < INTEGER_BOUND;
  return `{"type":"${isInteger ? "integer" : "double"}","value":${value}}`;
}

function integral(value: bigint, maxLength: number): string {
  return BigInt.asIntN(INTEGER_BITS, value) === value
    ? `{"type":"integer","value":${value}}`
    : textAttribute(jsonText(value, maxLength), maxLength);
}

// Relay drops arrays of mixed types and arrays of objects.
function composed(value: object, maxLength: number, budget: CopyBudget): string {
  const copy = copyOf(value, maxLength, budget);
  return isList(value) && Array.isArray(copy) && isHomogeneous(copy)
    ? `{"type":"array","value":${JSON.stringify(copy)}}`
    : textAttribute(textOfCopy(copy), maxLength);
}

function textOfCopy(copy: JsonValue): string {
  return typeof copy === "string" ? copy : JSON.stringify(copy);
}

function isHomogeneous(items: readonly JsonValue[]): boolean {
  const type = typeof items[0];
  return type !== "object" && items.every((item) => typeof item === type);
}

/** Returns a string unchanged, and any other value as JSON of about `maxLength` characters at most. Never throws. */
export function jsonText(
  value: unknown,
  maxLength: number,
  budget: CopyBudget = copyBudget(),
): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint" && BigInt.asIntN(1024, value) === value) return String(value);
  return textOfCopy(copyOf(value, maxLength, budget));
}

// All values of an item share one number of values.
function copyOf(value: unknown, maxLength: number, budget: CopyBudget): JsonValue {
  const copying = copyBudget({ totalLength: maxLength, nodes: budget.nodes }, budget.proxyTime);
  const copy = normalize(value, { depth: MAX_DEPTH, stringLength: maxLength }, copying);
  budget.nodes = copying.nodes;
  return copy;
}

// A value with a unit, as Sentry's scopes allow: `{ value: 12, unit: "byte" }`.
function measureOf(
  value: object,
  budget: CopyBudget,
): { value: unknown; unit: unknown } | undefined {
  if (budget.nodes <= 0) return undefined;
  const { keys, listed } = attempt(() => listedKeys(value, UNIT_KEYS.size + 1), NO_KEYS);
  budget.nodes -= Math.floor(listed / KEYS_PER_NODE);
  if (!keys.includes("value") || !keys.every((key) => UNIT_KEYS.has(key))) return undefined;
  return { value: propertyOf(value, "value"), unit: propertyOf(value, "unit") };
}
