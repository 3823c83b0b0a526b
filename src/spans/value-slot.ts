import type { AttributeBag } from "../trace/span.js";
import type { AttributeEncoder, AttributeRule } from "./attribute-encoder.js";
import { flat } from "./json-values.js";

/** Longer values are not cached, which limits the memory. */
const MAX_CACHED_LENGTH = 256;

/** Longer values are left to the general encoder, which cuts them. */
const MAX_LENGTH = 8192;

// A value that no attribute has.
const NOTHING = Symbol("nothing");

/** An attribute whose value differs between the spans of a call site. Caches the text of its last value. */
export class ValueSlot {
  readonly #rule: AttributeRule;
  readonly #encoder: AttributeEncoder;
  /** The text since the last slot, with the attribute's key. */
  #before = "";
  #value: unknown = NOTHING;
  #text = "";
  /** The last value as JSON. */
  json: string = "";

  constructor(rule: AttributeRule, encoder: AttributeEncoder) {
    this.#rule = rule;
    this.#encoder = encoder;
  }

  /** True for the statement of a query, which is filtered like the description that is made of it. */
  get isStatement(): boolean {
    return this.#rule.form === "statement";
  }

  /** Sets the text that comes before the attribute. */
  follow(text: string): void {
    this.#before = flat(text + this.#rule.prefix);
    this.#value = NOTHING;
  }

  /** Returns the text up to the end of the attribute; undefined for a value that the general encoder must encode. */
  textOf(value: unknown, attributes: AttributeBag): string | undefined {
    if (value === this.#value) return this.#text;
    if (typeof value === "string" ? value.length > MAX_LENGTH : value === undefined)
      return undefined;
    const json = this.#encoder.valueJson(this.#rule, value, attributes);
    this.json = json;
    this.#text = this.#before + json;
    this.#value = isCacheable(value) && !this.#encoder.isExhausted ? value : NOTHING;
    return this.#text;
  }
}

/** Tells whether a value is immutable and short, so that it may be kept. */
export function isCacheable(value: unknown): boolean {
  return typeof value === "string"
    ? value.length <= MAX_CACHED_LENGTH
    : typeof value === "number" || typeof value === "boolean";
}
