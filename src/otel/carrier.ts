import { types } from "node:util";

import type { TextMapGetter } from "@opentelemetry/api";

import { firstOf, isList, ownKeys } from "../support/foreign.js";

// Limits for hostile carriers, far above real headers: names that are compared, values per name, bytes per value.
const MAX_NAMES = 10_000;
const MAX_VALUES = 1000;
const MAX_BYTES = 65_536;

/** Reads headers of an incoming request or message through the getter of its instrumentation. */
export class CarrierReader {
  readonly #carrier: unknown;
  readonly #getter: TextMapGetter<unknown>;

  constructor(carrier: unknown, getter: TextMapGetter<unknown>) {
    this.#carrier = carrier;
    this.#getter = getter;
  }

  /** Returns the value of a header; the first value if there are several. */
  first(name: string): string | undefined {
    const value: unknown = this.#getter.get(this.#carrier, name);
    return textOf(isList(value) ? value[0] : value);
  }

  /** Returns the value of a header; several values are joined by commas. */
  joined(name: string): string | undefined {
    return textOf(this.#getter.get(this.#carrier, name));
  }
}

/**
 * Reads a header that an outgoing carrier already has. `inject` receives no getter, so this supports the common
 * carriers: objects with a `get` method (`Headers`, `Map`, gRPC metadata), and plain objects with names in any case, as
 * for `http.request`.
 */
export function presentHeader(carrier: unknown, name: string): string | undefined {
  if (typeof carrier !== "object" || carrier === null) return undefined;
  if ("get" in carrier && typeof carrier.get === "function") return textOf(carrier.get(name));
  const value: unknown = Reflect.get(carrier, name);
  if (value !== undefined) return textOf(value);
  const key = ownKeys(carrier, MAX_NAMES).find((candidate) => isSameName(candidate, name));
  return key === undefined ? undefined : textOf(Reflect.get(carrier, key));
}

// Compares lengths first, because this runs for each header of each outgoing request.
function isSameName(candidate: string, name: string): boolean {
  return candidate.length === name.length && candidate.toLowerCase() === name;
}

// Nested arrays are ignored, because an array may contain itself.
function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const texts = textsOf(isList(value) ? firstOf(value, MAX_VALUES) : [value]);
  return texts.length === 0 ? undefined : texts.join(",");
}

// Limits the total length as well.
function textsOf(values: readonly unknown[]): string[] {
  const texts: string[] = [];
  let length = 0;
  for (const value of values) {
    const text = asText(value);
    if (text !== undefined) texts.push(text);
    length += text?.length ?? 0;
    if (length > MAX_BYTES) break;
  }
  return texts;
}

// Headers of Kafka messages are bytes.
function asText(value: unknown): string | undefined {
  if (types.isUint8Array(value)) return Buffer.from(value.subarray(0, MAX_BYTES)).toString();
  return typeof value === "string" ? value : undefined;
}
