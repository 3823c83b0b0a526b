import type { Diagnostics } from "../../support/diagnostics.js";
import { systemTimers } from "../../support/time.js";
import type { Timers } from "../../support/time.js";
import type { EncodedEnvelope } from "../../protocol/envelope.js";
import { UnansweredError, closedError, retryableResult } from "../http/send-failures.js";
import type { ServerTransport, TransportState } from "../retrying-http.js";
import type { MemoryBound } from "../memory-bound.js";
import type { EnvelopeSenderSettings } from "../sender.js";
import { sendOver } from "../transport.js";
import type { SenderResult, SendObserver, SendOptions } from "../transport.js";
import { restoredError } from "./plain-error.js";
import { ACCEPTED } from "./thread-messages.js";
import type { PlainResult, PlainState, ThreadReply, ThreadSettings } from "./thread-messages.js";
import { ThreadWatch, ThreadWorker, endFault, silenceError, startFault } from "./thread-worker.js";
import { PendingSends } from "./pending-sends.js";

/** Dependencies of a `ThreadTransport`. */
interface ThreadTransportSettings {
  /** Sends in this thread if the sender thread cannot. */
  readonly local: ServerTransport;
  readonly settings: ThreadSettings;
  readonly environment: Readonly<Record<string, string>>;
  readonly failFast: () => boolean;
  readonly diagnostics: Diagnostics;
  /** Runs a function outside of any unit of work, with tracing suppressed. */
  readonly runDetached: <T>(run: () => T) => T;
  readonly timers?: Timers | undefined;
}

// Envelopes in the sender thread: more than a fast server answers between two messages. Others wait in the queue, where
// they can be evicted.
const MAX_IN_THREAD = 512;

/** Bounds of the envelopes in flight. Half of what may be in flight otherwise, since the thread holds a copy of each. */
export function threadBounds(
  memory: MemoryBound,
): Pick<
  EnvelopeSenderSettings,
  | "maxBytesInFlight"
  | "maxConcurrency"
  | "minConcurrency"
  | "stalledConcurrency"
  | "urgentConcurrency"
> {
  return {
    minConcurrency: MAX_IN_THREAD,
    maxConcurrency: MAX_IN_THREAD,
    // The thread itself sends more while there are no responses.
    stalledConcurrency: 0,
    urgentConcurrency: URGENT_IN_THREAD,
    maxBytesInFlight: memory.share / 2,
  };
}

// Errors and check-ins that are handed over beside the transactions, so that they do not wait for those that get no response.
const URGENT_IN_THREAD = 64;

/**
 * Creates a transport that sends in a thread of its own, which is started at the first send. If it cannot be started, or
 * ends, everything is sent by the local transport.
 */
export function createThreadTransport(settings: ThreadTransportSettings): ServerTransport {
  return new ThreadTransport(settings);
}

class ThreadTransport implements ServerTransport {
  readonly holdsSends = true;
  readonly #settings: ThreadTransportSettings;
  readonly #timers: Timers;
  readonly #sends = new PendingSends();
  readonly #dues = new Map<number, (isDue: boolean) => void>();
  readonly #watch: ThreadWatch;
  #worker: ThreadWorker | undefined;
  #state: PlainState | undefined;
  #isLocal = false;
  #isPostDue = false;
  #questions = 0;
  #closing: Promise<void> | undefined;
  #onClosed: (() => void) | undefined;

  constructor(settings: ThreadTransportSettings) {
    this.#settings = settings;
    this.#timers = settings.timers ?? systemTimers;
    this.#watch = new ThreadWatch({
      timers: this.#timers,
      isWaiting: () => this.#sends.size + this.#dues.size > 0,
      ask: () => this.#worker?.post({ kind: "ping" }),
      onSilence: (millis) => void this.#worker?.kill(silenceError(millis)),
    });
  }

  get isReachable(): boolean {
    return this.#isLocal ? this.#settings.local.isReachable : this.#state?.isReachable !== false;
  }

  /** Bytes of the copies that the sender thread holds. */
  get heldBytes(): number {
    return this.#sends.copiedBytes;
  }

  state(): TransportState {
    const local = this.#settings.local.state();
    if (this.#state === undefined) return local;
    const remote = restoredState(this.#state);
    return {
      ...(this.#isLocal ? local : remote),
      retries: local.retries + remote.retries,
      connections: {
        connectionsOpened:
          local.connections.connectionsOpened + remote.connections.connectionsOpened,
        connectionsOpen: local.connections.connectionsOpen + remote.connections.connectionsOpen,
        requestsOverKeptConnections:
          local.connections.requestsOverKeptConnections +
          remote.connections.requestsOverKeptConnections,
        bytesSent: local.connections.bytesSent + remote.connections.bytesSent,
      },
    };
  }

  send(envelope: EncodedEnvelope, options?: SendOptions): Promise<SenderResult> {
    return sendOver(this, envelope, options);
  }

  deliver(
    envelope: EncodedEnvelope,
    observer: SendObserver<SenderResult>,
    options?: SendOptions,
  ): void {
    if (this.#isLocal || this.#closing !== undefined)
      return this.#settings.local.deliver(envelope, observer, options);
    this.#sends.add({ envelope, options, observer });
    this.#postSoon();
  }

  // The thread cannot know of an outage before its first send.
  whenDue(holdMillis: number): Promise<boolean> {
    if (this.#isLocal || this.#closing !== undefined)
      return this.#settings.local.whenDue(holdMillis);
    if (this.#worker === undefined) return Promise.resolve(true);
    return new Promise((resolve) => {
      const id = (this.#questions += 1);
      this.#dues.set(id, resolve);
      this.#worker?.post({ kind: "whenDue", id, holdMillis });
      this.#watch.start();
    });
  }

  wake(): void {
    if (this.#isLocal) return this.#settings.local.wake();
    this.#post();
    this.#worker?.post({ kind: "wake" });
  }

  // A thread that has not started has no results.
  atExit(): void {
    const worker = this.#isLocal ? undefined : this.#worker;
    if (worker?.hasStarted === true && this.#sends.size > 0) worker.atExit();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#post();
    if (this.#worker !== undefined && !this.#isLocal) {
      const worker = this.#worker;
      const closed = new Promise<void>((resolve) => (this.#onClosed = resolve));
      worker.post({ kind: "close" });
      await closed;
    }
    await this.#settings.local.close();
  }

  // All that is sent in one turn goes in one message.
  #postSoon(): void {
    if (this.#isPostDue) return;
    this.#isPostDue = true;
    queueMicrotask(() => this.#post());
  }

  #post(): void {
    this.#isPostDue = false;
    if (!this.#sends.hasUnposted || !this.#start()) return;
    this.#worker?.post(this.#sends.takeBatch(this.#settings.failFast()));
    this.#watch.start();
  }

  // Returns false if the thread cannot be started.
  #start(): boolean {
    if (this.#worker !== undefined) return true;
    const { settings, environment, runDetached } = this.#settings;
    try {
      this.#worker = runDetached(
        () =>
          new ThreadWorker({
            settings,
            environment,
            onReply: (reply) => this.#receive(reply),
            onEnd: (error) => this.#ended(error),
          }),
      );
      return true;
    } catch (error) {
      this.#goLocal();
      this.#settings.diagnostics.faultOnce("sender-thread", startFault(error), error);
      return false;
    }
  }

  #receive(reply: ThreadReply): void {
    this.#watch.heard();
    if (reply.kind === "results") {
      this.#state = reply.state;
      for (const id of reply.accepted) this.#sends.settle(id, ACCEPTED);
      for (const [id, result] of reply.others) this.#sends.settle(id, restoredResult(result));
    } else if (reply.kind === "due") {
      this.#dues.get(reply.id)?.(reply.isDue);
      this.#dues.delete(reply.id);
    } else if (reply.kind === "diagnostic") {
      const { method, about, message, cause } = reply;
      this.#settings.diagnostics[method](about, message, cause && restoredError(cause));
    } else if (reply.kind === "closed") this.#onClosed?.();
  }

  #ended(error: Error | undefined): void {
    this.#watch.stop();
    this.#state = this.#state && withoutConnections(this.#state);
    if (this.#closing === undefined) {
      const { diagnostics } = this.#settings;
      this.#goLocal();
      if (this.#worker?.hasStarted === true)
        diagnostics.warnOnce("sender-thread", endFault(error), error);
      else diagnostics.faultOnce("sender-thread", startFault(error), error);
      return;
    }
    for (const { observer } of this.#sends.takeAll())
      observer.settled(retryableResult(closedError(), "refused"));
    for (const resolve of this.#dues.values()) resolve(false);
    this.#dues.clear();
    this.#onClosed?.();
  }

  #goLocal(): void {
    const { local, runDetached } = this.#settings;
    this.#isLocal = true;
    runDetached(() => {
      for (const { envelope, options, observer } of this.#sends.takeAll())
        local.deliver(envelope, observer, options);
      for (const resolve of this.#dues.values()) void local.whenDue(0).then(resolve);
      this.#dues.clear();
    });
  }
}

function restoredResult(result: PlainResult): SenderResult {
  return result.outcome === "retryable"
    ? { ...result, error: restoredError(result.error) }
    : result;
}

function restoredState({ lastError, unanswered, ...counts }: PlainState): TransportState {
  return {
    ...counts,
    lastError: lastError && restoredError(lastError),
    unanswered: unanswered && new UnansweredError(unanswered.isWritten, unanswered.waitedMillis),
  };
}

// The connections of a thread end with it.
function withoutConnections(state: PlainState): PlainState {
  return { ...state, connections: { ...state.connections, connectionsOpen: 0 } };
}
