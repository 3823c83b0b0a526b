import { firstOf } from "../support/foreign.js";
import type { AttributeBag } from "../trace/span.js";

/** Where the name of a transaction comes from, as `transaction_info.source` has it. */
export type TransactionSource = "custom" | "url" | "route" | "view" | "component" | "task";

/** Span data that was derived from other attributes. An attribute of the same name wins over it. */
export type InferredData = Readonly<Record<string, string | number>>;

/** What Sentry calls a span, derived from its OTel name, kind and attributes. */
export interface Inference {
  /** Sentry's operation, such as `http.server`; undefined when no table knows the span. */
  readonly op: string | undefined;
  /** The span's description, and the transaction's name when the span is the root of one. */
  readonly description: string;
  readonly source: TransactionSource;
  /** Undefined when there is nothing to add. */
  readonly data: InferredData | undefined;
}

/** Characters of an attribute that are read, and entries of a list: as much as is sent of one, and more than names have. */
export const MAX_TEXT_LENGTH = 32_768;
const MAX_ENTRIES = 1000;

/** The value when it is text with something in it, its first 32,768 characters. Attribute values may be of any type. */
export function textValue(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? bounded(value) : undefined;
}

/** The part of a text that is read: a pattern takes milliseconds for each megabyte. */
export function bounded(value: string): string {
  return value.length <= MAX_TEXT_LENGTH ? value : value.slice(0, MAX_TEXT_LENGTH);
}

/** Joins up to `most` names and says how many were left out: `a, b, +3`. */
export function listed(names: readonly string[], most: number): string {
  if (names.length <= most) return names.join(", ");
  return `${names.slice(0, most).join(", ")}, +${names.length - most}`;
}

/** The texts of a value that is a text or a list; everything else in a list is left out. */
export function textValues(value: unknown): readonly string[] {
  if (typeof value === "string") return value === "" ? [] : [bounded(value)];
  const entries = firstOf(value, MAX_ENTRIES);
  return entries.flatMap((entry) => (typeof entry === "string" ? [bounded(entry)] : []));
}

/** The place in the code under the names that Sentry's Queries page reads, when only old names are there. */
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
 * Tells whether the application has chosen the name of a span. Instrumentations name such spans by the operation, alone
 * or before its subject (`chat gpt-4o`), or by a function (`openai.chat`): several words that begin with any other one
 * are a chosen name.
 */
export function isChosenName(name: string, operation: string): boolean {
  const [first = "", ...others] = name.trim().split(/\s+/);
  return others.length > 0 && first.toLowerCase() !== operation.toLowerCase();
}
