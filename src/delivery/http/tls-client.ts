import type { Socket } from "node:net";
import type * as nodeTls from "node:tls";
import type { ConnectionOptions, SecureContext, SecureContextOptions, TLSSocket } from "node:tls";

import { OptionsError } from "../../protocol/errors.js";
import { trackedLookup } from "./exit-watch.js";
import { ipVersionOf } from "./proxy-route.js";
import { nodeCrypto } from "../../support/built-ins.js";

/** A certificate or key in PEM form. */
type Pem = string | Uint8Array;

/** Trusted authorities, and the client certificate. */
export interface TlsSettings {
  readonly caCerts?: Pem | readonly Pem[] | undefined;
  readonly clientCert?: Pem | undefined;
  readonly clientKey?: Pem | undefined;
}

/** Opens TLS connections to one server. */
export interface TlsClient {
  /** Starts a handshake over a new TCP connection or an existing one. The caller listens for `secureConnect`. */
  connect(to: TlsPeer): TLSSocket;
}

/** The peer of a TLS connection. */
interface TlsPeer {
  readonly host: string;
  readonly port: number;
  /** An existing connection to the peer, for example through a proxy. */
  readonly socket?: Socket | undefined;
}

type Tls = typeof nodeTls;

/** Creates a client. Throws `OptionsError` if a certificate or key cannot be read. */
export function createTlsClient(settings: TlsSettings): TlsClient {
  return new ResumingTlsClient(contextOf(settings));
}

class ResumingTlsClient implements TlsClient {
  readonly #context: SecureContext | undefined;
  #session: Buffer | undefined;

  constructor(context: SecureContext | undefined) {
    this.#context = context;
  }

  connect({ host, port, socket }: TlsPeer): TLSSocket {
    const options: ConnectionOptions = {
      host,
      port,
      lookup: trackedLookup,
      ALPNProtocols: ["http/1.1"],
    };
    if (this.#context !== undefined) options.secureContext = this.#context;
    // RFC 6066, 3: the server name of a handshake must not be an IP address.
    if (ipVersionOf(host) === 0) options.servername = host;
    if (socket !== undefined) options.socket = socket;
    // Resuming a session saves a part of the next handshake.
    if (this.#session !== undefined) options.session = this.#session;
    return tls()
      .connect(options)
      .on("session", (session) => (this.#session = session))
      .on("error", () => (this.#session = undefined));
  }
}

// Loaded on first use, so that an application that sends over http does not load it.
function tls(): Tls {
  return process.getBuiltinModule("node:tls");
}

// Returns undefined without these options: Node's default context then applies, which follows Node's flags and
// environment variables.
function contextOf({ caCerts, clientCert, clientKey }: TlsSettings): SecureContext | undefined {
  const options: SecureContextOptions = {
    ...(caCerts === undefined ? {} : { ca: [...trusted(), ...readable(caCerts)] }),
    ...(clientCert === undefined ? {} : { cert: pem(clientCert) }),
    ...(clientKey === undefined ? {} : { key: pem(clientKey) }),
  };
  if (Object.keys(options).length === 0) return undefined;
  return readWith(
    "clientCert",
    "and `clientKey` must be a matching pair in a format that OpenSSL can read",
    () => tls().createSecureContext(options),
  );
}

// A secure context ignores certificates that it cannot read, so they are checked first.
function readable(caCerts: Pem | readonly Pem[]): (string | Buffer)[] {
  const { X509Certificate } = nodeCrypto();
  const certs = pems(caCerts);
  readWith("caCerts", "must be certificates in a format that OpenSSL can read", () =>
    certs.map((cert) => new X509Certificate(cert)),
  );
  return certs;
}

function readWith<T>(option: string, expected: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    // The message omits the received value, since it may be a private key.
    const received = error instanceof Error ? error.message : "";
    throw new OptionsError({ option: `transport.${option}`, expected, received });
  }
}

/**
 * Returns the certificates that Node trusts. `ca` replaces them, so `caCerts` must be added to them. Before Node 22.15
 * only the built-in ones are available: the certificates of NODE_EXTRA_CA_CERTS must be repeated in `caCerts` there.
 */
function trusted(): readonly string[] {
  const known: Tls & { getCACertificates?: (type: "default") => string[] } = tls();
  return known.getCACertificates?.("default") ?? known.rootCertificates;
}

function pems(list: Pem | readonly Pem[]): (string | Buffer)[] {
  return typeof list === "string" || list instanceof Uint8Array ? [pem(list)] : list.map(pem);
}

function pem(text: Pem): string | Buffer {
  return typeof text === "string" ? text : Buffer.from(text);
}
