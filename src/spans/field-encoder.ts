import { clip } from "../support/text.js";
import { attempt } from "../support/foreign.js";
import { recordReads } from "../support/recorded-reads.js";
import { isOmitted } from "../privacy/private-attributes.js";
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
import type { TemplateAttribute } from "./span-template.js";
import { isCacheable } from "./value-slot.js";

/** Spans with more attributes, or with longer texts in common, have no template. */
const MAX_TEMPLATE_ATTRIBUTES = 32;
const MAX_TEMPLATE_LENGTH = 4096;

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
  readonly #sites = new CallSites((span) => attempt(() => this.#learn(span), undefined));

  constructor(attributes: AttributeEncoder, problems: FieldProblems) {
    this.#attributes = attributes;
    this.#problems = problems;
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
    this.#attributes.begin();
    return this.#sites.textOf(span);
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
    if (!isAttributeBag(span.attributes)) return undefined;
    const keys = Object.keys(span.attributes);
    if (keys.length > MAX_TEMPLATE_ATTRIBUTES) return undefined;
    const { view, keys: read } = recordReads(span.attributes);
    const { name, kind, status, instrumentationScope } = span;
    const seen: InferredSpan = { name, kind, status, instrumentationScope, attributes: view };
    const inferred = inferSpan(seen);
    const head = this.#kindOf(seen, inferred) + scopeFields(instrumentationScope, kind);
    const data = inferredFields(view, inferred.data);
    const shownName = sentName(seen);
    const varying = varyingText(span);
    const tail =
      varying === undefined
        ? data + this.#labels.of(inferred.description, shownName, inferred.op)
        : this.#labels.name(shownName);
    const attributes = keys.map((key) =>
      this.#templateAttribute(span, key, key !== varying?.key && read.has(key)),
    );
    const texts = attributes.map(({ text = "" }) => text);
    const isShort = head.length + tail.length + texts.join("").length <= MAX_TEMPLATE_LENGTH;
    const isCached = attributes.every(({ text, use }) => use !== "fixed" || text !== undefined);
    if (!isShort || !isCached || this.#attributes.isExhausted) return undefined;
    return new SpanTemplate({ span, head, attributes, tail, varying }, this.#attributes);
  }

  #templateAttribute(span: FinishedSpan, key: string, isRead: boolean): TemplateAttribute {
    const { attributes, kind } = span;
    const value = attributes[key];
    const rule = this.#attributes.ruleOf(key);
    if (isOmitted(rule.omission, kind))
      return { key, value, rule, text: "", use: isRead ? "fixed" : "hidden" };
    const isConstant = value === undefined || isCacheable(value);
    const json = value === undefined ? "" : this.#attributes.valueJson(rule, value, attributes);
    const text = value === undefined ? "" : rule.prefix + json;
    return {
      key,
      value,
      rule,
      text: isConstant ? text : undefined,
      use: isRead ? "fixed" : "open",
    };
  }
}
