import type { Pool } from "undici";

import type { Diagnostics } from "../diagnostics/diagnostics.js";
import type { Dsn } from "../protocol/dsn.js";
import type { EncodedEnvelope } from "../protocol/envelope.js";
import { stampSentAt } from "../protocol/envelope.js";
import type { DrainLimit } from "./exchange.js";
import { Exchange, retryable } from "./exchange.js";
import { gzipBody } from "./gzip-body.js";
import type { IngestTarget } from "./ingest-target.js";
import { ingestTarget } from "./ingest-target.js";
import type { SendResult, Transport } from "./transport.js";

/** What the HTTP transport is made of. */
export interface HttpTransportSettings {
  readonly dsn: Dsn;
  /** Where envelopes are posted instead, without authentication; each must name the DSN itself. */
  readonly tunnel?: string | undefined;
  /** `name/version` of the package, for the server's statistics. */
  readonly client: string;
  /** Connections that are open at most; default 64. They are opened as the sends at one time need them. */
  readonly maxConnections?: number | undefined;
  /** How long an idle connection is kept; default 4000, below the 5 seconds after which Relay closes it. */
  readonly keepAliveMillis?: number | undefined;
  /** Deadline for a connection; default 5000. */
  readonly connectTimeoutMillis?: number | undefined;
  /** Deadline for the response's headers; default 15,000. */
  readonly headersTimeoutMillis?: number | undefined;
  /** Deadline for the response's body; default 5000. */
  readonly bodyTimeoutMillis?: number | undefined;
  /** Bodies of more bytes are compressed; default 32,768. */
  readonly gzipThresholdBytes?: number | undefined;
  readonly diagnostics: Diagnostics;
  /** Runs a function outside of any unit of work, with tracing suppressed. */
  readonly runDetached: <T>(run: () => T) => T;
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: (() => number) | undefined;
}

const DEFAULT_GZIP_THRESHOLD_BYTES = 32_768;
const DEFAULT_BODY_TIMEOUT_MILLIS = 5000;

/**
 * Posts envelopes over a pool of kept connections. Nothing is opened or loaded before the first
 * send, and an idle pool does not keep the process alive. Throws `OptionsError` for a bad tunnel.
 */
export function createHttpTransport(settings: HttpTransportSettings): Transport {
  return new HttpTransport(settings);
}

class HttpTransport implements Transport {
  readonly #settings: HttpTransportSettings;
  readonly #target: IngestTarget;
  readonly #now: () => number;
  readonly #gzipThreshold: number;
  readonly #limit: DrainLimit;
  #pool: Pool | undefined;
  #loading: Promise<Pool> | undefined;
  #closing: Promise<void> | undefined;

  constructor(settings: HttpTransportSettings) {
    this.#settings = settings;
    this.#target = ingestTarget(settings);
    this.#now = settings.now ?? Date.now;
    this.#gzipThreshold = settings.gzipThresholdBytes ?? DEFAULT_GZIP_THRESHOLD_BYTES;
    this.#limit = {
      now: this.#now,
      bodyTimeout: settings.bodyTimeoutMillis ?? DEFAULT_BODY_TIMEOUT_MILLIS,
    };
  }

  // Sockets and timers remember the context that they are made in, so none is made in a user's.
  send(envelope: EncodedEnvelope): Promise<SendResult> {
    return this.#settings.runDetached(() => this.#deliver(envelope));
  }

  close(): Promise<void> {
    this.#closing ??= this.#settings.runDetached(() => this.#close());
    return this.#closing;
  }

  // The usual case makes one promise: each costs, the more so where async hooks are in use.
  #deliver(envelope: EncodedEnvelope): Promise<SendResult> {
    const pool = this.#pool;
    if (pool === undefined || envelope.body.length > this.#gzipThreshold) {
      return this.#prepareAndPost(envelope).catch(retryable);
    }
    stampSentAt(envelope, this.#now());
    return this.#post(pool, envelope.body, this.#target.headers);
  }

  async #prepareAndPost(envelope: EncodedEnvelope): Promise<SendResult> {
    const pool = this.#pool ?? (await this.#open());
    stampSentAt(envelope, this.#now());
    const { body } = envelope;
    const packed = body.length > this.#gzipThreshold ? await gzipBody(body) : undefined;
    if (packed === undefined) return this.#post(pool, body, this.#target.headers);
    return this.#post(pool, packed, this.#target.gzipHeaders);
  }

  // `close` may have come before, or while something was waited for.
  #post(pool: Pool, body: Buffer, headers: string[]): Promise<SendResult> {
    return new Promise((resolve) => {
      if (this.#closing !== undefined) {
        resolve(retryable(new Error("the transport is closed")));
        return;
      }
      const request = { method: "POST", path: this.#target.path, headers, body } as const;
      try {
        pool.dispatch(request, new Exchange(resolve, this.#limit));
      } catch (error) {
        resolve(retryable(error));
      }
    });
  }

  #open(): Promise<Pool> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<Pool> {
    try {
      // The package's main module would make itself the dispatcher of the process's `fetch`, and it
      // takes three times as long to load.
      const { default: UndiciPool } = await import("undici/lib/dispatcher/pool.js");
      this.#pool = new UndiciPool(this.#target.origin, this.#poolOptions());
      return this.#pool;
    } catch (error) {
      this.#loading = undefined;
      this.#settings.diagnostics.warnOnce(
        "undici",
        "the HTTP client `undici` could not be loaded",
        error,
      );
      throw error;
    }
  }

  #poolOptions(): Pool.Options {
    const { maxConnections = 64, keepAliveMillis = 4000 } = this.#settings;
    return {
      connections: maxConnections,
      pipelining: 1,
      keepAliveTimeout: keepAliveMillis,
      // The server's own hint counts where it is shorter, less a second for what is on its way.
      keepAliveMaxTimeout: keepAliveMillis,
      keepAliveTimeoutThreshold: 1000,
      headersTimeout: this.#settings.headersTimeoutMillis ?? 15_000,
      bodyTimeout: this.#limit.bodyTimeout,
      connect: {
        timeout: this.#settings.connectTimeoutMillis ?? 5000,
        // Probes keep the connection known to middle boxes that forget quiet ones after minutes.
        keepAlive: true,
        keepAliveInitialDelay: 45_000,
      },
    };
  }

  async #close(): Promise<void> {
    await this.#loading?.catch(() => undefined);
    await this.#pool?.destroy();
  }
}
