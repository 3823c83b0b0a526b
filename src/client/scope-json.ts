import { NO_SCOPES } from "../scope/merge.js";
import type { MergedScopes } from "../scope/merge.js";
import { secretSearch } from "../privacy/secret-search.js";
import type { SecretSearch } from "../privacy/secret-search.js";
import {
  redactedFields,
  redactedContext,
  redactedEach,
  redactedTags,
} from "../privacy/redact-event.js";

/** The data of the merged scopes, as JSON properties. */
export interface ScopeJson {
  /** Properties of the event, each with a leading comma. */
  readonly event: string;
  /** Properties of `contexts`, each with a leading comma. */
  readonly contexts: string;
}

const NOTHING: ScopeJson = Object.freeze({ event: "", contexts: "" });

/** Maximum characters of scope data in a transaction; Relay accepts 1 MiB for the whole item. */
export const MAX_SCOPE_LENGTH = 200_000;

/** Settings of `scopeJson`. */
export interface ScopeSettings {
  /** Sends cookies, filtered by name. Default false: no cookies are sent. */
  readonly sendDefaultPii?: boolean;
  /** Maximum number of characters. Default 200,000. */
  readonly maxLength?: number;
}

/**
 * Encodes the data of the merged scopes with secrets filtered. If it is too large, removes breadcrumbs first, then
 * extra, then contexts; user and tags are kept.
 */
export function scopeJson(
  scopes: MergedScopes,
  { sendDefaultPii = false, maxLength = MAX_SCOPE_LENGTH }: ScopeSettings = {},
): ScopeJson {
  if (scopes === NO_SCOPES) return NOTHING;
  const search = secretSearch(sendDefaultPii);
  // Computed first, because these are kept if the rest is too large.
  const kept =
    field("user", redactedFields(scopes.user ?? {}, search)) +
    field("tags", redactedTags(scopes.tags, search));
  const texts = [
    field(
      "breadcrumbs",
      scopes.breadcrumbs.length === 0 ? {} : { values: redactedEach(scopes.breadcrumbs, search) },
    ),
    field("extra", redactedFields(scopes.extra, search)),
    jsonContexts(scopes.contexts, search),
  ];
  while (texts.join("").length > maxLength) {
    const index = texts.findIndex((text) => text !== "");
    if (index === -1) break;
    texts[index] = "";
  }
  const [breadcrumbs = "", extra = "", contexts = ""] = texts;
  return {
    event: kept + extra + breadcrumbs,
    contexts,
  };
}

// Scopes hold JSON copies without lone surrogates, so `JSON.stringify` is sufficient.
function field(key: string, value: object): string {
  const text = JSON.stringify(value);
  return text === "{}" ? "" : `,"${key}":${text}`;
}

// Contexts that this package writes itself; a JSON key must not occur twice.
const OWN_CONTEXTS: ReadonlySet<string> = new Set(["otel", "response", "runtime", "trace"]);

function jsonContexts(contexts: MergedScopes["contexts"], search: SecretSearch): string {
  let text = "";
  for (const [name, value] of Object.entries(contexts)) {
    if (!OWN_CONTEXTS.has(name))
      text += `,${JSON.stringify(name.toWellFormed())}:${JSON.stringify(redactedContext(name, value, search))}`;
  }
  return text;
}
