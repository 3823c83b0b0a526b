import { textValue } from "./inference.js";
import type { AttributeBag } from "../trace/span.js";
import { sanitizeUrl } from "../privacy/url.js";

/** Attributes that name the server of a request and its port; the first that is set counts. */
interface HostKeys {
  readonly names: readonly string[];
  readonly ports: readonly string[];
}

// `net.host` is the span's own side and `net.peer` the other one: which is the server depends on the kind.
const OF_SERVER: HostKeys = {
  names: ["server.address", "http.server_name", "net.host.name"],
  ports: ["server.port", "net.host.port"],
};
const OF_CLIENT: HostKeys = {
  names: ["server.address", "net.peer.name"],
  ports: ["server.port", "net.peer.port"],
};

const IPV6 = /^[\da-f.]*:[\da-f.:]*:[\da-f.:]*(?:%\w+)?$/i;

/** The host of a request that a server answers, with its port where it is known: `[::1]:8080`. */
export function hostOfServer(attributes: AttributeBag): string | undefined {
  return hostOf(attributes, OF_SERVER);
}

/**
 * The origin that a client calls, `https://host:8443`, by attributes beside the URL; undefined where
 * they name no host. A port that is a scheme's default is left out. The scheme is `https` where nothing
 * says otherwise, because Sentry finds the host only in a URL.
 */
export function originOfCall(attributes: AttributeBag): string | undefined {
  const host = hostOf(attributes, OF_CLIENT);
  // A socket of the file system is no host.
  if (host === undefined || host.includes("/")) return undefined;
  const given = textValue(attributes["url.scheme"]) ?? textValue(attributes["http.scheme"]);
  const scheme = given ?? (host.endsWith(":80") ? "http" : "https");
  return sanitizeUrl(`${scheme}://${host}`);
}

function hostOf(attributes: AttributeBag, { names, ports }: HostKeys): string | undefined {
  // `http.host` has its port in it.
  const host = textValue(attributes["http.host"]);
  if (host !== undefined) return host;
  const name = firstOf(attributes, names, textValue);
  if (name === undefined) return undefined;
  const port = firstOf(attributes, ports, portOf);
  const shown = IPV6.test(name) ? `[${name}]` : name;
  return port === undefined ? shown : `${shown}:${port}`;
}

// A loop, since each transaction of a server and many calls come here.
function firstOf(
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
