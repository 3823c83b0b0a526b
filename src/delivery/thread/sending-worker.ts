import type { MessagePort } from "node:worker_threads";

import { applyNetworkDefaults } from "../http/network-defaults.js";
import { concurrencyOf, createRetryingHttp } from "../retrying-http.js";
import type { LocalTransport } from "../retrying-http.js";
import type { Diagnostics } from "../../support/diagnostics.js";
import { plainError } from "./plain-error.js";
import { ThreadQueue } from "./thread-queue.js";
import { ThreadReplies } from "./thread-replies.js";
import { SIGNALS } from "./thread-messages.js";
import type { ThreadReply, ThreadRequest, ThreadSettings } from "./thread-messages.js";

/** Data that the application's thread passes to the sender thread when it starts it. */
export interface SendingWorkerData {
  /** Receives `ThreadRequest`, and sends `ThreadReply`. */
  readonly port: MessagePort;
  readonly settings: ThreadSettings;
  /** Numbers in shared memory, at the indexes `SIGNALS`. */
  readonly signals: Int32Array;
}

/** Sends the envelopes that arrive at the port, until the port is closed or a message asks to end. */
export function runSendingWorker({ port, settings, signals }: SendingWorkerData): void {
  applyNetworkDefaults(settings.network);
  const worker = new SendingWorker(port, settings, signals);
  port.on("message", (request: ThreadRequest) => worker.handle(request));
  Atomics.store(signals, SIGNALS.started, 1);
}

type Post = (reply: ThreadReply) => void;

class SendingWorker {
  readonly #port: MessagePort;
  readonly #post: Post;
  readonly #transport: LocalTransport;
  readonly #replies: ThreadReplies;
  readonly #queue: ThreadQueue;
  readonly #signals: Int32Array;
  #failFast = false;

  constructor(port: MessagePort, settings: ThreadSettings, signals: Int32Array) {
    this.#signals = signals;
    this.#port = port;
    this.#post = (reply) => port.postMessage(reply);
    this.#transport = createRetryingHttp({
      ...settings,
      diagnostics: forwardingDiagnostics(this.#post),
      failFast: () => this.#failFast,
      // There is no tracing in this thread.
      runDetached: (run) => run(),
      hasDelivered: () => this.#queue.hasDelivered,
    });
    this.#replies = new ThreadReplies({
      post: this.#post,
      state: () => this.#transport.state(),
      pending: () => this.#queue.pending,
    });
    this.#queue = new ThreadQueue({
      ...concurrencyOf(settings),
      transport: this.#transport,
      onResult: (id, result, isUrgent) => this.#replies.add(id, result, isUrgent),
    });
  }

  handle(request: ThreadRequest): void {
    if (request.kind === "batch") {
      this.#failFast = request.failFast;
      this.#queue.enter(request);
      this.#replies.watch();
    } else if (request.kind === "wake") {
      this.#replies.hurry();
      this.#transport.wake();
    } else if (request.kind === "whenDue") void this.#answerWhenDue(request.id, request.holdMillis);
    else if (request.kind === "ping") this.#post({ kind: "alive" });
    else if (request.kind === "exit") this.#atExit();
    else void this.#close();
  }

  #atExit(): void {
    this.#queue.stop();
    this.#replies.end();
    Atomics.store(this.#signals, SIGNALS.exited, 1);
    Atomics.notify(this.#signals, SIGNALS.exited);
  }

  async #answerWhenDue(id: number, holdMillis: number): Promise<void> {
    const isDue = await this.#transport.whenDue(holdMillis);
    this.#post({ kind: "due", id, isDue });
  }

  // Without its port, nothing keeps the thread alive.
  async #close(): Promise<void> {
    this.#queue.end();
    await this.#transport.close();
    this.#replies.end();
    this.#post({ kind: "closed" });
    this.#port.close();
  }
}

function forwardingDiagnostics(post: Post): Diagnostics {
  const forward =
    (method: "faultOnce" | "warnOnce") =>
    (about: string, message: string, error?: unknown): void => {
      const cause = error instanceof Error ? plainError(error) : undefined;
      post({ kind: "diagnostic", method, about, message, cause });
    };
  return {
    warnOnce: forward("warnOnce"),
    faultOnce: forward("faultOnce"),
    debug: () => {},
    counts: () => ({}),
  };
}
