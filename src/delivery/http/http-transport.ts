import type { Client } from "undici";

import type { Diagnostics } from "../../support/diagnostics.js";
import type { Dsn } from "../../protocol/dsn.js";
import type { EncodedEnvelope } from "../../protocol/envelope.js";
import { stampSentAt } from "../../protocol/envelope.js";
import { steadyNow, systemTimers } from "../../support/time.js";
import type { TcpProbes } from "./connection-dial.js";
import { dial } from "./connection-dial.js";
import type { UnansweredError } from "./connection-failures.js";
import { retryable } from "./connection-failures.js";
import { ConnectionPool, closedError } from "./connection-pool.js";
import type {
  UntriedScheme,
  ConnectionCounts,
  ProtocolClient,
  ProtocolClientEvents,
} from "./connection-parts.js";
import { NO_COUNTS } from "./connection-parts.js";
import { Exchange } from "./exchange.js";
import { gzipBody } from "./gzip-body.js";
import { isHttpClientInstalled, loadHttpClient, openUndici } from "./http-client.js";
import { ingestTarget } from "./ingest-target.js";
import { NegotiatedClient } from "./negotiated-client.js";
import type { ProxyName } from "./proxy-error.js";
import type { ProxySettings, Route } from "./proxy-route.js";
import { routeTo } from "./proxy-route.js";
import type { Timers } from "../../support/time.js";
import { createTlsClient } from "./tls-client.js";
import type { TlsClient, TlsSettings } from "./tls-client.js";
import type { SendOptions, SendResult, Transport } from "../transport.js";

/** What the HTTP transport is made of; the names are those of its options. Times are in milliseconds. */
export interface HttpTransportSettings extends ProxySettings, TlsSettings {
  readonly dsn: Dsn;
  /** Where envelopes are posted instead, without authentication; each must name the DSN itself. */
  readonly tunnel?: string | undefined;
  /** `name/version` of the package, for the server's statistics. */
  readonly client: string;
  /** Connections that are open at most; default 96. They are opened as the sends at one time need them. */
  readonly maxConnections?: number | undefined;
  /** How long an idle connection is kept; default 4000, below the 5 seconds after which Relay closes it. */
  readonly idleTimeoutMillis?: number | undefined;
  /** Age after which a connection is replaced, once it is idle; default 300,000. */
  readonly maxConnectionAgeMillis?: number | undefined;
  /** Deadline for a connection, TLS and proxy included; default 5000. */
  readonly connectTimeoutMillis?: number | undefined;
  /** Deadline from the request to the response's headers; default 15,000. */
  readonly headersTimeoutMillis?: number | undefined;
  /** Deadline for the response's body; default 5000. */
  readonly bodyTimeoutMillis?: number | undefined;
  /** Deadline for an attempt in all; default 30,000. */
  readonly totalTimeoutMillis?: number | undefined;
  /** TCP keep-alive probes; default after 45 seconds, then 6 in 10 seconds each. */
  readonly tcpKeepAlive?: TcpProbes | false | undefined;
  /** Bodies of more bytes are compressed; default 32,768. */
  readonly gzipThresholdBytes?: number | undefined;
  /** Given the beginning of the body of each answer that refuses an envelope, 16 KiB at most. */
  readonly onRefusalText?: ((text: string) => void) | undefined;
  readonly diagnostics: Diagnostics;
  /** Runs a function outside of any unit of work, with tracing suppressed. */
  readonly runDetached: <T>(run: () => T) => T;
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** Milliseconds by a clock that does not jump; default `steadyNow`. */
  readonly steadyNow?: (() => number) | undefined;
  readonly timers?: Timers | undefined;
}

/** A transport that tells how it fares. */
export interface HttpTransport extends Transport {
  counts(): ConnectionCounts;
  /** Why what has waited longest has no answer yet; after `close`, what was so then. */
  readonly unanswered: UnansweredError | undefined;
  /** False once the HTTP client could not be loaded: nothing can be sent then. */
  readonly isUsable: boolean;
}

/** Kind of the fault that the HTTP client cannot be loaded. */
export const HTTP_CLIENT_FAULT = "http-client";

const NO_HTTP_CLIENT =
  "the HTTP client `undici` could not be loaded, so nothing is sent to Sentry. Where the application is bundled, keep this package out of the bundle " +
  '(external: ["otel-sentry-bridge"]) and install it beside the bundle; otherwise see `npm ls undici`';

const HTTP_CLIENT_LATER =
  "the HTTP client `undici` could not be loaded just now; envelopes wait, and it is loaded again";

const DEFAULT_GZIP_THRESHOLD_BYTES = 32_768;
const DEFAULT_MAX_CONNECTIONS = 96;
const DEFAULT_TOTAL_MILLIS = 30_000;

/**
 * Posts envelopes over kept connections. Nothing is opened before the first send, and idle connections do not keep the
 * process alive. The HTTP client is loaded with the first send; where it is not installed, as in a bundle, at once, so
 * that a bundle that lacks it is reported when it starts. Throws `OptionsError` for a bad tunnel, proxy or
 * certificate.
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

  // Sockets and timers remember the context that they are made in, so none is made in a user's.
  send(envelope: EncodedEnvelope, options?: SendOptions): Promise<SendResult> {
    return this.#settings.runDetached(() => this.#deliver(envelope, options));
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

  // The usual case makes one promise: each costs, the more so where async hooks are in use.
  #deliver(envelope: EncodedEnvelope, options: SendOptions | undefined): Promise<SendResult> {
    const pool = this.#pool;
    if (pool === undefined || envelope.body.length > this.#gzipThreshold) {
      return this.#prepareAndPost(envelope, options).catch((error) => retryable(error, "refused"));
    }
    stampSentAt(envelope, this.#now());
    return this.#post(pool, { body: envelope.body, isPacked: false, options });
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

  // `close` may have come before, or while something was waited for.
  #post(pool: ConnectionPool, { body, isPacked, options }: Posting): Promise<SendResult> {
    if (this.#closing !== undefined) return Promise.resolve(retryable(closedError(), "refused"));
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

  // A failure is reported by `#load`.
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

  // A proxy that passes requests on may end a connection for reasons of its own.
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

// Nothing was sent, and the next attempt loads again.
function notOpened(error: unknown): SendResult {
  return retryable(error, isSystemError(error) ? "connect" : "refused");
}

// The files are there, and the system could not open or read them just now.
function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

interface Posting {
  readonly body: Buffer;
  readonly isPacked: boolean;
  readonly options: SendOptions | undefined;
}
