import { certificateHint } from "./tls-failures.js";

/** A proxy's name for messages, without its secrets. */
export interface ProxyName {
  /** Host and port. */
  readonly name: string;
  readonly hasCredentials: boolean;
}

/** A failure to connect through a proxy. Its message never contains the proxy's credentials. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  readonly code: string;
  /** True if the next attempt would fail as well. */
  readonly isFinal: boolean;

  constructor(message: string, details: { code: string; isFinal?: boolean; cause?: unknown }) {
    super(message, { cause: details.cause });
    this.code = details.code;
    this.isFinal = details.isFinal === true;
  }
}

/** Creates the error for a proxy's own response that is not a success. */
export function proxyRefusal(proxy: ProxyName, statusCode: number): ProxyError {
  if (statusCode === 407) return wantsCredentials(proxy);
  return new ProxyError(
    `the proxy ${proxy.name} refused to connect to the server: HTTP ${statusCode}`,
    { code: "ERR_PROXY_STATUS", isFinal: !mayPass(statusCode) },
  );
}

/** Creates the error for a failed connection to the proxy itself. */
export function proxyUnreachable({ name }: ProxyName, cause: unknown): ProxyError {
  const hint = certificateHint(cause, { name: `the proxy ${name}`, seesClientCertificate: false });
  const reason = cause instanceof Error && cause.message !== "" ? `: ${cause.message}` : "";
  return new ProxyError(hint ?? `the proxy ${name} could not be reached${reason}`, {
    code: "ERR_PROXY_UNREACHABLE",
    cause,
  });
}

/** Builds the error for a proxy whose answer to CONNECT is not one of HTTP. `reason` is a clause. */
export function noProxyAnswer({ name }: ProxyName, reason: string): ProxyError {
  return new ProxyError(`the proxy ${name} does not answer as an HTTP proxy: ${reason}`, {
    code: "ERR_PROXY_ANSWER",
  });
}

function wantsCredentials({ name, hasCredentials }: ProxyName): ProxyError {
  const message = hasCredentials
    ? `the proxy ${name} refuses the credentials in its URL (HTTP 407)`
    : `the proxy ${name} requires credentials (HTTP 407): add them to its URL`;
  return new ProxyError(message, { code: "ERR_PROXY_AUTHENTICATION", isFinal: true });
}

// Tells whether the failure may be temporary: the proxy is overloaded, or the server behind it is down.
function mayPass(statusCode: number): boolean {
  return statusCode >= 500 || statusCode === 408 || statusCode === 429;
}
