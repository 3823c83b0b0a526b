import { mayHoldAssignments } from "./assigned-secrets.js";
import { hasKnownFormat, isSingleCookie, formatOf } from "./value-formats.js";
import { isForm, redacted, redactedField, withheld } from "./redacted.js";
import { databaseSystem, isRedisLike, shownStatement } from "./redis-command.js";
import { isSecretName } from "./secret-name.js";
import { searchOf } from "./secret-search.js";
import type { Searching } from "./secret-search.js";
import { withoutShapes } from "./secret-shapes.js";
import { filterStructured, isStructured, mayHoldMembers } from "./secret-text.js";
import { withoutLiterals } from "./sql-secrets.js";
import { FILTERED } from "./secret-words.js";
import type { TextForm } from "./plain-text.js";
import { isPersonalHeader, isPersonalName, isSensitiveKey } from "./sensitive.js";
import { type AttributeBag, SPAN_KIND } from "../trace/span.js";
import { isUrlLike, urlWithoutSecrets, withoutUrlSecrets } from "./url.js";

/** When an attribute is left out: never, always, or on SERVER spans. */
export type Omission = "always" | "never" | "server";

/** The privacy rules for attributes of one name. */
export interface AttributePrivacy {
  readonly omission: Omission;
  /** Returns the value to send, for a span with these attributes. Takes JSON values. */
  readonly filter: (value: unknown, attributes?: AttributeBag) => unknown;
  /** How texts are filtered. Numbers of the form `open` are sent unchanged. */
  readonly form: TextForm;
}

/** The rules for a name that is too long to be read with what is left of a search: its value is withheld. */
export const UNREAD: AttributePrivacy = { omission: "never", filter: withheld, form: "ruled" };

// Headers, and their equivalents in other protocols. The client chooses their names, so the terms of Sentry's deny list are
// searched as substrings.
const FIELD =
  /^(?:http\.(?:request|response)\.header|rpc\..*metadata|faas\..*header|messaging\..*header|http\.(?:request\.)?cookies?|url\.query\.param(?:eter)?s?)\.(.+)$/i;

/** Attributes with the address of a client, which is personal data. */
const CLIENT_ADDRESSES: ReadonlySet<string> = new Set([
  "client.address",
  "client.socket.address",
  "http.client_ip",
  "source.address",
]);

/** Attributes with the address of the other side of a connection: on SERVER spans a client, on CLIENT spans a server. */
const PEER_ADDRESSES: ReadonlySet<string> = new Set([
  "net.peer.ip",
  "net.sock.peer.addr",
  "network.peer.address",
]);

// Without digits, because credentials usually contain some.
const METHOD_NAME = /^[A-Z]+(?:[-_][A-Z]+)*$/i;
const MAX_METHOD_LENGTH = 20;

const METHOD = /^http\.(?:request\.)?method(?:_original)?$/;

const STATEMENTS: ReadonlySet<string> = new Set(["db.query.text", "db.statement"]);

/** Longer URLs count towards the limits of the search. */
const MAX_URL_LENGTH = 1024;

const BODY = /^http\.(?:request|response)\.body(?:\.(?:content|data|text))?$/;

/**
 * Returns the privacy rules for attributes of one name. The package cannot tell attributes of instrumentations from
 * those of the application. Attributes of the semantic conventions are sent, except for headers with a sensitive name,
 * secrets in URLs and, without `sendDefaultPii`, addresses of clients. `user.*` and `enduser.*` are sent, because only
 * applications set them. All other attributes are filtered if their name is that of a secret.
 */
export function attributePrivacy(name: string, searching: Searching): AttributePrivacy {
  const { sendDefaultPii } = searchOf(searching);
  const omission = sendDefaultPii ? "never" : omissionOf(name);
  if (STATEMENTS.has(name))
    return { omission, filter: statementFilter(searching), form: "statement" };
  const filter = filterOf(name, searching);
  if (filter !== undefined) return { omission, filter, form: "ruled" };
  // Most values that differ from span to span are URLs, so their format is not looked up by name each time.
  if (formatOf(name).text === "url")
    return { omission, filter: (value) => urlValue(name, value, searching), form: "url" };
  return { omission, ...openFilterOf(name, searching) };
}

/** Returns the form of an attribute's text on a span with these attributes: a Redis command is filtered by a rule of its own. */
export function formOn(form: TextForm, attributes: AttributeBag): TextForm {
  return form === "statement" && isRedisLike(databaseSystem(attributes)) ? "ruled" : form;
}

/**
 * Tells whether an attribute is left out on a span of this kind, or in a log or metric (`undefined`), in which the other side of
 * a connection may be a client.
 */
export function isOmitted(omission: Omission, kind: number | undefined): boolean {
  if (omission === "server") return kind === undefined || kind === SPAN_KIND.SERVER;
  return omission === "always";
}

/** Returns the filter for values of a header; `name` is in any case, with `-` or `_`. */
export function headerFilter(name: string, searching: Searching): (value: unknown) => unknown {
  const { sendDefaultPii } = searchOf(searching);
  if (isSingleCookie(name)) return oneCookie(name, searching);
  if (!sendDefaultPii && formatOf(name).isCookie) return hidden;
  const isHidden = isSensitiveKey(name) || (!sendDefaultPii && isPersonalHeader(name));
  return isHidden ? hidden : (value) => redactedField(name, value, searching);
}

// For attributes with a single cookie: `http.request.header.cookie.sid`, `http.cookies.sid`.
function oneCookie(name: string, searching: Searching): (value: unknown) => unknown {
  const cookie = name.slice(name.search(/cookies?\./i)).replace(/^[^.]*\./, "");
  const isShown = searchOf(searching).sendDefaultPii && !isSensitiveKey(cookie);
  return isShown ? (value) => redacted(value, searching) : hidden;
}

function omissionOf(name: string): Omission {
  if (CLIENT_ADDRESSES.has(name)) return "always";
  return PEER_ADDRESSES.has(name) ? "server" : "never";
}

function filterOf(name: string, searching: Searching): AttributePrivacy["filter"] | undefined {
  if (isSingleCookie(name)) return oneCookie(name, searching);
  const field = FIELD.exec(name)?.[1];
  if (field !== undefined) return headerFilter(field, searching);
  if (BODY.test(name)) return (value) => body(name, value, searching);
  if (METHOD.test(name)) return method;
  if (isSecretName(name)) return withheld;
  return !searchOf(searching).sendDefaultPii && isPersonal(name) ? hidden : undefined;
}

// The rules for names that the conventions do not give a format.
function openFilterOf(
  name: string,
  searching: Searching,
): Pick<AttributePrivacy, "filter" | "form"> {
  return hasKnownFormat(name)
    ? { filter: (value) => redactedField(name, value, searching), form: "ruled" }
    : { filter: (value) => openValue(value, searching), form: "open" };
}

// Attributes of the conventions with an address are left out by kind of span.
function isPersonal(name: string): boolean {
  return omissionOf(name) === "never" && isPersonalName(name);
}

// Filters a value whose name does not decide about it.
function openValue(value: unknown, searching: Searching): unknown {
  return typeof value === "string" && !mayHoldAssignments(value)
    ? withoutShapes(withoutUrlSecrets(value))
    : redacted(value, searching);
}

function urlValue(name: string, value: unknown, searching: Searching): unknown {
  const isShort = typeof value === "string" && value.length <= MAX_URL_LENGTH;
  return isShort && isUrlLike(value)
    ? withoutShapes(urlWithoutSecrets(value))
    : redactedField(name, value, searching);
}

function statementFilter(searching: Searching): AttributePrivacy["filter"] {
  return (value, attributes = {}) =>
    typeof value === "string"
      ? statementText(shownStatement(value, attributes), searching)
      : redacted(value, searching);
}

/** Characters of a statement that are read; the rest is replaced by `[Filtered]`. */
const MAX_STATEMENT = 262_144;

const JSON_STATEMENT = /^\s*(?:\{|\[\s*[{\]])/;

/**
 * Filters the statement of a database: JSON by key, also within other statements, where strings that belong to columns with a
 * secret name are filtered as well. Other assignments are parts of SQL.
 */
export function statementText(statement: string, searching: Searching = false): string {
  // Patterns use stack space for each character.
  if (statement.length > MAX_STATEMENT)
    return statementText(statement.slice(0, MAX_STATEMENT), searching) + FILTERED;
  if (JSON_STATEMENT.test(statement)) return redacted(statement, searching);
  const shown = withoutLiterals(statement);
  return withoutShapes(
    withoutUrlSecrets(
      shown.includes("{") && mayHoldMembers(shown) ? members(shown, searching) : shown,
    ),
  );
}

function members(text: string, searching: Searching): string {
  return filterStructured(text, (value) =>
    typeof value === "string" ? value : redacted(value, searching),
  );
}

function method(value: unknown): unknown {
  return typeof value === "string" && isMethodName(value) ? value : withheld(value);
}

function hidden(value: unknown): unknown {
  return Array.isArray(value) ? value.map(withheld) : withheld(value);
}

// Bodies with keys are filtered by key, all others are hidden (protocol: data collection).
function body(name: string, value: unknown, searching: Searching): unknown {
  const isReadable = typeof value !== "string" || isStructured(value) || isForm(value);
  return isReadable ? redactedField(name, value, searching) : withheld(value);
}

// True for HTTP methods, known or not: the attribute may hold any text.
function isMethodName(value: string): boolean {
  return value === "_OTHER" || (value.length <= MAX_METHOD_LENGTH && METHOD_NAME.test(value));
}
