import { attempt, isList, memberOf, ownKeys } from "../support/foreign.js";
import { normalize } from "../support/normalize.js";
import type { JsonValue } from "../support/normalize.js";
import { clip } from "../support/text.js";

const MAX_DEPTH = 5;
const MAX_UNIT_LENGTH = 64;
const UNIT_KEYS: ReadonlySet<string> = new Set(["type", "unit", "value"]);

// Relay reads an integer as a signed one of 64 bits, and removes an attribute that is none.
const INTEGER_BITS = 64;
const INTEGER_BOUND = 2 ** (INTEGER_BITS - 1);

/**
 * A value as a typed attribute in JSON (protocol: attributes), texts cut at `maxLength` characters.
 * Undefined for what has no value: `null`, `undefined`, `NaN`, the infinities. What is neither a
 * primitive nor a list of primitives of one type becomes its JSON text. Never throws.
 */
export function typedAttribute(value: unknown, maxLength: number): string | undefined {
  if (typeof value !== "object" || value === null || isList(value)) return typed(value, maxLength);
  const measure = measureOf(value);
  if (measure === undefined) return text(jsonText(value, maxLength), maxLength);
  const { unit } = measure;
  const attribute = typed(measure.value, maxLength);
  return attribute === undefined || typeof unit !== "string" || unit === ""
    ? attribute
    : `${attribute.slice(0, -1)},"unit":${JSON.stringify(clip(unit, MAX_UNIT_LENGTH))}}`;
}

function typed(value: unknown, maxLength: number): string | undefined {
  switch (typeof value) {
    case "string":
      return text(value, maxLength);
    case "boolean":
      return `{"type":"boolean","value":${value}}`;
    case "number":
      return numeric(value);
    case "bigint":
      return integral(value, maxLength);
    case "undefined":
      return undefined;
    case "object":
      if (value === null) return undefined;
      return list(value, maxLength) ?? text(jsonText(value, maxLength), maxLength);
    default:
      return text(jsonText(value, maxLength), maxLength);
  }
}

function text(value: string, maxLength: number): string {
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
    : text(jsonText(value, maxLength), maxLength);
}

// Relay drops a list of mixed types, or of anything but primitives.
function list(value: object, maxLength: number): string | undefined {
  if (!isList(value)) return undefined;
  const copy = copyOf(value, maxLength);
  if (!Array.isArray(copy) || !isHomogeneous(copy)) return undefined;
  return `{"type":"array","value":${JSON.stringify(copy)}}`;
}

function isHomogeneous(items: readonly JsonValue[]): boolean {
  const type = typeof items[0];
  return type !== "object" && items.every((item) => typeof item === type);
}

/** A value as text: a string as it is, everything else as JSON of at most about `maxLength` characters. Never throws. */
export function jsonText(value: unknown, maxLength: number): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint" && BigInt.asIntN(1024, value) === value) return String(value);
  const copy = copyOf(value, maxLength);
  return typeof copy === "string" ? copy : JSON.stringify(copy);
}

function copyOf(value: unknown, maxLength: number): JsonValue {
  return normalize(value, { depth: MAX_DEPTH, stringLength: maxLength, totalLength: maxLength });
}

// A value with a unit, as Sentry's scopes take it: `{ value: 12, unit: "byte" }`.
function measureOf(value: object): { value: unknown; unit: unknown } | undefined {
  const keys = attempt<readonly string[]>(() => ownKeys(value, UNIT_KEYS.size + 1), []);
  if (!keys.includes("value") || !keys.every((key) => UNIT_KEYS.has(key))) return undefined;
  return { value: memberOf(value, "value"), unit: memberOf(value, "unit") };
}
