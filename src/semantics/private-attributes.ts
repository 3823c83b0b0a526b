import { shownStatement } from "./db-span.js";
import { isMethodName } from "./http-method.js";
import { isUrlName, redacted, redactedFields, redactedMember, withheld } from "./redacted.js";
import { isSecretName } from "./secret-name.js";
import { FILTERED, isPersonalHeader, isSensitiveKey } from "./sensitive.js";
import { type AttributeBag, SPAN_KIND } from "./span-view.js";
import { urlWithoutSecrets, withoutSecrets } from "./url.js";

/** Whether an attribute is left out: never, always, or on the spans of a server. */
export type Omission = "always" | "never" | "server";

/** What is sent of an attribute. */
export interface AttributePrivacy {
  readonly omission: Omission;
  /**
   * The value as it is sent, of a span with these attributes. Takes JSON values. `plainValue` where the
   * name says nothing.
   */
  readonly filter: (value: unknown, attributes?: AttributeBag) => unknown;
}

// Headers, whose names are the client's choice, and what is sent in their place by other protocols.
// Their names follow the deny list as it is written: a term is a substring.
const FIELD =
  /^(?:http\.(?:request|response)\.header|rpc\..*metadata|faas\..*header|messaging\..*header|http\.(?:request\.)?cookies?|url\.query\.param(?:eter)?s?)\.(.+)$/i;

const COOKIE_FIELD = /^(?:set[_-])?cookie\./i;

/** Addresses of those who call: personal data. */
const CLIENT_ADDRESSES: ReadonlySet<string> = new Set([
  "client.address",
  "client.socket.address",
  "http.client_ip",
  "source.address",
]);

/** The other side of a connection: of a server's span the one who calls, of a client's the one called. */
const PEER_ADDRESSES: ReadonlySet<string> = new Set([
  "net.peer.ip",
  "net.sock.peer.addr",
  "network.peer.address",
]);

// Names that say something about the shape of their values: `redactedMember` knows them.
const SHAPED =
  /(?:args|argv|cookies?|fragment|headers?|params?|query|query_?string|search|trailers)$/i;

const METHOD = /^http\.(?:request\.)?method(?:_original)?$/;

const STATEMENTS: ReadonlySet<string> = new Set(["db.query.text", "db.statement"]);

const CONNECTION_STRING = "db.connection_string";
const BODY = /^http\.(?:request|response)\.body(?:\.(?:content|data|text))?$/;

/**
 * What is sent of the attributes of this name. Attributes are recorded by instrumentations and by the
 * application, which nothing tells apart. Those of the conventions are sent but for headers with a
 * sensitive name, the secrets of URLs, and addresses of clients without `sendDefaultPii`; `user.*` and
 * `enduser.*` are set by hand only and stay. Of all others, those with a secret's name are withheld.
 */
export function attributePrivacy(name: string, sendDefaultPii: boolean): AttributePrivacy {
  return {
    omission: sendDefaultPii ? "never" : omissionOf(name),
    filter: filterOf(name, sendDefaultPii),
  };
}

/** Whether an attribute that may be omitted is so on a span of this kind. */
export function isOmitted(omission: Omission, kind: number | undefined): boolean {
  return omission === "always" || (omission === "server" && kind === SPAN_KIND.SERVER);
}

/** The filter for header values; `name` is in any case, with `-` or `_`. */
export function headerFilter(name: string, sendDefaultPii: boolean): (value: unknown) => unknown {
  // One attribute for each cookie: `http.request.header.cookie.sid`.
  const cookie = COOKIE_FIELD.exec(name);
  if (cookie !== null) return isSensitiveKey(name.slice(cookie[0].length)) ? hidden : redacted;
  const isHidden = isSensitiveKey(name) || (!sendDefaultPii && isPersonalHeader(name));
  return isHidden ? hidden : (value) => redactedMember(name, value);
}

function omissionOf(name: string): Omission {
  if (CLIENT_ADDRESSES.has(name)) return "always";
  return PEER_ADDRESSES.has(name) ? "server" : "never";
}

function filterOf(name: string, sendDefaultPii: boolean): AttributePrivacy["filter"] {
  const field = FIELD.exec(name)?.[1];
  if (field !== undefined) return headerFilter(field, sendDefaultPii);
  if (name === CONNECTION_STRING) return connection;
  if (BODY.test(name)) return body;
  if (METHOD.test(name)) return method;
  if (STATEMENTS.has(name)) return statement;
  if (isSecretName(name)) return withheld;
  // Most of what differs from span to span is one of these: they are not looked at by name each time.
  if (isUrlName(name)) return (value) => urlValue(name, value);
  return SHAPED.test(name) ? (value) => redactedMember(name, value) : plainValue;
}

/** What is sent of a JSON value whose name says nothing: all but secrets in URLs and in its members. */
export function plainValue(value: unknown): unknown {
  if (typeof value === "string") return withoutSecrets(value);
  return typeof value === "object" ? redacted(value) : value;
}

function urlValue(name: string, value: unknown): unknown {
  return typeof value === "string" ? urlWithoutSecrets(value) : redactedMember(name, value);
}

function statement(value: unknown, attributes: AttributeBag = {}): unknown {
  return typeof value === "string"
    ? withoutSecrets(shownStatement(value, attributes))
    : plainValue(value);
}

function method(value: unknown): unknown {
  return typeof value === "string" && isMethodName(value) ? value : withheld(value);
}

function hidden(value: unknown): unknown {
  return Array.isArray(value) ? value.map(withheld) : withheld(value);
}

// With a quote that is not closed, all that follows may be its value.
const SPACED_SETTING =
  /([^\s;&?=]{1,64})(\s{0,8}=\s{0,8})(\{(?:[^}]|\}\})*\}|'(?:[^']|'')*'|"(?:[^"]|"")*"|[{'"][^]*|[^\s;&]*)/g;
const SETTING =
  /([^;&?=]{1,64})(=\s{0,8})(\{(?:[^}]|\}\})*\}|'(?:[^']|'')*'|"(?:[^"]|"")*"|[{'"][^]*|[^;&]*)/g;
const CLOSED = /^(?:\{[^]*\}|'[^]*'|"[^]*"|[^{'"][^]*)?$/;

// `Server=db;Password=x y`, `host=db password=x` or a URL.
function connection(value: unknown): unknown {
  if (typeof value !== "string") return redacted(value);
  const setting = value.includes(";") ? SETTING : SPACED_SETTING;
  return withoutSecrets(value).replace(setting, (...match: string[]) => {
    const [all = "", name = "", equals = "", setTo = ""] = match;
    return isSensitiveKey(name) || !CLOSED.test(setTo) ? `${name}${equals}${FILTERED}` : all;
  });
}

// Bodies are filtered by key where they have keys, and hidden elsewhere (protocol: data collection).
function body(value: unknown): unknown {
  if (typeof value !== "string") return redactedFields(value);
  const parsed = jsonOf(value);
  if (typeof parsed === "object") return JSON.stringify(redactedFields(parsed));
  return /^[^\s=&]+=\S*$/.test(value) ? redactedMember("http.query", value) : withheld(value);
}

function jsonOf(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return undefined;
  }
}
