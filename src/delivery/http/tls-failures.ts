import { errorCode } from "../../support/foreign.js";
import { ResponseError } from "./response-parser.js";

// OpenSSL's reasons to reject a certificate chain (X509_V_ERR_*, as Node names them).
const VERIFICATION_CODES = new Set([
  "CERT_CHAIN_TOO_LONG",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REJECTED",
  "CERT_REVOKED",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "CRL_HAS_EXPIRED",
  "CRL_NOT_YET_VALID",
  "CRL_SIGNATURE_FAILURE",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERROR_IN_CERT_NOT_AFTER_FIELD",
  "ERROR_IN_CERT_NOT_BEFORE_FIELD",
  "ERROR_IN_CRL_LAST_UPDATE_FIELD",
  "ERROR_IN_CRL_NEXT_UPDATE_FIELD",
  "HOSTNAME_MISMATCH",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "OUT_OF_MEM",
  "PATH_LENGTH_EXCEEDED",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY",
  "UNABLE_TO_DECRYPT_CERT_SIGNATURE",
  "UNABLE_TO_DECRYPT_CRL_SIGNATURE",
  "UNABLE_TO_GET_CRL",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  // Node's name for reasons that it does not know.
  "UNSPECIFIED",
]);

// Alerts by which a server refuses the client certificate or demands one (RFC 8446, 6.2), and OpenSSL's own reasons.
// Before TLS 1.3, OpenSSL sends "handshake failure" for a missing certificate, and Go sends "bad certificate".
const ALERT =
  /\b(certificate required|bad certificate|unsupported certificate|certificate revoked|certificate expired|certificate unknown|unknown ca|access denied|decrypt error|handshake failure)\b/;

const TRUST =
  "add the certificate of its authority to `transport.caCerts`, or start the process with NODE_EXTRA_CA_CERTS";

const UNTRUSTED = `was issued by an authority that is not trusted: ${TRUST}`;

const CERTIFICATE_FAULTS: ReadonlyMap<string, string> = new Map([
  ["CERT_HAS_EXPIRED", "has expired: renew it, or check the clock of this machine"],
  ["CERT_NOT_YET_VALID", "is not valid yet: check the clock of this machine"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", `is self-signed and not trusted: ${TRUST}`],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "is for another host name: check the host that is configured"],
  ["SELF_SIGNED_CERT_IN_CHAIN", UNTRUSTED],
  ["UNABLE_TO_GET_ISSUER_CERT", UNTRUSTED],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", UNTRUSTED],
  // A chain of one certificate: its authority is not trusted here, or the server omits an intermediate certificate.
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", UNTRUSTED],
]);

/** The peer of a TLS connection, for messages. */
interface TlsPeerName {
  /** The name of the peer, for example `the server`. */
  readonly name: string;
  /** True if the peer receives the client certificate of the options. */
  readonly seesClientCertificate: boolean;
}

/** Tells whether a TLS failure is due to a certificate of either side, so that the next attempt would fail as well. */
export function isCertificateFailure(error: unknown): boolean {
  const code = errorCode(error) ?? "";
  return VERIFICATION_CODES.has(code) || code.startsWith("ERR_TLS_") || alertIn(error) !== "";
}

/** Explains a TLS failure that is due to a certificate, as a clause; undefined for any other error. */
export function certificateHint(error: unknown, peer: TlsPeerName): string | undefined {
  const fault = CERTIFICATE_FAULTS.get(errorCode(error) ?? "");
  if (fault !== undefined) return `the certificate of ${peer.name} ${fault}`;
  const alert = alertIn(error);
  return alert === "" ? undefined : alertHint(alert, peer);
}

function alertHint(alert: string, { name, seesClientCertificate }: TlsPeerName): string {
  const what = ALERT_FAULTS.get(alert) ?? `did not accept the client certificate ("${alert}")`;
  const remedy = seesClientCertificate
    ? (ALERT_REMEDIES.get(alert) ??
      "check `transport.clientCert` and `transport.clientKey`; the server may require them even if they are not set")
    : "client certificates are not sent to proxies, so configure the proxy to accept connections without one";
  return `${name} ${what}: ${remedy}`;
}

const ALERT_FAULTS: ReadonlyMap<string, string> = new Map([
  ["certificate required", "requires a client certificate"],
  [
    "handshake failure",
    "refused the TLS handshake: it may require a client certificate, or share no TLS version or cipher with this process",
  ],
]);

const SET_CERTIFICATE = "set `transport.clientCert` and `transport.clientKey`";

const ALERT_REMEDIES: ReadonlyMap<string, string> = new Map([
  ["certificate required", SET_CERTIFICATE],
  ["handshake failure", `if it requires a certificate, ${SET_CERTIFICATE}`],
]);

/** The error for a TLS failure that is due to a certificate. Its message names the server, and says what to do. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
  readonly code: string | undefined;

  constructor(hint: string, cause: unknown) {
    super(hint, { cause });
    this.code = errorCode(cause);
  }
}

/** Explains a TLS failure of a server that is due to a certificate; returns any other error unchanged. */
export function namedFailure(error: unknown, server: string): unknown {
  const hint = certificateHint(error, {
    name: `the server ${server}`,
    seesClientCertificate: true,
  });
  return hint === undefined ? error : new CertificateError(hint, error);
}

/**
 * The error for a server that closed its first TLS 1.3 connection during the first request. With TLS 1.3 the alert for
 * a missing or refused client certificate comes after the handshake; some servers send none, and a reset may overtake
 * it.
 */
export class UnexplainedEndError extends Error {
  override readonly name = "UnexplainedEndError";
  readonly code: string;

  constructor(cause: unknown) {
    super(
      "the server ended the TLS connection before it answered anything; if it requires a client certificate, " +
        "check `transport.clientCert` and `transport.clientKey`",
      { cause },
    );
    this.code = errorCode(cause) ?? "";
  }
}

/**
 * The error for a server that closed its first connection without TLS, or answered it with a TLS alert, as a port does
 * that expects TLS.
 */
export class PlainEndError extends Error {
  override readonly name = "PlainEndError";
  readonly code: string | undefined;

  constructor(cause: unknown) {
    super(
      "the server ended the connection before it answered anything; if it expects TLS, the DSN needs https instead of http",
      { cause },
    );
    this.code = errorCode(cause);
  }
}

// A TLS record with an alert starts with these bytes.
const TLS_ALERT = Buffer.from([0x15, 0x03]);

/** Explains why a server ended its first connection without TLS; returns any other error unchanged. */
export function plainEnd(error: unknown): unknown {
  const code = errorCode(error) ?? "";
  if (code === "ERR_CONNECTION_END" || code === "ECONNRESET") return new PlainEndError(error);
  const isAlert =
    error instanceof ResponseError && error.start.subarray(0, TLS_ALERT.length).equals(TLS_ALERT);
  return isAlert ? new PlainEndError(error) : error;
}

// Returns OpenSSL's reason. It is in `reason`, or in the message of an `EPROTO`; Node derives its code from it.
function alertIn(error: unknown): string {
  if (!(error instanceof Error)) return "";
  const code = errorCode(error) ?? "";
  if (code !== "EPROTO" && !code.startsWith("ERR_SSL_")) return "";
  const reason = "reason" in error && typeof error.reason === "string" ? error.reason : "";
  const text = `${code.replaceAll("_", " ")} ${reason} ${error.message}`.toLowerCase();
  return ALERT.exec(text)?.[1] ?? "";
}
