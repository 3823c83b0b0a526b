import type { IncomingHttpHeaders } from "node:http";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Says why a request for the page or its data is refused; undefined when it may pass. A page of another site can make a
 * browser send requests here: directly, which the browser marks by `Origin` or `Sec-Fetch-Site`, or under a
 * host name of its own that it lets resolve to 127.0.0.1 (DNS rebinding), which the `Host` header shows. Any port may
 * stand in `Host`, so that a forwarded port works: a name of the loopback interface cannot be rebound.
 */
export function pageRefusal(headers: IncomingHttpHeaders): string | undefined {
  const { host = "", origin } = headers;
  if (!isLoopback(`http://${host}`)) return "the Host header names another host";
  if (origin !== undefined && origin !== `http://${host}`)
    return "the Origin header names another origin";
  const site = headers["sec-fetch-site"] ?? "none";
  const isNavigation = headers["sec-fetch-mode"] === "navigate";
  if (site !== "same-origin" && site !== "none" && !isNavigation)
    return "the request comes from another site";
  return undefined;
}

/** Says why an envelope is refused: SDKs on servers send no `Origin`, and pages under development a local one. */
export function ingestRefusal({ origin }: IncomingHttpHeaders): string | undefined {
  return origin === undefined || isLoopback(origin)
    ? undefined
    : "the Origin header names another host";
}

/**
 * Headers with which a browser lets a local page read the answer about an envelope, and send headers of its own. Without
 * them its SDK would count each envelope as lost, although it arrives.
 */
export function crossOriginHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const { origin } = headers;
  if (origin === undefined || !isLoopback(origin)) return {};
  const asked = headers["access-control-request-headers"];
  return {
    "access-control-allow-origin": origin,
    vary: "origin",
    ...(asked === undefined ? {} : { "access-control-allow-headers": asked }),
  };
}

function isLoopback(url: string): boolean {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  // What is more than a host and a port (`a@localhost`, `localhost/x`) is not what a browser sends.
  const isPlain = parsed !== undefined && parsed.username === "" && parsed.pathname === "/";
  return isPlain && LOOPBACK.has(parsed.hostname);
}
