import { plainText } from "../privacy/plain-text.js";
import type { TextForm } from "../privacy/plain-text.js";
import type { AttributeBag } from "../trace/span.js";
import type { AttributeEncoder, AttributeRule } from "./attribute-encoder.js";
import { flat, jsonValue } from "./json-values.js";

/** Longer values are not cached, which limits the memory. */
const MAX_CACHED_LENGTH = 64;

/** Values that a slot caches. After more new ones, values hardly repeat, and none is cached any more. */
const MAX_VALUES = 32;

/** Values that the slots of one encoder cache. */
const MAX_CACHED_VALUES = 4096;

/** Longer values are left to the general encoder, which cuts them. */
const MAX_LENGTH = 8192;

/** The attribute encoder and the cache limit that the slots of all templates of one encoder share. */
export class SlotEncoding {
  readonly encoder: AttributeEncoder;
  /** Number of values that may still be cached. */
  room: number = MAX_CACHED_VALUES;

  constructor(encoder: AttributeEncoder) {
    this.encoder = encoder;
  }

  /** Called when all slots were forgotten. */
  reset(): void {
    this.room = MAX_CACHED_VALUES;
  }
}

/** The attribute of a slot. */
export interface SlotAttribute {
  readonly rule: AttributeRule;
  /** The form of the rule on the spans of the call site. */
  readonly form: TextForm;
  /** True if the description is made from its value. */
  readonly isVarying: boolean;
}

/** An attribute whose value differs between the spans of a call site. Caches the JSON of its values while they are few. */
export class ValueSlot {
  readonly #rule: AttributeRule;
  readonly #form: TextForm;
  readonly #encoding: SlotEncoding;
  /** The text since the last slot, with the attribute's key. */
  #before = "";
  /** `#before` with the opening quotation mark of a text. */
  #beforeText = "";
  #known: Map<unknown, string> | undefined;
  /** Number of new values after which none is cached any more. */
  #left = MAX_VALUES;
  readonly #isVarying: boolean;
  #plain: string | undefined = undefined;

  constructor({ rule, form, isVarying }: SlotAttribute, encoding: SlotEncoding) {
    this.#rule = rule;
    this.#form = form;
    this.#encoding = encoding;
    this.#isVarying = isVarying;
    // Statements and URLs hardly repeat once they have differed.
    this.#known = isVarying ? undefined : new Map<unknown, string>();
  }

  /** True if the value is a statement that is filtered like the description which is made from it. */
  get isStatement(): boolean {
    return this.#form === "statement";
  }

  /** Sets the text that comes before the attribute. */
  follow(text: string): void {
    this.#before = flat(text + this.#rule.prefix);
    this.#beforeText = flat(`${this.#before}"`);
  }

  /**
   * Returns the last value of a varying attribute as it stands between quotation marks, and forgets it; undefined if it is not
   * plain.
   */
  takePlain(): string | undefined {
    const plain = this.#plain;
    this.#plain = undefined;
    return plain;
  }

  /**
   * Appends the text up to the end of the attribute. Returns undefined for a value that the general encoder must encode. Makes
   * few pieces, because each takes 32 bytes and a visit when the text is written.
   */
  append(text: string, value: unknown, attributes: AttributeBag): string | undefined {
    const known = this.#known;
    const cached = known?.get(value);
    if (cached !== undefined) return text + (this.#before + cached);
    if (typeof value === "string" ? value.length > MAX_LENGTH : value === undefined)
      return undefined;
    const plain = typeof value === "string" ? plainText(this.#form, value) : undefined;
    if (this.#isVarying) this.#plain = plain;
    if (plain !== undefined && known === undefined) return `${text}${this.#beforeText}${plain}"`;
    const json = plain === undefined ? this.#jsonOf(value, attributes) : `"${plain}"`;
    if (known !== undefined && !this.#isVarying) this.#remember(known, value, json);
    return text + (this.#before + json);
  }

  #jsonOf(value: unknown, attributes: AttributeBag): string {
    if (typeof value === "number" && this.#form === "open") return jsonValue(value);
    return this.#encoding.encoder.filteredJson(this.#rule, value, attributes);
  }

  #remember(known: Map<unknown, string>, value: unknown, json: string): void {
    const encoding = this.#encoding;
    if (--this.#left < 0) {
      encoding.room += known.size;
      this.#known = undefined;
    } else if (
      encoding.room > 0 &&
      isCacheable(value, MAX_CACHED_LENGTH) &&
      !encoding.encoder.isExhausted
    ) {
      encoding.room--;
      known.set(value, flat(json));
    }
  }
}

/** Tells whether a value is immutable and short, so that it may be kept. */
export function isCacheable(value: unknown, maxLength: number): boolean {
  return typeof value === "string"
    ? value.length <= maxLength
    : typeof value === "number" || typeof value === "boolean";
}
