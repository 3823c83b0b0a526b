import { firstOf } from "../support/foreign.js";
import type { AttributeBag } from "../trace/span.js";

/** The source of a transaction's name (`transaction_info.source`). */
export type TransactionSource = "custom" | "url" | "route" | "view" | "component" | "task";

/** Span data that is derived from other attributes. An attribute that already has the same name takes precedence. */
export type InferredData = Readonly<Record<string, string | number>>;

/** Sentry's naming of a span, inferred from its OTel name, kind and attributes. */
export interface Inference {
  /** Sentry's op, such as `http.server`; undefined for a span of no known family. */
  readonly op: string | undefined;
  /** The span's description; the transaction's name if the span is the root of one. */
  readonly description: string;
  readonly source: TransactionSource;
  /** Undefined if there is nothing to add. */
  readonly data: InferredData | undefined;
  /**
   * True if no filter changes the texts of description and data, JSON needs no escapes for them, and none of the data is an
   * attribute of the span.
   */
  readonly isPlain?: boolean;
}

/** An attribute from whose value alone a span's naming differs from that of other spans, such as the statement of a query. */
export interface VaryingText {
  readonly key: string;
  /** Returns the inference for another non-empty value, if everything else that `inferSpan` reads is unchanged. */
  readonly infer: (value: string, attributes: AttributeBag) => Inference;
}

/** Characters of an attribute that are read; as many are sent. */
export const MAX_TEXT_LENGTH = 32_768;

// Entries of a list that are read, which is more than names show.
const MAX_ENTRIES = 1000;

/** Returns the first 32,768 characters of a non-empty string; undefined for other values. */
export function textValue(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? boundedText(value) : undefined;
}

/** Returns the part of a string that is read. Limited, because a pattern takes milliseconds per megabyte. */
export function boundedText(value: string): string {
  return value.length <= MAX_TEXT_LENGTH ? value : value.slice(0, MAX_TEXT_LENGTH);
}

/** Joins up to `most` names, and adds the number of those left out: `a, b, +3`. */
export function joinNames(names: readonly string[], most: number): string {
  if (names.length <= most) return names.join(", ");
  return `${names.slice(0, most).join(", ")}, +${names.length - most}`;
}

/** Returns the strings of a value that is a string or an array. Elements that are not strings are left out. */
export function textValues(value: unknown): readonly string[] {
  if (typeof value === "string") return value === "" ? [] : [boundedText(value)];
  const entries = firstOf(value, MAX_ENTRIES);
  return entries.flatMap((entry) => (typeof entry === "string" ? [boundedText(entry)] : []));
}

/**
 * Returns the code location under the names that Sentry's Queries page reads, if the span has it under the old names.
 */
export function codeData(attributes: AttributeBag): InferredData | undefined {
  const file = textValue(attributes["code.filepath"]);
  if (file === undefined) return undefined;
  const data: Record<string, string | number> = { "code.file.path": file };
  const line = attributes["code.lineno"];
  if (typeof line === "number") data["code.line.number"] = line;
  const name = textValue(attributes["code.function"]);
  if (name !== undefined) data["code.function.name"] = name;
  return data;
}

/**
 * Tells whether the application has chosen the name of a span. Instrumentations name spans by the operation, alone or
 * followed by its subject (`chat gpt-4o`), or by a function (`openai.chat`). So a name of several words that does not
 * begin with the operation was chosen by the application.
 */
export function isChosenName(name: string, operation: string): boolean {
  const [first = "", ...others] = name.trim().split(/\s+/);
  return others.length > 0 && first.toLowerCase() !== operation.toLowerCase();
}
