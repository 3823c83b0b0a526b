import type { IncomingHttpHeaders } from "node:http";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Returns the reason why a request for the page or its data is refused; undefined if it is allowed. A page of another
 * site can make a browser send requests here: directly, which `Origin` or `Sec-Fetch-Site` shows, or through a host
 * name that resolves to 127.0.0.1 (DNS rebinding), which `Host` shows. Any port in `Host` is accepted, so that
 * forwarded ports work; names of the loopback interface cannot be rebound.
 */
export function pageRefusal(headers: IncomingHttpHeaders): string | undefined {
  const { host = "", origin } = headers;
  if (!isLoopback(`http://${host}`)) return "the Host header is not a loopback address";
  if (origin !== undefined && origin !== `http://${host}`)
    return "the Origin header names another origin";
  const site = headers["sec-fetch-site"] ?? "none";
  const isNavigation = headers["sec-fetch-mode"] === "navigate";
  if (site !== "same-origin" && site !== "none" && !isNavigation)
    return "the request comes from another site";
  return undefined;
}

/**
 * Returns the reason why an envelope is refused; undefined if it is allowed. SDKs on servers send no `Origin`, and
 * pages in development a local one.
 */
export function ingestRefusal({ origin }: IncomingHttpHeaders): string | undefined {
  return origin === undefined || isLoopback(origin)
    ? undefined
    : "the Origin header is not a loopback address";
}

/**
 * Returns the CORS headers for a local page that sends envelopes. Without them its SDK would count each envelope as lost,
 * although it arrives.
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
  // Browsers send a host and a port only; `a@localhost` and `localhost/x` are forged.
  const isPlain = parsed !== undefined && parsed.username === "" && parsed.pathname === "/";
  return isPlain && LOOPBACK.has(parsed.hostname);
}
