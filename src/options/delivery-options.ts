/** Options of the HTTP transport. Times are in milliseconds. */
export interface HttpOptions {
  /**
   * Maximum number of connections to the server, opened as the backlog requires. A quarter of them is reserved:
   * of eight or more, some for errors and check-ins, the rest for when the others get no response. Default 96.
   */
  readonly maxConnections?: number;
  /** Body size in bytes above which it is compressed. Default 32,768. */
  readonly gzipThresholdBytes?: number;
  /** How long an idle connection is kept. Default 4000, since Relay closes it after 5 s. */
  readonly idleTimeoutMillis?: number;
  /**
   * Age after which a connection is replaced, so that a change of the server's address takes effect. Default 300,000.
   */
  readonly maxConnectionAgeMillis?: number;
  /** Time-out for establishing a connection, including TLS and proxy. Default 5000. */
  readonly connectTimeoutMillis?: number;
  /** Time-out from the request to the response headers. Default 15,000. */
  readonly headersTimeoutMillis?: number;
  /** Time-out for the response body, which does not affect the result. Default 5000. */
  readonly bodyTimeoutMillis?: number;
  /** Time-out for one attempt as a whole. Default 30,000. */
  readonly totalTimeoutMillis?: number;
  /**
   * How long transactions wait to be sent together, which takes less CPU time than one by one. Errors and check-ins do
   * not wait, nor does `flush`. A process that is killed can lose what waits. Default 50; with 0 each is sent at once.
   */
  readonly lingerMillis?: number;
  /** TCP keep-alive probes; `false` disables them. */
  readonly tcpKeepAlive?: TcpKeepAlive | false;
  /**
   * URL of a proxy, with credentials if it requires them; `false` disables proxies. Environment: `HTTPS_PROXY`,
   * `HTTP_PROXY`.
   */
  readonly proxy?: string | false;
  /** Hosts that are reached without the proxy: names, `.suffix`, `host:port`, `*`. Environment: `NO_PROXY`. */
  readonly noProxy?: readonly string[];
  /** Certificates (PEM) of trusted authorities, in addition to those that Node trusts. */
  readonly caCerts?: PemText | readonly PemText[];
  /** Client certificate (PEM); requires `clientKey`. */
  readonly clientCert?: PemText;
  /** Private key of `clientCert` (PEM). */
  readonly clientKey?: PemText;
  /**
   * Retries after 502, 503 and 504, for servers behind a proxy of their own. By Sentry's protocol, these are not
   * retried. Default false.
   */
  readonly retryOn5xx?: boolean;
  /**
   * Sends in a thread of its own: connections, TLS, compression and retries then cost the application's thread no time.
   * If the thread cannot be started, the application's thread sends. Default false.
   */
  readonly thread?: boolean;
}

/** Location and limits of the spool, a directory for envelopes that cannot be sent now; they survive the process. */
export interface SpoolOptions {
  /**
   * Path of the directory, which is created when needed. Use one per DSN: any process that finds an envelope sends it
   * to its own DSN.
   */
  readonly directory: string;
  /** Maximum bytes in all files, of all processes together. Default 50 MiB. */
  readonly maxBytes?: number;
  /** Maximum number of files. Default 10,000. */
  readonly maxFiles?: number;
  /**
   * Age in milliseconds after which an envelope is dropped. Default 24 hours; at most 4 days, since Sentry drops
   * transactions that started five days ago.
   */
  readonly maxAgeMillis?: number;
}

/** TCP keep-alive settings. Those that this version of Node or the platform does not support are ignored. */
export interface TcpKeepAlive {
  /** Idle time before the first probe, in milliseconds. Default 45,000. */
  readonly idleMillis?: number;
  /** Time between probes, in milliseconds. Default 10,000. */
  readonly intervalMillis?: number;
  /** Unanswered probes after which the connection is closed. Default 6. */
  readonly count?: number;
}

/** A certificate or key in PEM form. */
export type PemText = string | Uint8Array;
