import type { Diagnostics } from "../../support/diagnostics.js";
import type { Dsn } from "../../protocol/dsn.js";
import type { EncodedEnvelope } from "../../protocol/envelope.js";
import { stamped } from "../../protocol/envelope.js";
import { steadyNow, systemTimers } from "../../support/time.js";
import type { TcpProbes } from "./connection-dial.js";
import { dial } from "./connection-dial.js";
import type { UnansweredError } from "./send-failures.js";
import type { ProxyName } from "./proxy-errors.js";
import { closedError, retryableResult } from "./send-failures.js";
import { ConnectionPool } from "./connection-pool.js";
import type { ConnectionCounts, UntriedScheme } from "./connection-types.js";
import type { PostRequest } from "./exchange.js";
import { Exchange } from "./exchange.js";
import { gzipBody, ingestTarget, requestHead } from "./ingest-target.js";
import type { ProxySettings, Route } from "./proxy-route.js";
import { hostForUrl, routeTo } from "./proxy-route.js";
import type { Timers } from "../../support/time.js";
import { createTlsClient } from "./tls-client.js";
import type { TlsSettings } from "./tls-client.js";
import { sendOver } from "../transport.js";
import type {
  ObservedTransport,
  SendObserver,
  SendOptions,
  SendResult,
  Transport,
} from "../transport.js";

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
  /** Called with the header `Date` of each response. */
  readonly onDate?: ((date: string) => void) | undefined;
  /** Called if a server that is no tunnel accepts an envelope with an HTML page. Default: a warning. */
  readonly onPage?: (() => void) | undefined;
  readonly diagnostics: Diagnostics;
  /**
   * Runs a function outside of any unit of work, with tracing suppressed. Used by `close`; the caller of
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
export interface HttpTransport extends ObservedTransport, Transport {
  counts(): ConnectionCounts;
  /**
   * The reason why the oldest unanswered send has no response yet; after `close`, as it was when the transport was
   * closed.
   */
  readonly unanswered: UnansweredError | undefined;
}

const DEFAULT_GZIP_THRESHOLD_BYTES = 32_768;
/** Default maximum number of open connections. */
export const DEFAULT_MAX_CONNECTIONS = 96;
const DEFAULT_TOTAL_MILLIS = 30_000;

const PAGE =
  "an envelope was accepted with an HTML page, as no Sentry server does: a website, or the login page of a network or proxy, may have answered, and what is sent may be lost. Check the host and path of the DSN, and the proxies on the way to it";

/**
 * Creates a transport that posts envelopes over kept connections. Nothing is opened before the first send, and idle
 * connections do not keep the process alive. Throws `OptionsError` for a bad tunnel, proxy or certificate.
 */
export function createHttpTransport(settings: HttpTransportSettings): HttpTransport {
  return new PooledTransport(settings);
}

class PooledTransport implements HttpTransport {
  readonly #settings: HttpTransportSettings;
  readonly #route: Route;
  readonly #forwarder: ProxyName | undefined;
  readonly #head: string;
  readonly #gzipHead: string;
  readonly #pool: ConnectionPool;
  readonly #now: () => number;
  readonly #steadyNow: () => number;
  readonly #gzipThreshold: number;
  readonly #totalMillis: number;
  // A tunnel is an application of its own, which may answer with any type.
  readonly #onPage: (() => void) | undefined;
  #closing: Promise<void> | undefined;
  #unansweredAtEnd: UnansweredError | undefined;

  constructor(settings: HttpTransportSettings) {
    this.#settings = settings;
    this.#route = routeTo(ingestTarget(settings), settings, settings.diagnostics);
    this.#forwarder = this.#route.isTunnel ? undefined : this.#route.proxy;
    this.#head = requestHead(this.#route.target);
    this.#gzipHead = requestHead(this.#route.target, "gzip");
    this.#now = settings.now ?? Date.now;
    this.#steadyNow = settings.steadyNow ?? steadyNow;
    this.#gzipThreshold = settings.gzipThresholdBytes ?? DEFAULT_GZIP_THRESHOLD_BYTES;
    this.#totalMillis = settings.totalTimeoutMillis ?? DEFAULT_TOTAL_MILLIS;
    const { diagnostics, tunnel } = settings;
    const warn = (): void => diagnostics.warnOnce("page-answer", PAGE);
    this.#onPage = tunnel ? undefined : (settings.onPage ?? warn);
    this.#pool = this.#createPool();
  }

  send(envelope: EncodedEnvelope, options?: SendOptions): Promise<SendResult> {
    return sendOver(this, envelope, options);
  }

  deliver(envelope: EncodedEnvelope, observer: SendObserver, options?: SendOptions): void {
    const body = stamped(envelope, this.#now());
    const isNew = options?.newConnection === true;
    const startedAt = this.#steadyNow();
    if (body.length <= this.#gzipThreshold)
      return this.#post({ head: this.#head, body }, observer, { startedAt, isNew });
    // The deadline counts from before the compression, which may wait for threads.
    this.#packed(body).then(
      (request) => this.#post(request, observer, { startedAt, isNew }),
      (error: unknown) => observer.settled(retryableResult(error, "refused")),
    );
  }

  close(): Promise<void> {
    this.#closing ??= this.#settings.runDetached(() => this.#close());
    return this.#closing;
  }

  get unanswered(): UnansweredError | undefined {
    return this.#unansweredAtEnd ?? this.#pool.unanswered;
  }

  counts(): ConnectionCounts {
    return { ...this.#pool.tally };
  }

  async #packed(body: Buffer | string): Promise<PostRequest> {
    const packed = await gzipBody(body);
    if (packed === undefined) return { head: this.#head, body };
    return { head: this.#gzipHead, body: packed };
  }

  // `close` may have been called before, or while the body was compressed.
  #post(
    request: PostRequest,
    observer: SendObserver,
    { startedAt, isNew }: { readonly startedAt: number; readonly isNew: boolean },
  ): void {
    if (this.#closing !== undefined)
      return observer.settled(retryableResult(closedError(), "refused"));
    const terms = {
      startedAt,
      deadlineAt: startedAt + this.#totalMillis,
      forwarder: this.#forwarder,
      onRefusalText: this.#settings.onRefusalText,
      onDate: this.#settings.onDate,
      onPage: this.#onPage,
    };
    const exchange = new Exchange(request, terms, observer);
    exchange.wantsNew = isNew;
    this.#pool.submit(exchange);
  }

  #createPool(): ConnectionPool {
    const settings = this.#settings;
    const dialSettings = {
      route: this.#route,
      probes: settings.tcpKeepAlive ?? {},
      tls: createTlsClient(settings),
      proxyTls: createTlsClient({ caCerts: settings.caCerts }),
    };
    const times = {
      connect: settings.connectTimeoutMillis ?? 5000,
      headers: settings.headersTimeoutMillis ?? 15_000,
      body: settings.bodyTimeoutMillis ?? 5000,
      idle: settings.idleTimeoutMillis ?? 4000,
      age: settings.maxConnectionAgeMillis ?? 300_000,
    };
    return new ConnectionPool({
      maxConnections: settings.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
      times,
      dial: () => dial(dialSettings),
      timers: settings.timers ?? systemTimers,
      untriedScheme: this.#untriedScheme(),
      server: `${hostForUrl(this.#route.server.host)}:${this.#route.server.port}`,
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
    this.#unansweredAtEnd = this.#pool.unanswered;
    await this.#pool.close();
  }
}
