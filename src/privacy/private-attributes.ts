import { mayHold } from "./assigned-secrets.js";
import { hasShape, isOneCookie, shapeOf } from "./member-names.js";
import { isForm, redacted, redactedMember, withheld } from "./redacted.js";
import { shownStatement } from "./redis-command.js";
import { isSecretName } from "./secret-name.js";
import { withoutShapes } from "./secret-shapes.js";
import { isStructured } from "./secret-text.js";
import { isPersonalHeader, isSensitiveKey } from "./sensitive.js";
import { type AttributeBag, SPAN_KIND } from "../trace/span.js";
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

// No digits: what authenticates somebody has some, as a rule.
const METHOD_NAME = /^[A-Z]+(?:[-_][A-Z]+)*$/i;
const MAX_METHOD_LENGTH = 20;

const METHOD = /^http\.(?:request\.)?method(?:_original)?$/;

const STATEMENTS: ReadonlySet<string> = new Set(["db.query.text", "db.statement"]);

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
  if (isOneCookie(name)) return oneCookie(name, sendDefaultPii);
  if (!sendDefaultPii && shapeOf(name).isCookie) return hidden;
  const isHidden = isSensitiveKey(name) || (!sendDefaultPii && isPersonalHeader(name));
  return isHidden ? hidden : (value) => redactedMember(name, value, sendDefaultPii);
}

// One attribute for each cookie: `http.request.header.cookie.sid`, `http.cookies.sid`.
function oneCookie(name: string, sendDefaultPii: boolean): (value: unknown) => unknown {
  const cookie = name.slice(name.search(/cookies?\./i)).replace(/^[^.]*\./, "");
  return sendDefaultPii && !isSensitiveKey(cookie) ? (value) => redacted(value, true) : hidden;
}

function omissionOf(name: string): Omission {
  if (CLIENT_ADDRESSES.has(name)) return "always";
  return PEER_ADDRESSES.has(name) ? "server" : "never";
}

function filterOf(name: string, sendDefaultPii: boolean): AttributePrivacy["filter"] {
  if (isOneCookie(name)) return oneCookie(name, sendDefaultPii);
  const field = FIELD.exec(name)?.[1];
  if (field !== undefined) return headerFilter(field, sendDefaultPii);
  if (BODY.test(name)) return (value) => body(name, value, sendDefaultPii);
  if (METHOD.test(name)) return method;
  if (STATEMENTS.has(name)) return statement;
  if (isSecretName(name)) return withheld;
  // Most of what differs from span to span is one of these: they are not looked at by name each time.
  if (shapeOf(name).text === "url") return (value) => urlValue(name, value, sendDefaultPii);
  if (hasShape(name)) return (value) => redactedMember(name, value, sendDefaultPii);
  return sendDefaultPii ? openValue : plainValue;
}

/** Returns a JSON value whose name says nothing without the secrets in its members and texts. */
export function plainValue(value: unknown): unknown {
  return typeof value === "string" && !mayHold(value)
    ? withoutShapes(withoutSecrets(value))
    : redacted(value, false);
}

// The same with `sendDefaultPii`: functions of their own, so that they can be told from others.
function openValue(value: unknown): unknown {
  return typeof value === "string" && !mayHold(value)
    ? withoutShapes(withoutSecrets(value))
    : redacted(value, true);
}

function urlValue(name: string, value: unknown, sendDefaultPii: boolean): unknown {
  return typeof value === "string"
    ? urlWithoutSecrets(value)
    : redactedMember(name, value, sendDefaultPii);
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

// Bodies are filtered by key where they have keys, and hidden elsewhere (protocol: data collection).
function body(name: string, value: unknown, sendDefaultPii: boolean): unknown {
  const isReadable = typeof value !== "string" || isStructured(value) || isForm(value);
  return isReadable ? redactedMember(name, value, sendDefaultPii) : withheld(value);
}

// An HTTP method, known or not, and nothing else that may stand in its attribute.
function isMethodName(value: string): boolean {
  return value === "_OTHER" || (value.length <= MAX_METHOD_LENGTH && METHOD_NAME.test(value));
}
