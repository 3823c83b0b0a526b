import { certificateHint } from "./tls-failures.js";

/** Why a proxy did not let a connection through. It never names the proxy's credentials. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  readonly code: string;
  /** Whether it would be the same the next time. */
  readonly isFinal: boolean;

  constructor(message: string, details: { code: string; isFinal?: boolean; cause?: unknown }) {
    super(message, { cause: details.cause });
    this.code = details.code;
    this.isFinal = details.isFinal === true;
  }
}

/** The proxy's own answer was not a success. */
export function proxyRefusal(proxy: ProxyName, statusCode: number): ProxyError {
  if (statusCode === 407) return wantsCredentials(proxy);
  return new ProxyError(
    `the proxy ${proxy.name} did not open the way to the server: HTTP ${statusCode}`,
    { code: "ERR_PROXY_STATUS", isFinal: !mayPass(statusCode) },
  );
}

/** There is no connection to the proxy itself. */
export function proxyUnreachable({ name }: ProxyName, cause: unknown): ProxyError {
  const hint = certificateHint(cause, { name: `the proxy ${name}`, seesClientCertificate: false });
  const reason = cause instanceof Error && cause.message !== "" ? `: ${cause.message}` : "";
  return new ProxyError(hint ?? `the proxy ${name} could not be reached${reason}`, {
    code: "ERR_PROXY_UNREACHABLE",
    cause,
  });
}

/** What may be said of a proxy. */
export interface ProxyName {
  /** Host and port. */
  readonly name: string;
  readonly hasCredentials: boolean;
}

function wantsCredentials({ name, hasCredentials }: ProxyName): ProxyError {
  const message = hasCredentials
    ? `the proxy ${name} refuses the credentials in its URL (HTTP 407)`
    : `the proxy ${name} wants credentials (HTTP 407): put them into its URL`;
  return new ProxyError(message, { code: "ERR_PROXY_AUTHENTICATION", isFinal: true });
}

// Too slow, too many, or what is behind the proxy is down just now.
function mayPass(statusCode: number): boolean {
  return statusCode >= 500 || statusCode === 408 || statusCode === 429;
}
