import type { VaryingText } from "../semantics/inference.js";
import type { TextForm } from "../privacy/plain-text.js";
import { isAttributeBag } from "../trace/span.js";
import type { FinishedSpan } from "../trace/span.js";
import type { AttributeRule } from "./attribute-encoder.js";
import { descriptionJson } from "./encode-details.js";
import { MAX_ATTRIBUTES_LENGTH, flat } from "./json-values.js";
import { inferredFields, plainFields } from "./span-fields.js";
import { ValueSlot } from "./value-slot.js";
import type { SlotEncoding } from "./value-slot.js";

/** An attribute of the span from which a template is made. */
export interface TemplateAttribute {
  readonly key: string;
  /** Undefined if it must not be cached. */
  readonly value: unknown;
  readonly rule: AttributeRule;
  /** The form of the rule on the spans of the call site. */
  readonly form: TextForm;
  /** The attribute as a JSON property with a leading comma; "" if it is not sent; undefined if it must not be cached. */
  readonly text: string | undefined;
  /** `fixed`: the inference depends on the value. `hidden`: nothing depends on it. `open`: only its own text depends on it. */
  readonly use: "fixed" | "hidden" | "open";
}

/** The parts from which a template is made. It keeps them, so they must not refer to a span. */
export interface TemplateParts {
  readonly scope: object;
  readonly kind: number;
  readonly status: number;
  /** Op, origin, status and the beginning of `data`. */
  readonly head: string;
  readonly attributes: readonly TemplateAttribute[];
  /** Inferred data, name and description. */
  readonly tail: string;
  /** The name, up to the value of the description. */
  readonly label: string;
  /** The attribute that determines inferred data and description; undefined if they are always the same. */
  readonly varying: VaryingText | undefined;
}

/** `constant`: the same in all spans so far. */
type Slot = ValueSlot | "constant" | "hidden";

/**
 * The text that spans of one call site have in common: spans of one name, kind, scope and status, with the same
 * attribute keys, and with the same values where the inference reads them. Only other values are encoded span by span.
 */
export class SpanTemplate {
  readonly #parts: TemplateParts;
  readonly #encoding: SlotEncoding;
  readonly #keys: readonly string[];
  readonly #values: readonly unknown[];
  readonly #slots: Slot[];
  /** Index of the varying attribute once its value has differed; -1 before. */
  #variedAt = -1;
  readonly #scope: unknown;
  readonly #kind: number;
  readonly #status: number;
  /** The text after the last slot. */
  #end = "";

  constructor(parts: TemplateParts, encoding: SlotEncoding) {
    const { scope, kind, status, attributes } = parts;
    this.#parts = parts;
    this.#encoding = encoding;
    this.#scope = scope;
    this.#kind = kind;
    this.#status = status;
    this.#keys = attributes.map(({ key }) => key);
    this.#values = attributes.map(({ value }) => value);
    this.#slots = attributes.map((each) => this.#slotOf(each));
    this.#join();
  }

  /** Returns the span from its op on; undefined if the template does not fit. Throws what a getter of the span throws. */
  textOf(span: FinishedSpan): string | undefined {
    const isOfSite =
      span.kind === this.#kind &&
      span.instrumentationScope === this.#scope &&
      span.status.code === this.#status &&
      // A span without attributes cannot be read.
      Boolean(span.attributes) &&
      isAttributeBag(span.attributes);
    const text = isOfSite ? this.#filled(span) : undefined;
    return text === undefined || this.#variedAt === -1 ? text : this.#withTail(text, span);
  }

  #filled(span: FinishedSpan): string | undefined {
    const { attributes } = span;
    const keys = this.#keys;
    let text = "";
    let at = 0;
    for (const key in attributes) {
      if (at === keys.length || key !== keys[at]) return undefined;
      const slot = this.#slots[at];
      const value = attributes[key];
      if (typeof slot === "object") {
        const longer = slot.append(text, value, attributes);
        // What is too long is cut by the encoder that reports it.
        if (longer === undefined || longer.length > MAX_ATTRIBUTES_LENGTH) return undefined;
        text = longer;
      } else if (slot === "constant" && value !== this.#values[at]) return this.#vary(at, span);
      at++;
    }
    return at === keys.length ? text + this.#end : undefined;
  }

  #slotOf(attribute: TemplateAttribute): Slot {
    if (attribute.use === "hidden") return "hidden";
    return attribute.text === undefined ? this.#newSlot(attribute) : "constant";
  }

  #newSlot({ rule, key, form }: TemplateAttribute): ValueSlot {
    const isVarying = key === this.#parts.varying?.key;
    if (isVarying) this.#variedAt = this.#keys.indexOf(key);
    return new ValueSlot({ rule, form, isVarying }, this.#encoding);
  }

  // From now on the value of the attribute may differ, unless the inference depends on it.
  #vary(at: number, span: FinishedSpan): string | undefined {
    const attribute = this.#parts.attributes[at];
    if (attribute?.use !== "open") return undefined;
    this.#slots[at] = this.#newSlot(attribute);
    this.#join();
    return this.#filled(span);
  }

  #withTail(text: string, { attributes }: FinishedSpan): string | undefined {
    const { varying, label } = this.#parts;
    const slot = this.#slots[this.#variedAt];
    const value = varying && attributes[varying.key];
    if (varying === undefined || typeof value !== "string" || value === "") return undefined;
    if (typeof slot !== "object") return undefined;
    const given = slot.takePlain();
    const inferred = varying.infer(value, attributes);
    const { description, data } = inferred;
    if (inferred.isPlain === true) return `${text}${plainFields(data)}${label}"${description}"}`;
    const fields = inferredFields(attributes, data);
    return given !== undefined && slot.isStatement && description === value
      ? `${text}${fields}${label}"${given}"}`
      : `${text}${fields}${label}${descriptionJson(description, inferred.op)}}`;
  }

  // Joins the texts between the slots.
  #join(): void {
    const { head, attributes, tail } = this.#parts;
    let text = head;
    attributes.forEach((attribute, at) => {
      const slot = this.#slots[at];
      if (typeof slot === "object") {
        slot.follow(text);
        text = "";
      } else text += attribute.text ?? "";
    });
    this.#end = flat(this.#variedAt === -1 ? text + tail : text);
  }
}
