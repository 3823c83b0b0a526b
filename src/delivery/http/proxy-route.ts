import type { Diagnostics } from "../../support/diagnostics.js";
import { OptionsError } from "../../protocol/errors.js";
import type { IngestTarget } from "./ingest-target.js";
import type { ProxyName } from "./proxy-errors.js";
import { nodeNet } from "../../support/built-ins.js";

/** The proxy variables of the environment, unparsed. */
export interface ProxyEnvironment {
  /** Proxy for an http server. */
  readonly http?: string | undefined;
  /** Proxy for an https server. */
  readonly https?: string | undefined;
  /** Hosts that are reached directly, separated by commas or spaces. */
  readonly noProxy?: string | undefined;
}

/** The settings that determine whether a proxy is used. */
export interface ProxySettings {
  readonly proxy?: string | false | undefined;
  readonly noProxy?: readonly string[] | undefined;
  readonly proxyEnvironment?: ProxyEnvironment | undefined;
}

/** The address that a socket connects to. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
}

/** A parsed proxy URL. */
export interface Proxy extends ProxyName {
  readonly address: Address;
  /** Value of the `Proxy-Authorization` header. */
  readonly authorization: string | undefined;
}

/** The route to the server. */
export interface Route {
  /** Address and headers of the requests. */
  readonly target: IngestTarget;
  readonly server: Address;
  readonly proxy: Proxy | undefined;
  /** True if the proxy opens a tunnel (https), false if it forwards each request (http). */
  readonly isTunnel: boolean;
}

/** Chooses the route to the server. Throws `OptionsError` for an invalid `transport.proxy`. */
export function routeTo(
  target: IngestTarget,
  settings: ProxySettings,
  diagnostics: Diagnostics,
): Route {
  const server = addressOf(new URL(target.origin));
  const proxy = chooseProxy(target.origin, settings, diagnostics);
  if (proxy === undefined || server.isSecure)
    return { target, server, proxy, isTunnel: proxy !== undefined };
  return { target: forwarded(target, proxy), server, proxy, isTunnel: false };
}

function chooseProxy(
  origin: string,
  { proxy, noProxy, proxyEnvironment = {} }: ProxySettings,
  diagnostics: Diagnostics,
): Proxy | undefined {
  if (proxy === false) return undefined;
  if (isWithoutProxy(origin, noProxy ?? noProxyEntries(proxyEnvironment.noProxy))) return undefined;
  if (proxy !== undefined) return fromOption(proxy);
  // As in Sentry's SDKs, a variable that is set alone applies to both protocols.
  const { http, https } = proxyEnvironment;
  const text = origin.startsWith("https:") ? (https ?? http) : http;
  return text === undefined ? undefined : fromEnvironment(text, diagnostics);
}

function fromOption(text: string): Proxy {
  const proxy = parseProxy(text);
  if (proxy !== undefined) return proxy;
  throw new OptionsError({
    option: "transport.proxy",
    expected: "must be an http(s) URL, or false",
    received: text.replace(/[^/@]*@/, "[Filtered]@"),
  });
}

function fromEnvironment(text: string, diagnostics: Diagnostics): Proxy | undefined {
  // The variables often contain only a host and a port.
  const proxy = parseProxy(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  // The message omits the value, since it may contain credentials.
  if (proxy === undefined)
    diagnostics.warnOnce(
      "proxy",
      "the proxy in HTTPS_PROXY or HTTP_PROXY is not an http(s) URL: envelopes are sent without a proxy. Use the form http://host:port",
    );
  return proxy;
}

function parseProxy(text: string): Proxy | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === "") return undefined;
  const address = addressOf(url);
  const hasCredentials = url.username !== "" || url.password !== "";
  return {
    address,
    name: `${url.hostname}:${address.port}`,
    hasCredentials,
    authorization: hasCredentials ? basic(url) : undefined,
  };
}

function basic({ username, password }: URL): string {
  const credentials = `${decoded(username)}:${decoded(password)}`;
  return `Basic ${Buffer.from(credentials).toString("base64")}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // An unescaped `%`: use the text as it is.
    return text;
  }
}

function addressOf(url: URL): Address {
  return {
    host: hostForSocket(url.hostname),
    port: Number(url.port === "" ? defaultPort(url.protocol) : url.port),
    isSecure: url.protocol === "https:",
  };
}

// An http proxy receives the requests themselves, with absolute URLs (RFC 9112, 3.2.2).
function forwarded(
  { origin, path, headers }: IngestTarget,
  { authorization }: Proxy,
): IngestTarget {
  const extra =
    authorization === undefined ? [] : [["proxy-authorization", authorization] as const];
  return { origin, path: origin + path, headers: [...headers, ...extra] };
}

/** Returns a host in the form that a URL needs: an IPv6 address in brackets. */
export function hostForUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** Splits `NO_PROXY` into entries, which are separated by commas or spaces. */
export function noProxyEntries(text: string | undefined): readonly string[] {
  return (text ?? "").split(/[\s,]+/).filter((entry) => entry !== "");
}

/**
 * Tells whether an origin is reached without the proxy. An entry is `*`, an IP address, or a name, which includes its
 * subdomains (`.name` and `*.name` mean the same); each with or without a port.
 */
export function isWithoutProxy(origin: string, entries: readonly string[]): boolean {
  const url = new URL(origin);
  const host = hostForSocket(url.hostname);
  const port = url.port === "" ? defaultPort(url.protocol) : url.port;
  return entries.some((entry) => covers(entry.trim().toLowerCase(), host, port));
}

/** Returns the default port of a protocol. */
function defaultPort(protocol: string): string {
  return protocol === "https:" ? "443" : "80";
}

/**
 * Returns a host in the form that sockets need: without the brackets of an IPv6 address, and without a trailing dot.
 */
export function hostForSocket(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
}

/** Returns 4 or 6 if the host is an IP address, else 0. */
export function ipVersionOf(host: string): number {
  return nodeNet().isIP(host);
}

function covers(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  const { name, entryPort } = splitPort(entry);
  if (name === "" || (entryPort !== undefined && entryPort !== port)) return false;
  if (ipVersionOf(host) !== 0) return name === host;
  return host === name || host.endsWith(`.${name}`);
}

// An IPv6 address contains colons: with a port it needs brackets.
function splitPort(entry: string): { name: string; entryPort: string | undefined } {
  if (ipVersionOf(entry) === 6) return { name: canonical(entry), entryPort: undefined };
  const groups = /^(?<name>.*?)(?::(?<port>\d+))?$/.exec(entry)?.groups;
  const name = hostForSocket(groups?.["name"] ?? "").replace(/^\*?\./, "");
  return {
    name: ipVersionOf(name) === 6 ? canonical(name) : name,
    entryPort: groups?.["port"],
  };
}

// Normalizes an IPv6 address, because `0:0:0:0:0:0:0:1` and `::1` are the same one. `URL` writes the short form. A URL
// cannot have a zone (`%eth0`).
function canonical(address: string): string {
  const url = `http://[${address}]`;
  return URL.canParse(url) ? hostForSocket(new URL(url).hostname) : address;
}
