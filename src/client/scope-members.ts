import { NO_SCOPES } from "../scope/merge.js";
import type { MergedScopes } from "../scope/merge.js";
import {
  redactedMembers,
  redactedContext,
  redactedEach,
  redactedTags,
} from "../privacy/redact-event.js";

/** The scopes' share of an event, as JSON. */
export interface ScopeMembers {
  /** Members of the event, each with a leading comma. */
  readonly event: string;
  /** Members of `contexts`, each with a leading comma. */
  readonly contexts: string;
}

const NOTHING: ScopeMembers = Object.freeze({ event: "", contexts: "" });

/** Characters that the scopes may take of a transaction; Relay takes 1 MiB for all of it. */
export const MAX_SCOPE_LENGTH = 200_000;

/** Settings of the scopes' share of an event. */
export interface ScopeSettings {
  /** Sends cookies, filtered by name. Default false: they are withheld as a whole. */
  readonly sendDefaultPii?: boolean;
  /** Characters. Default 200,000. */
  readonly maxLength?: number;
}

/**
 * The scopes' share of an event, without the secrets in it. Where it is too large, breadcrumbs go first, then extra, then
 * contexts: user and tags stay, but for secrets in them.
 */
export function scopeMembers(
  scopes: MergedScopes,
  { sendDefaultPii = false, maxLength = MAX_SCOPE_LENGTH }: ScopeSettings = {},
): ScopeMembers {
  if (scopes === NO_SCOPES) return NOTHING;
  const parts = [
    member(
      "breadcrumbs",
      scopes.breadcrumbs.length === 0
        ? {}
        : { values: redactedEach(scopes.breadcrumbs, sendDefaultPii) },
    ),
    member("extra", redactedMembers(scopes.extra, sendDefaultPii)),
    jsonContexts(scopes.contexts, sendDefaultPii),
  ];
  while (parts.join("").length > maxLength) {
    const index = parts.findIndex((part) => part !== "");
    if (index === -1) break;
    parts[index] = "";
  }
  const [breadcrumbs = "", extra = "", contexts = ""] = parts;
  return {
    event:
      member("user", redactedMembers(scopes.user ?? {}, sendDefaultPii)) +
      member("tags", redactedTags(scopes.tags, sendDefaultPii)) +
      extra +
      breadcrumbs,
    contexts,
  };
}

// Scope values are JSON copies without lone surrogates: `JSON.stringify` can take them as they are.
function member(key: string, value: object): string {
  const text = JSON.stringify(value);
  return text === "{}" ? "" : `,"${key}":${text}`;
}

// The bridge's own contexts are not the application's to replace: a key must not stand twice.
const OWN_CONTEXTS: ReadonlySet<string> = new Set(["otel", "response", "runtime", "trace"]);

function jsonContexts(contexts: MergedScopes["contexts"], sendDefaultPii: boolean): string {
  let text = "";
  for (const [name, value] of Object.entries(contexts)) {
    if (!OWN_CONTEXTS.has(name))
      text += `,${JSON.stringify(name.toWellFormed())}:${JSON.stringify(redactedContext(name, value, sendDefaultPii))}`;
  }
  return text;
}
