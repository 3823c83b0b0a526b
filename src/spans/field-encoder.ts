import { clip } from "../support/text.js";
import { attempt } from "../support/foreign.js";
import { recordReads } from "../support/recorded-reads.js";
import { formOn, isOmitted } from "../privacy/private-attributes.js";
import { validOrigin } from "../protocol/relay-values.js";
import type { ValueRule } from "../protocol/relay-values.js";
import { inferOrigin } from "../semantics/infer-origin.js";
import { inferSpan, varyingText } from "../semantics/infer-span.js";
import { inferStatus } from "../semantics/infer-status.js";
import type { Inference } from "../semantics/inference.js";
import { isAttributeBag } from "../trace/span.js";
import type { FinishedSpan } from "../trace/span.js";
import type { AttributeEncoder } from "./attribute-encoder.js";
import { CallSites } from "./call-sites.js";
import { SpanLabels } from "./encode-details.js";
import { LastText } from "./json-values.js";
import {
  inferredFields,
  kindFields,
  MAX_SPAN_NAME_LENGTH,
  otelFields,
  scopeFields,
  sentName,
} from "./span-fields.js";
import type { InferredSpan } from "./span-fields.js";
import { SpanTemplate } from "./span-template.js";
import type { TemplateAttribute, TemplateParts } from "./span-template.js";
import { isCacheable, SlotEncoding } from "./value-slot.js";

/** Spans with more attributes, or with longer texts in common, have no template. */
const MAX_TEMPLATE_ATTRIBUTES = 32;
const MAX_TEMPLATE_LENGTH = 4096;

/** Longer values are not cached. */
const MAX_CONSTANT_LENGTH = 256;

/** Functions that report values which are cut, left out or repaired. */
export interface FieldProblems {
  readonly onClipped: (spanName: string) => void;
  readonly onInvalid: (rule: ValueRule) => void;
}

/** Encodes the fields of a span from its op on. Caches what spans of one call site have in common. */
export class FieldEncoder {
  readonly #attributes: AttributeEncoder;
  readonly #problems: FieldProblems;
  readonly #kind = new LastText(kindFields);
  readonly #scope = new LastText(scopeFields);
  readonly #labels = new SpanLabels();
  readonly #slots: SlotEncoding;
  readonly #sites = new CallSites({
    learn: (span) => attempt(() => this.#learn(span), undefined),
    onForgotten: () => this.#slots.reset(),
  });

  constructor(attributes: AttributeEncoder, problems: FieldProblems) {
    this.#attributes = attributes;
    this.#problems = problems;
    this.#slots = new SlotEncoding(attributes);
  }

  /** Returns op, origin, status, data and description, the first with a leading comma, and the closing brace. */
  of(span: FinishedSpan): string {
    const extra = otelFields(span);
    // Status messages differ from span to span.
    const text = extra === "" && !span.status.message ? this.#ofTemplate(span) : undefined;
    if (text !== undefined) return text;
    const inferred = inferSpan(span);
    const label = this.#labels.of(inferred.description, sentName(span), inferred.op);
    return `${this.#dataOf(span, inferred)}${extra}${label}`;
  }

  /** Returns op, origin, status, and the beginning of `data`, up to and including the inferred fields. */
  data(span: FinishedSpan, inferred: Inference): string {
    return this.#dataOf(span, inferred) + otelFields(span);
  }

  #ofTemplate(span: FinishedSpan): string | undefined {
    this.#attributes.beginTry();
    const text = this.#sites.textOf(span);
    return this.#attributes.isExhausted ? undefined : text;
  }

  // The scope is always present and comes first, so that all following properties can begin with a comma.
  #dataOf(span: FinishedSpan, inferred: Inference): string {
    const { instrumentationScope, attributes, kind } = span;
    const { text, clipped } = this.#attributes.encode(attributes, kind);
    if (clipped) this.#problems.onClipped(clip(span.name, MAX_SPAN_NAME_LENGTH));
    return `${this.#kindOf(span, inferred)}${this.#scope.of(instrumentationScope, kind, undefined)}${text}${inferredFields(attributes, inferred.data)}`;
  }

  #kindOf(span: InferredSpan, { op }: Inference): string {
    const status = inferStatus(span.status.code, span.status.message, span.attributes);
    return this.#kind.of(op, this.#originOf(span, op), status);
  }

  #originOf(span: InferredSpan, op: string | undefined): string {
    const explicit = span.attributes["sentry.origin"];
    if (typeof explicit !== "string" || explicit === "")
      return inferOrigin(span.instrumentationScope.name, op);
    const origin = validOrigin(explicit);
    if (origin !== explicit) this.#problems.onInvalid("origin");
    return origin;
  }

  #learn(span: FinishedSpan): SpanTemplate | undefined {
    const { name, kind, status, instrumentationScope: scope, attributes: bag } = span;
    const keys = isAttributeBag(bag) ? Object.keys(bag) : [];
    if (!isAttributeBag(bag) || keys.length > MAX_TEMPLATE_ATTRIBUTES) return undefined;
    const { view, keys: read } = recordReads(bag);
    const seen: InferredSpan = {
      name,
      kind,
      status,
      instrumentationScope: scope,
      attributes: view,
    };
    const inferred = inferSpan(seen);
    const head = this.#kindOf(seen, inferred) + scopeFields(scope, kind);
    const data = inferredFields(view, inferred.data);
    const shownName = sentName(seen);
    const varying = varyingText(span);
    // How a statement is filtered depends on other attributes, which are recorded as well.
    const forms = keys.map((key) => formOn(this.#attributes.ruleOf(key).form, view));
    const attributes = keys.map((key, at) => ({
      ...this.#attributeOf(span, key, key !== varying?.key && read.has(key)),
      form: forms[at] ?? "ruled",
    }));
    const isVaried = attributes.some(({ key, text }) => key === varying?.key && text === undefined);
    const tail = isVaried
      ? ""
      : data + this.#labels.of(inferred.description, shownName, inferred.op);
    const parts = {
      scope,
      kind,
      status: status.code,
      head,
      attributes,
      tail,
      label: this.#labels.before(shownName),
      varying,
    };
    return isLearnable(parts) && !this.#attributes.isExhausted
      ? new SpanTemplate(parts, this.#slots)
      : undefined;
  }

  #attributeOf(span: FinishedSpan, key: string, isRead: boolean): Omit<TemplateAttribute, "form"> {
    const { attributes, kind } = span;
    const value = attributes[key];
    const rule = this.#attributes.ruleOf(key);
    const isHidden = isOmitted(rule.omission, kind);
    const use = isRead ? "fixed" : isHidden ? "hidden" : "open";
    if (value === undefined || (isHidden && isCacheable(value, MAX_CONSTANT_LENGTH)))
      return { key, value, rule, text: "", use };
    if (isHidden || !isCacheable(value, MAX_CONSTANT_LENGTH))
      return { key, value: undefined, rule, text: undefined, use };
    const text = rule.prefix + this.#attributes.valueJson(rule, value, attributes);
    return { key, value, rule, text, use };
  }
}

// A value on which the inference depends must be kept, to be compared.
function isLearnable({ head, tail, attributes }: TemplateParts): boolean {
  if (attributes.some(({ text, use }) => use === "fixed" && text === undefined)) return false;
  const texts = attributes.map(({ text = "" }) => text);
  return head.length + tail.length + texts.join("").length <= MAX_TEMPLATE_LENGTH;
}
