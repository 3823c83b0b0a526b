import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

import type { ReadEnvelope } from "./envelope-reader.js";
import type { IngestAnswer, IngestAnswerer } from "./ingest-answer.js";
import { sendAnswer, isAcceptance } from "./ingest-answer.js";
import {
  AcceptedRequests,
  IngestRefusal,
  checkAccess,
  checkTunnel,
  readRequest,
  refusalStatus,
} from "./ingest-request.js";
import { MAX_ENVELOPE_BYTES, createBoundedServer, listen } from "./bounded-http.js";
import type { BodiesUnderWay, IngestAccess, IngestRequest } from "./ingest-request.js";
import type { ReceivedError, ReceivedTransaction } from "./received.js";
import { checkPayloads, errorsOf, transactionsOf } from "./received.js";

/** Options of `startIngestServer`. */
export interface IngestServerOptions {
  /** Default: a free port. */
  readonly port?: number;
  /** Milliseconds after which an idle connection is closed; default 5000, like Relay. */
  readonly keepAliveMillis?: number;
  /** Parses envelopes only on access, for benchmarks. Malformed envelopes are then accepted. */
  readonly lazy?: boolean;
  /** Largest body in bytes, both compressed and decompressed; default 50 MiB. A larger one is answered 413. */
  readonly maxEnvelopeBytes?: number;
  /** Milliseconds that a client may take to send a request; default 30,000. A slower one is answered 408. */
  readonly requestTimeoutMillis?: number;
  /** Maximum number of envelopes that are kept, the newest ones; default 100,000. `forgotten` counts the others. */
  readonly maxEnvelopes?: number;
}

/** A server on the loopback interface for tests, which checks Sentry's ingest protocol as strictly as Relay. */
export interface IngestServer {
  readonly port: number;
  readonly dsn: string;
  /** URL that accepts envelopes like a tunnel: without authentication, by the DSN in their header. */
  readonly tunnel: string;
  /** The accepted envelopes, in order of arrival. */
  readonly envelopes: readonly ReadEnvelope[];
  transactions(): ReceivedTransaction[];
  errors(): ReceivedError[];
  /** TCP connections opened since the start. */
  readonly connections: number;
  /** Requests that were received completely, whatever the answer. */
  readonly requests: number;
  /** Accepted envelopes that were evicted because there were more than `maxEnvelopes`, or more than 512 MiB. */
  readonly forgotten: number;
  /** Reasons of refused requests, in order; the newest 1000. */
  readonly refusals: readonly string[];
  /** Sets the answer to the next request, or (default) to all further requests. */
  respondWith(answer: IngestAnswer | IngestAnswerer, times?: "once" | "always"): void;
  /** Restores normal answers. Requests that stall stay stalled. */
  respondNormally(): void;
  /** Resolves once the predicate returns true; it is called after each request. Rejects after `timeoutMillis`. */
  waitFor(predicate: (server: IngestServer) => boolean, timeoutMillis: number): Promise<void>;
  /** Removes all envelopes and resets the counts. */
  clear(): void;
  /** Closes all connections and the server. Idempotent. */
  close(): Promise<void>;
}

const MAX_ENVELOPES = 100_000;
const MAX_REFUSALS = 1000;
const MAX_DETAIL = 1000;

const PUBLIC_KEY = "0123456789abcdef0123456789abcdef";
const PROJECT_ID = "1";
const TUNNEL_PATH = "/tunnel";

/** Starts a server on the loopback interface. Resolves once it listens; rejects if it cannot. */
export async function startIngestServer(options: IngestServerOptions = {}): Promise<IngestServer> {
  const http = createBoundedServer(options);
  const actualPort = await listen(http, options.port ?? 0);
  return new LoopbackIngestServer(http, { ...options, port: actualPort });
}

class LoopbackIngestServer implements IngestServer {
  readonly port: number;
  readonly dsn: string;
  readonly tunnel: string;
  readonly #http: Server;
  readonly #access: IngestAccess;
  readonly #isLazy: boolean;
  readonly #maxBytes: number;
  readonly #accepted: AcceptedRequests;
  readonly #refusals: string[] = [];
  readonly #once: IngestAnswerer[] = [];
  readonly #watchers = new Set<() => void>();
  #always: IngestAnswerer = () => undefined;
  readonly #underWay: BodiesUnderWay = { bytes: 0 };
  #connections = 0;
  #requests = 0;
  #closing: Promise<void> | undefined;

  constructor(http: Server, options: IngestServerOptions & { readonly port: number }) {
    const { port, lazy = false, maxEnvelopes = MAX_ENVELOPES } = options;
    this.port = port;
    this.dsn = `http://${PUBLIC_KEY}@127.0.0.1:${port}/${PROJECT_ID}`;
    this.tunnel = `http://127.0.0.1:${port}${TUNNEL_PATH}`;
    this.#isLazy = lazy;
    this.#maxBytes = options.maxEnvelopeBytes ?? MAX_ENVELOPE_BYTES;
    this.#accepted = new AcceptedRequests(maxEnvelopes);
    this.#access = {
      envelopePath: `/api/${PROJECT_ID}/envelope/`,
      tunnelPath: TUNNEL_PATH,
      publicKey: PUBLIC_KEY,
      dsn: this.dsn,
    };
    this.#http = http;
    http.on("connection", () => (this.#connections += 1));
    http.on("request", (message, response) => void this.#handle(message, response));
  }

  get envelopes(): readonly ReadEnvelope[] {
    return this.#accepted.requests.map((request) => request.envelope());
  }

  get connections(): number {
    return this.#connections;
  }

  get requests(): number {
    return this.#requests;
  }

  get forgotten(): number {
    return this.#accepted.forgotten;
  }

  get refusals(): readonly string[] {
    return this.#refusals;
  }

  transactions(): ReceivedTransaction[] {
    return transactionsOf(this.envelopes);
  }

  errors(): ReceivedError[] {
    return errorsOf(this.envelopes);
  }

  respondWith(answer: IngestAnswer | IngestAnswerer, times: "once" | "always" = "always"): void {
    const answerer = typeof answer === "function" ? answer : () => answer;
    if (times === "once") this.#once.push(answerer);
    else this.#always = answerer;
  }

  respondNormally(): void {
    this.#once.length = 0;
    this.#always = () => undefined;
  }

  async waitFor(
    predicate: (server: IngestServer) => boolean,
    timeoutMillis: number,
  ): Promise<void> {
    const timer = new AbortController();
    const isMet = new Promise<true>((resolve, reject) => {
      const check = (): void => {
        try {
          if (predicate(this)) resolve(true);
        } catch (error) {
          reject(error);
        }
      };
      this.#watchers.add(check);
      timer.signal.addEventListener("abort", () => this.#watchers.delete(check));
      check();
    });
    const isLate = delay(timeoutMillis, false, { signal: timer.signal }).catch(() => false);
    const outcome = await Promise.race([isMet, isLate]).finally(() => timer.abort());
    if (!outcome)
      throw new Error(`the condition was not met within ${timeoutMillis} ms; ${this.#describe()}`);
  }

  clear(): void {
    this.#accepted.clear();
    this.#refusals.length = 0;
    this.#connections = 0;
    this.#requests = 0;
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#http.close(() => resolve());
      this.#http.closeAllConnections();
    });
    return this.#closing;
  }

  async #handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await sendAnswer(response, await this.#answerTo(message));
    } catch {
      // The client disconnected before its request was complete.
      response.destroy();
    }
    for (const check of this.#watchers) check();
  }

  async #answerTo(message: IncomingMessage): Promise<IngestAnswer> {
    const refusal = this.#refusalOfHead(message);
    try {
      // The body of a refused request is not kept.
      const maxBytes = refusal === undefined ? this.#maxBytes : 0;
      const request = await readRequest(message, { maxBytes, underWay: this.#underWay });
      this.#requests += 1;
      const answer = refusal ?? this.#decide(request);
      if (isAcceptance(answer)) this.#accepted.add(request);
      return answer;
    } catch (error) {
      if (!(error instanceof IngestRefusal)) throw error;
      this.#requests += 1;
      return refusal ?? this.#refuse(error);
    }
  }

  #refusalOfHead({ method = "", url = "", headers }: IncomingMessage): IngestAnswer | undefined {
    try {
      checkAccess({ method, url, headers }, this.#access);
      return undefined;
    } catch (error) {
      return this.#refuse(error);
    }
  }

  #decide(request: IngestRequest): IngestAnswer {
    try {
      checkTunnel(request, this.#access);
      const body = this.#isLazy ? "{}" : receipt(request.envelope());
      const prescribed = (this.#once.shift() ?? this.#always)(request);
      return typeof prescribed === "object" ? { body, ...prescribed } : (prescribed ?? { body });
    } catch (error) {
      return this.#refuse(error);
    }
  }

  #refuse(error: unknown): IngestAnswer {
    const detail = (error instanceof Error ? error.message : String(error)).slice(0, MAX_DETAIL);
    if (this.#refusals.length === MAX_REFUSALS) this.#refusals.shift();
    this.#refusals.push(detail);
    return {
      status: refusalStatus(error),
      body: JSON.stringify({ detail, causes: [] }),
    };
  }

  #describe(): string {
    const refused = this.#refusals.length === 0 ? "" : `, refused: ${this.#refusals.join("; ")}`;
    return `${this.#requests} requests, ${this.#accepted.requests.length} accepted${refused}`;
  }
}

function receipt(envelope: ReadEnvelope): string {
  checkPayloads(envelope);
  return JSON.stringify({ id: envelope.header["event_id"] });
}
