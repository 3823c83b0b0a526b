import type { Diagnostics } from "../../support/diagnostics.js";
import { OptionsError } from "../../protocol/errors.js";
import type { IngestTarget } from "./ingest-target.js";
import { bare, defaultPort, isWithoutProxy, noProxyEntries } from "./no-proxy.js";
import type { ProxyName } from "./proxy-error.js";

/** What the environment says of proxies, as it stands there. */
export interface ProxyEnvironment {
  /** For an http server. */
  readonly http?: string | undefined;
  /** For an https server. */
  readonly https?: string | undefined;
  /** Hosts without one, separated by commas or spaces. */
  readonly noProxy?: string | undefined;
}

/** What decides whether there is a proxy. */
export interface ProxySettings {
  readonly proxy?: string | false | undefined;
  readonly noProxy?: readonly string[] | undefined;
  readonly proxyEnvironment?: ProxyEnvironment | undefined;
}

/** Where a socket is opened to. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
}

/** A proxy, taken apart. */
export interface Proxy extends ProxyName {
  readonly address: Address;
  /** Value of the `Proxy-Authorization` header. */
  readonly authorization: string | undefined;
}

/** The way to the server. */
export interface Route {
  /** Where requests are sent to, and with which headers. */
  readonly target: IngestTarget;
  readonly server: Address;
  readonly proxy: Proxy | undefined;
  /** Whether the proxy opens a tunnel (https), or passes each request on (http). */
  readonly isTunnel: boolean;
}

/** Finds the way to the server. Throws `OptionsError` for a bad `transport.proxy`. */
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
  // As Sentry's SDKs do: where only one variable is set, it is for both.
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
  // Many write the host and port alone.
  const proxy = parseProxy(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  // What stands there may have credentials inside.
  if (proxy === undefined)
    diagnostics.warnOnce(
      "proxy",
      "the proxy in HTTPS_PROXY or HTTP_PROXY is not an http(s) URL: envelopes are sent without a proxy. Write http://host:port",
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
    // A bare `%`, as one writes it who does not know that it has to be escaped.
    return text;
  }
}

function addressOf(url: URL): Address {
  return {
    host: bare(url.hostname),
    port: Number(url.port === "" ? defaultPort(url.protocol) : url.port),
    isSecure: url.protocol === "https:",
  };
}

// A proxy for http is sent the requests themselves, with the whole URL (RFC 9112, 3.2.2).
function forwarded(target: IngestTarget, { address, authorization }: Proxy): IngestTarget {
  const { host } = new URL(target.origin);
  const extra = ["host", host];
  if (authorization !== undefined) extra.push("proxy-authorization", authorization);
  return {
    origin: `${address.isSecure ? "https" : "http"}://${bracketed(address.host)}:${address.port}`,
    path: target.origin + target.path,
    headers: [...target.headers, ...extra],
    gzipHeaders: [...target.gzipHeaders, ...extra],
  };
}

/** An address as it stands in a URL. */
export function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
