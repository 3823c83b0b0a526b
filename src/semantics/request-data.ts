import { setProperty } from "../support/foreign.js";
import { cut } from "../support/text.js";
import { boundedText, textValue, textValues } from "./inference.js";
import { OTHER_METHOD, requestMethod } from "./http.js";
import { hostOfServer } from "./http-origin.js";
import { headerFilter } from "../privacy/private-attributes.js";
import { secretSearch } from "../privacy/secret-search.js";
import type { SecretSearch } from "../privacy/secret-search.js";
import { FILTERED } from "../privacy/secret-words.js";
import { filterCookies, filterQuery } from "../privacy/sensitive.js";
import { isAttributeBag } from "../trace/span.js";
import type { AttributeBag } from "../trace/span.js";
import { sanitizeUrl, withoutUrlSecrets } from "../privacy/url.js";

/** The request of an event (protocol: request interface). */
export interface RequestData {
  readonly method?: string;
  /** Without credentials, query and fragment; cut at 256 characters. */
  readonly url?: string;
  /** Cut at 1000 characters. */
  readonly query_string?: string;
  /** At most 8000 characters of names and values; a header that does not fit is left out. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: string;
  readonly env?: { readonly REMOTE_ADDR: string };
}

/** Settings of the request data of events. */
interface RequestSettings {
  /** Includes cookies, the client's address, and headers that contain it. */
  readonly sendDefaultPii: boolean;
}

// Slightly below Relay's limits (256 for a URL, 1024 for a query, 8192 for headers): Relay would add a remark to the
// event when it cuts.
const MAX_URL_LENGTH = 256;
const MAX_QUERY_LENGTH = 1000;
const MAX_HEADERS_LENGTH = 8000;
const MAX_HEADERS = 200;
const HEADER = "http.request.header.";
const URLS = ["url.full", "http.url", "http.target"] as const;
const COOKIE = /^cookie(?:$|\.)/i;

/**
 * Returns the request of a SERVER span, by the current or the old semantic conventions; undefined if it has none. Values
 * with sensitive names are `[Filtered]`. Accepts values of any type.
 */
export function requestDataOf(
  attributes: AttributeBag,
  settings: RequestSettings,
): RequestData | undefined {
  const method = requestMethod(attributes);
  if (method === undefined) return undefined;
  // Assigned field by field, because it runs for each transaction of a server.
  const request: { -readonly [Key in keyof RequestData]: RequestData[Key] } = {};
  if (method !== OTHER_METHOD) request.method = method;
  const url = urlOf(attributes);
  if (url !== undefined) request.url = url;
  const query = queryTextOf(attributes);
  if (query !== undefined) request.query_string = query;
  const headers = headersOf(attributes, settings);
  if (headers !== undefined) request.headers = headers;
  return settings.sendDefaultPii ? Object.assign(request, personalData(attributes)) : request;
}

function urlOf(attributes: AttributeBag): string | undefined {
  const full =
    textValue(attributes["url.full"]) ?? textValue(attributes["http.url"]) ?? builtUrl(attributes);
  return full === undefined ? undefined : cut(sanitizeUrl(full), MAX_URL_LENGTH);
}

function builtUrl(attributes: AttributeBag): string | undefined {
  const path = textValue(attributes["url.path"]) ?? textValue(attributes["http.target"]);
  const host = hostOfServer(attributes);
  if (host === undefined) return path;
  const scheme =
    textValue(attributes["url.scheme"]) ?? textValue(attributes["http.scheme"]) ?? "http";
  return `${scheme}://${host}${path ?? "/"}`;
}

function queryTextOf(attributes: AttributeBag): string | undefined {
  const given = textValue(attributes["url.query"]);
  const query =
    given?.startsWith("?") === true ? given.slice(1) : (given ?? queryOfUrl(attributes));
  return query === undefined || query === ""
    ? undefined
    : cut(withoutUrlSecrets(filterQuery(query)), MAX_QUERY_LENGTH);
}

function queryOfUrl(attributes: AttributeBag): string | undefined {
  for (const name of URLS) {
    const url = textValue(attributes[name]);
    const query = url === undefined ? undefined : /\?([^#]+)/.exec(url)?.[1];
    if (query !== undefined) return query;
  }
  return undefined;
}

function headersOf(
  attributes: AttributeBag,
  { sendDefaultPii }: RequestSettings,
): Record<string, string> | undefined {
  const user =
    textValue(attributes["user_agent.original"]) ?? textValue(attributes["http.user_agent"]);
  const headers: Record<string, string> = {};
  let length =
    user === undefined ? 0 : addHeader(headers, ["User-Agent", withoutUrlSecrets(user)], 0);
  if (!isAttributeBag(attributes)) return undefined;
  // Most spans have no header.
  let search: SecretSearch | undefined;
  let count = 0;
  for (const key in attributes) {
    if (!key.startsWith(HEADER)) continue;
    const name = key.slice(HEADER.length);
    // Cookies are a field of their own.
    if (name === "" || COOKIE.test(name)) continue;
    if (++count > MAX_HEADERS) break;
    search ??= secretSearch(sendDefaultPii);
    const value = headerText(headerFilter(name, search)(readHeader(attributes[key])));
    if (value !== undefined) length = addHeader(headers, [headerName(name), value], length);
  }
  return length === 0 ? undefined : headers;
}

// Returns the new length of all headers. A header that does not fit is left out.
function addHeader(
  headers: Record<string, string>,
  [name, value]: readonly [string, string],
  lengthBefore: number,
): number {
  const length = lengthBefore + name.length + value.length;
  if (length > MAX_HEADERS_LENGTH) return lengthBefore;
  setProperty(headers, name, value);
  return length;
}

// Older instrumentations use `x_api_key` for `x-api-key`.
function headerName(name: string): string {
  return name
    .replaceAll("_", "-")
    .replaceAll(
      /(^|-)([a-z])/g,
      (_all, dash: string, letter: string) => dash + letter.toUpperCase(),
    );
}

// Reads one character more than all headers may have, by which a value that is too long is recognized.
function readHeader(value: unknown): unknown {
  if (typeof value === "string") return value.slice(0, MAX_HEADERS_LENGTH + 1);
  return textValues(value)
    .slice(0, MAX_HEADERS)
    .map((text) => text.slice(0, MAX_HEADERS_LENGTH + 1));
}

function headerText(value: unknown): string | undefined {
  if (!Array.isArray(value)) return textValue(value);
  return value.filter((entry) => typeof entry === "string").join(",") || undefined;
}

function personalData(attributes: AttributeBag): RequestData {
  const cookies = cookiesOf(attributes);
  const address =
    textValue(attributes["client.address"]) ??
    textValue(attributes["http.client_ip"]) ??
    textValue(attributes["network.peer.address"]) ??
    textValue(attributes["net.sock.peer.addr"]) ??
    textValue(attributes["net.peer.ip"]);
  return {
    ...(cookies !== undefined && { cookies }),
    ...(address !== undefined && { env: { REMOTE_ADDR: address } }),
  };
}

function cookiesOf(attributes: AttributeBag): string | undefined {
  const given = attributes[`${HEADER}cookie`];
  const header = boundedText(textValues(given).join("; "));
  if (header === "") return undefined;
  const cookies = filterCookies(header);
  return cookies === FILTERED ? undefined : cookies;
}
