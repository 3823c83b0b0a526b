import type { Client } from "undici";

import type { Diagnostics } from "../../support/diagnostics.js";
import type { Dsn } from "../../protocol/dsn.js";
import type { EncodedEnvelope } from "../../protocol/envelope.js";
import { stampSentAt } from "../../protocol/envelope.js";
import { steadyNow, systemTimers } from "../../support/time.js";
import type { TcpProbes } from "./connection-dial.js";
import { dial } from "./connection-dial.js";
import type { UnansweredError, ProxyName } from "./send-failures.js";
import { closedError, retryableResult } from "./send-failures.js";
import { ConnectionPool } from "./connection-pool.js";
import type {
  ConnectionCounts,
  ProtocolClient,
  ProtocolClientEvents,
  UntriedScheme,
} from "./connection-types.js";
import { NO_COUNTS } from "./connection-types.js";
import { Exchange } from "./exchange.js";
import { gzipBody, ingestTarget } from "./ingest-target.js";
import { isHttpClientInstalled, loadHttpClient, openUndici } from "./http-client.js";
import { NegotiatedClient } from "./http2-client.js";
import type { ProxySettings, Route } from "./proxy-route.js";
import { routeTo } from "./proxy-route.js";
import type { Timers } from "../../support/time.js";
import { createTlsClient } from "./tls-client.js";
import type { TlsClient, TlsSettings } from "./tls-client.js";
import type { SendOptions, SendResult, Transport } from "../transport.js";

/** Settings of the HTTP transport, named like the corresponding options. Times are in milliseconds. */
export interface HttpTransportSettings extends ProxySettings, TlsSettings {
  readonly dsn: Dsn;
  /**
   * URL to which envelopes are posted instead of the server, without authentication; each envelope must have the DSN in
   * its header.
   */
  readonly tunnel?: string | undefined;
  /** Name and version of the package (`name/version`), sent as the user agent. */
  readonly client: string;
  /** Maximum number of open connections; default 96. They are opened when concurrent sends need them. */
  readonly maxConnections?: number | undefined;
  /** How long an idle connection is kept; default 4000, because Relay closes it after 5 seconds. */
  readonly idleTimeoutMillis?: number | undefined;
  /** Age after which an idle connection is replaced; default 300,000. */
  readonly maxConnectionAgeMillis?: number | undefined;
  /** Time-out for establishing a connection, including TLS and the proxy; default 5000. */
  readonly connectTimeoutMillis?: number | undefined;
  /** Time-out from the request to the response's headers; default 15,000. */
  readonly headersTimeoutMillis?: number | undefined;
  /** Time-out for the response's body; default 5000. */
  readonly bodyTimeoutMillis?: number | undefined;
  /** Time-out for an attempt as a whole; default 30,000. */
  readonly totalTimeoutMillis?: number | undefined;
  /** TCP keep-alive probes; default after 45 seconds, then 6 at intervals of 10 seconds. */
  readonly tcpKeepAlive?: TcpProbes | false | undefined;
  /** Larger bodies are compressed; default 32,768. */
  readonly gzipThresholdBytes?: number | undefined;
  /** Called with the first 16 KiB of the body of each response that refuses an envelope. */
  readonly onRefusalText?: ((text: string) => void) | undefined;
  readonly diagnostics: Diagnostics;
  /**
   * Runs a function outside of any unit of work, with tracing suppressed. Used at the start and by `close`; the caller of
   * `send` must be detached already, because sockets and timers keep the async context in which they are created.
   */
  readonly runDetached: <T>(run: () => T) => T;
  /** Wall clock, in milliseconds since 1970; default `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** Monotonic clock, in milliseconds; default `steadyNow`. */
  readonly steadyNow?: (() => number) | undefined;
  readonly timers?: Timers | undefined;
}

/** A transport with statistics. */
export interface HttpTransport extends Transport {
  counts(): ConnectionCounts;
  /**
   * The reason why the oldest unanswered send has no response yet; after `close`, as it was when the transport was
   * closed.
   */
  readonly unanswered: UnansweredError | undefined;
  /** False if the HTTP client could not be loaded, so that nothing can be sent. */
  readonly isUsable: boolean;
}

/** Diagnostic kind of the set-up fault "the HTTP client cannot be loaded". */
export const HTTP_CLIENT_FAULT = "http-client";

const NO_HTTP_CLIENT =
  "the HTTP client `undici` could not be loaded, so nothing is sent to Sentry. If the application is bundled, keep this package out of the bundle " +
  '(external: ["otel-sentry-bridge"]) and install it beside the bundle; otherwise see `npm ls undici`';

const HTTP_CLIENT_LATER =
  "the HTTP client `undici` could not be loaded for lack of system resources; envelopes are kept, and loading is tried again";

const DEFAULT_GZIP_THRESHOLD_BYTES = 32_768;
/** Default maximum number of open connections. */
export const DEFAULT_MAX_CONNECTIONS = 96;
const DEFAULT_TOTAL_MILLIS = 30_000;

/**
 * Creates a transport that posts envelopes over kept connections. Nothing is opened before the first send, and idle
 * connections do not keep the process alive. The HTTP client is loaded with the first send. If it cannot be resolved,
 * as in a bundle, it is loaded at once, so that its absence is reported when the process starts. Throws `OptionsError`
 * for an invalid tunnel, proxy or certificate.
 */
export function createHttpTransport(settings: HttpTransportSettings): HttpTransport {
  return new PooledTransport(settings);
}

class PooledTransport implements HttpTransport {
  readonly #settings: HttpTransportSettings;
  readonly #route: Route;
  readonly #forwarder: ProxyName | undefined;
  readonly #tls: TlsClient;
  readonly #proxyTls: TlsClient;
  readonly #now: () => number;
  readonly #steadyNow: () => number;
  readonly #gzipThreshold: number;
  readonly #totalMillis: number;
  #pool: ConnectionPool | undefined;
  #loading: Promise<ConnectionPool> | undefined;
  #closing: Promise<void> | undefined;
  #isUsable = true;
  #unansweredAtEnd: UnansweredError | undefined;

  constructor(settings: HttpTransportSettings) {
    this.#settings = settings;
    this.#route = routeTo(ingestTarget(settings), settings, settings.diagnostics);
    this.#forwarder = this.#route.isTunnel ? undefined : this.#route.proxy;
    this.#tls = createTlsClient(settings);
    this.#proxyTls = createTlsClient({ caCerts: settings.caCerts });
    this.#now = settings.now ?? Date.now;
    this.#steadyNow = settings.steadyNow ?? steadyNow;
    this.#gzipThreshold = settings.gzipThresholdBytes ?? DEFAULT_GZIP_THRESHOLD_BYTES;
    this.#totalMillis = settings.totalTimeoutMillis ?? DEFAULT_TOTAL_MILLIS;
    if (!isHttpClientInstalled())
      settings.runDetached(() => setImmediate(() => this.#tryLoading()));
  }

  // The usual case creates one promise only, because each costs time, more so with async hooks.
  send(envelope: EncodedEnvelope, options?: SendOptions): Promise<SendResult> {
    const pool = this.#pool;
    if (pool === undefined || envelope.body.length > this.#gzipThreshold) {
      return this.#prepareAndPost(envelope, options).catch((error) =>
        retryableResult(error, "refused"),
      );
    }
    stampSentAt(envelope, this.#now());
    return this.#post(pool, { body: envelope.body, isPacked: false, options });
  }

  close(): Promise<void> {
    this.#closing ??= this.#settings.runDetached(() => this.#close());
    return this.#closing;
  }

  get isUsable(): boolean {
    return this.#isUsable;
  }

  get unanswered(): UnansweredError | undefined {
    return this.#unansweredAtEnd ?? this.#pool?.unanswered;
  }

  counts(): ConnectionCounts {
    return { ...(this.#pool?.tally ?? NO_COUNTS) };
  }

  async #prepareAndPost(
    envelope: EncodedEnvelope,
    options: SendOptions | undefined,
  ): Promise<SendResult> {
    const pool = this.#pool ?? (await this.#open().catch(notOpened));
    if ("outcome" in pool) return pool;
    stampSentAt(envelope, this.#now());
    const { body } = envelope;
    const packed = body.length > this.#gzipThreshold ? await gzipBody(body) : undefined;
    return this.#post(pool, { body: packed ?? body, isPacked: packed !== undefined, options });
  }

  // `close` may have been called before, or while the body was compressed.
  #post(pool: ConnectionPool, { body, isPacked, options }: Posting): Promise<SendResult> {
    if (this.#closing !== undefined)
      return Promise.resolve(retryableResult(closedError(), "refused"));
    const { path, headers, gzipHeaders } = this.#route.target;
    return new Promise((resolve) => {
      const request = {
        method: "POST",
        path,
        headers: isPacked ? gzipHeaders : headers,
        body,
      } as const;
      const startedAt = this.#steadyNow();
      const terms = {
        startedAt,
        deadlineAt: startedAt + this.#totalMillis,
        wantsNew: options?.newConnection === true,
        forwarder: this.#forwarder,
        onRefusalText: this.#settings.onRefusalText,
      };
      pool.submit(new Exchange(request, terms, resolve));
    });
  }

  #open(): Promise<ConnectionPool> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  // `#load` has reported the failure.
  #tryLoading(): void {
    if (this.#closing === undefined) this.#open().catch(() => undefined);
  }

  async #load(): Promise<ConnectionPool> {
    try {
      this.#pool = this.#createPool(await loadHttpClient());
      this.#isUsable = true;
      return this.#pool;
    } catch (error) {
      this.#loading = undefined;
      this.#notLoaded(error);
      throw error;
    }
  }

  #notLoaded(error: unknown): void {
    const { diagnostics } = this.#settings;
    if (isSystemError(error)) return diagnostics.warnOnce("shortage", HTTP_CLIENT_LATER, error);
    this.#isUsable = false;
    diagnostics.faultOnce(HTTP_CLIENT_FAULT, NO_HTTP_CLIENT, error);
  }

  #createPool(UndiciClient: typeof Client): ConnectionPool {
    const settings = this.#settings;
    const dialSettings = {
      route: this.#route,
      probes: settings.tcpKeepAlive ?? {},
      tls: this.#tls,
      proxyTls: this.#proxyTls,
    };
    const times = {
      connect: settings.connectTimeoutMillis ?? 5000,
      headers: settings.headersTimeoutMillis ?? 15_000,
      body: settings.bodyTimeoutMillis ?? 5000,
      idle: settings.idleTimeoutMillis ?? 4000,
      age: settings.maxConnectionAgeMillis ?? 300_000,
    };
    const { origin } = this.#route.target;
    const openHttp1 = (events: ProtocolClientEvents): ProtocolClient =>
      openUndici(UndiciClient, { origin, idleMillis: times.idle, events });
    return new ConnectionPool({
      maxConnections: settings.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
      times,
      dial: () => dial(dialSettings),
      openClient: (events) =>
        settings.http2 === true
          ? new NegotiatedClient({ origin, events, openHttp1 })
          : openHttp1(events),
      timers: settings.timers ?? systemTimers,
      untriedScheme: this.#untriedScheme(),
      now: this.#steadyNow,
      wallNow: this.#now,
    });
  }

  // Undefined behind a forwarding proxy, which may close a connection for reasons of its own.
  #untriedScheme(): UntriedScheme {
    if (this.#route.server.isSecure) return "https";
    return this.#forwarder === undefined ? "http" : undefined;
  }

  async #close(): Promise<void> {
    await this.#loading?.catch(() => undefined);
    this.#unansweredAtEnd = this.#pool?.unanswered;
    await this.#pool?.close();
  }
}

// The result if the client could not be loaded: nothing was sent, and the next attempt loads the client again.
function notOpened(error: unknown): SendResult {
  return retryableResult(error, isSystemError(error) ? "connect" : "refused");
}

// Tells whether the client is installed, but its files cannot be opened or read at the moment.
function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

interface Posting {
  readonly body: Buffer;
  readonly isPacked: boolean;
  readonly options: SendOptions | undefined;
}
