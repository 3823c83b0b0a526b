// Most values need neither a filter nor an escape: one or two regular expressions tell which.
import { mayHoldShapes } from "./secret-shapes.js";
import { mayHoldLiterals } from "./sql-secrets.js";
import { plainUrl } from "./url.js";

/**
 * How the text of an attribute is filtered: as any text (`open`), as a statement that is no Redis command, as a URL, or by a
 * rule of its own (`ruled`).
 */
export type TextForm = "open" | "ruled" | "statement" | "url";

// Everything but ASCII letters, digits and punctuation that is neither a part of JSON nor of an assignment.
const UNUSUAL = /[^\w .,/+()*-]/;

// Everything but printable ASCII characters that need no escape (or are quotation marks) and do not begin credentials,
// queries or JSON.
const UNUSUAL_IN_STATEMENT = /[^ -"$->A-[\]-z|}~]/;

/**
 * Returns a text as escaped JSON without quotation marks, if no filter would change it; undefined if the filter of
 * the attribute must decide. What it returns is ASCII.
 */
export function plainText(form: TextForm, text: string): string | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  switch (form) {
    case "open":
      return isPlain(text) ? text : undefined;
    case "statement":
      return isPlainStatement(text) ? withEscapedQuotes(text) : undefined;
    case "url":
      return plainUrl(text) === undefined ? undefined : text;
    default:
      return undefined;
  }
}

/** Longer texts are rare, and may have to be cut. */
const MAX_LENGTH = 8192;

function isPlain(text: string): boolean {
  if (UNUSUAL.test(text)) return false;
  // A hyphen at the beginning of a word may be that of a command-line option.
  return !text.startsWith("-") && !text.includes(" -") && !mayHoldShapes(text);
}

function isPlainStatement(text: string): boolean {
  return !UNUSUAL_IN_STATEMENT.test(text) && !mayHoldShapes(text) && !mayHoldLiterals(text);
}

// A loop, because it takes a third of the time of `JSON.stringify` and of `replaceAll` for the few quotation marks of a
// statement.
function withEscapedQuotes(text: string): string {
  let escaped = "";
  let start = 0;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) {
    escaped += `${text.slice(start, at)}\\`;
    start = at;
  }
  return start === 0 && escaped === "" ? text : escaped + text.slice(start);
}
