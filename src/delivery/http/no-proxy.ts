import { isIP } from "node:net";

/** Taken apart from what stands in `NO_PROXY`: entries between commas or spaces. */
export function noProxyEntries(text: string | undefined): readonly string[] {
  return (text ?? "").split(/[\s,]+/).filter((entry) => entry !== "");
}

/**
 * Whether an origin is reached without the proxy. An entry is `*`, or a name, which stands for its
 * subdomains as well (`.name` and `*.name` are the same), or an IP address; each with a port or without.
 */
export function isWithoutProxy(origin: string, entries: readonly string[]): boolean {
  const url = new URL(origin);
  const host = bare(url.hostname);
  const port = url.port === "" ? defaultPort(url.protocol) : url.port;
  return entries.some((entry) => covers(entry.trim().toLowerCase(), host, port));
}

/** The port that an origin has when it names none. */
export function defaultPort(protocol: string): string {
  return protocol === "https:" ? "443" : "80";
}

/** A host as sockets take it: without the brackets of an IPv6 address, and without a final dot. */
export function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
}

function covers(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  const { name, entryPort } = splitPort(entry);
  if (name === "" || (entryPort !== undefined && entryPort !== port)) return false;
  if (isIP(host) !== 0) return name === host;
  return host === name || host.endsWith(`.${name}`);
}

// An IPv6 address has colons of its own: with a port it stands in brackets.
function splitPort(entry: string): { name: string; entryPort: string | undefined } {
  if (isIP(entry) === 6) return { name: canonical(entry), entryPort: undefined };
  const groups = /^(?<name>.*?)(?::(?<port>\d+))?$/.exec(entry)?.groups;
  const name = bare(groups?.["name"] ?? "").replace(/^\*?\./, "");
  return {
    name: isIP(name) === 6 ? canonical(name) : name,
    entryPort: groups?.["port"],
  };
}

// `0:0:0:0:0:0:0:1` and `::1` are one address; a URL has the short form. It cannot have a zone (`%eth0`).
function canonical(address: string): string {
  const url = `http://[${address}]`;
  return URL.canParse(url) ? bare(new URL(url).hostname) : address;
}
