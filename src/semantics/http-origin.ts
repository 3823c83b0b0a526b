import { textValue } from "./inference.js";
import type { AttributeBag } from "../trace/span.js";
import { sanitizeUrl } from "../privacy/url.js";

/** Attribute names that may hold the host of a request and its port; the first that is set is used. */
interface HostKeys {
  readonly names: readonly string[];
  readonly ports: readonly string[];
}

// `net.host` is the local side and `net.peer` the remote side, so the span's kind decides which one is the server.
const OF_SERVER: HostKeys = {
  names: ["server.address", "http.server_name", "net.host.name"],
  ports: ["server.port", "net.host.port"],
};
const OF_CLIENT: HostKeys = {
  names: ["server.address", "net.peer.name"],
  ports: ["server.port", "net.peer.port"],
};

const IPV6 = /^[\da-f.]*:[\da-f.:]*:[\da-f.:]*(?:%\w+)?$/i;

/** Returns the host of an incoming request, with its port if it is known: `[::1]:8080`. */
export function hostOfServer(attributes: AttributeBag): string | undefined {
  return hostOf(attributes, OF_SERVER);
}

/**
 * Returns the origin that a client calls, `https://host:8443`, from attributes other than the URL; undefined if they
 * name no host. Default ports are left out. The scheme defaults to `https`, because Sentry recognizes a host only in a
 * URL.
 */
export function originOfCall(attributes: AttributeBag): string | undefined {
  const host = hostOf(attributes, OF_CLIENT);
  // A path here means a Unix socket, which has no host.
  if (host === undefined || host.includes("/")) return undefined;
  const given = textValue(attributes["url.scheme"]) ?? textValue(attributes["http.scheme"]);
  const scheme = given ?? (host.endsWith(":80") ? "http" : "https");
  return sanitizeUrl(`${scheme}://${host}`);
}

function hostOf(attributes: AttributeBag, { names, ports }: HostKeys): string | undefined {
  // `http.host` includes the port.
  const host = textValue(attributes["http.host"]);
  if (host !== undefined) return host;
  const name = firstAttribute(attributes, names, textValue);
  if (name === undefined) return undefined;
  const port = firstAttribute(attributes, ports, portOf);
  const shown = IPV6.test(name) ? `[${name}]` : name;
  return port === undefined ? shown : `${shown}:${port}`;
}

// A plain loop, because it runs for each transaction of a server and for many outgoing requests.
function firstAttribute(
  attributes: AttributeBag,
  keys: readonly string[],
  read: (value: unknown) => string | undefined,
): string | undefined {
  for (const key of keys) {
    const value = read(attributes[key]);
    if (value !== undefined) return value;
  }
  return undefined;
}

function portOf(value: unknown): string | undefined {
  const port = typeof value === "number" ? String(value) : textValue(value);
  return port !== undefined && /^\d{1,5}$/.test(port) ? port : undefined;
}
