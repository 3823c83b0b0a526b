import { types } from "node:util";

import type { TextMapGetter } from "@opentelemetry/api";

import { firstOf, isList, ownKeys } from "../support/foreign.js";

// Names of an outgoing carrier that are compared, values that a name has, bytes of one value: far more than headers have.
const MAX_NAMES = 10_000;
const MAX_VALUES = 1000;
const MAX_BYTES = 65_536;

/** Reads the carrier of an incoming request or message; the getter knows where the values are. */
export class CarrierReader {
  readonly #carrier: unknown;
  readonly #getter: TextMapGetter<unknown>;

  constructor(carrier: unknown, getter: TextMapGetter<unknown>) {
    this.#carrier = carrier;
    this.#getter = getter;
  }

  /** The value, or the first of several. */
  first(name: string): string | undefined {
    const value: unknown = this.#getter.get(this.#carrier, name);
    return textOf(isList(value) ? value[0] : value);
  }

  /** The value; several are one list. */
  joined(name: string): string | undefined {
    return textOf(this.#getter.get(this.#carrier, name));
  }
}

/**
 * What an outgoing carrier already has. `inject` is given no getter, so this knows the usual kinds:
 * something with a `get` method (`Headers`, `Map`, gRPC's metadata) or an object, whose names may be
 * in any case, as those of `http.request` may.
 */
export function presentHeader(carrier: unknown, name: string): string | undefined {
  if (typeof carrier !== "object" || carrier === null) return undefined;
  if ("get" in carrier && typeof carrier.get === "function") return textOf(carrier.get(name));
  const value: unknown = Reflect.get(carrier, name);
  if (value !== undefined) return textOf(value);
  const key = ownKeys(carrier, MAX_NAMES).find((candidate) => isSameName(candidate, name));
  return key === undefined ? undefined : textOf(Reflect.get(carrier, key));
}

// The lengths first: this runs for each header of each outgoing request.
function isSameName(candidate: string, name: string): boolean {
  return candidate.length === name.length && candidate.toLowerCase() === name;
}

// A list in a list is no header; it may have itself as a member.
function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const texts = textsOf(isList(value) ? firstOf(value, MAX_VALUES) : [value]);
  return texts.length === 0 ? undefined : texts.join(",");
}

// As many as are read of a header together.
function textsOf(values: readonly unknown[]): string[] {
  const texts: string[] = [];
  let length = 0;
  for (const value of values) {
    const text = plainText(value);
    if (text !== undefined) texts.push(text);
    length += text?.length ?? 0;
    if (length > MAX_BYTES) break;
  }
  return texts;
}

// Message headers (Kafka) are bytes.
function plainText(value: unknown): string | undefined {
  if (types.isUint8Array(value)) return Buffer.from(value.subarray(0, MAX_BYTES)).toString();
  return typeof value === "string" ? value : undefined;
}
