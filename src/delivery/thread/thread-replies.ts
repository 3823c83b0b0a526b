import { systemTimers } from "../../support/time.js";
import type { Timers } from "../../support/time.js";
import type { TransportState } from "../retrying-http.js";
import { plainError } from "./plain-error.js";
import { isAccepted } from "./thread-messages.js";
import type { PlainResult, PlainState, ThreadReply } from "./thread-messages.js";
import type { SenderResult } from "../transport.js";

/** Dependencies of `ThreadReplies`. */
interface ThreadRepliesSettings {
  readonly post: (reply: ThreadReply) => void;
  readonly state: () => TransportState;
  /** Returns the number of envelopes without a result. */
  readonly pending: () => number;
  readonly timers?: Timers | undefined;
}

// How long a result waits for others while envelopes are under way: each message costs the application's thread 20 to
// 50 µs.
const WAIT_MILLIS = 20;

// How often the state is reported while there is something to report.
const STATE_MILLIS = 100;

/** Reports results and the state of the transport to the application's thread, in few messages. */
export class ThreadReplies {
  readonly #settings: ThreadRepliesSettings;
  readonly #timers: Timers;
  #accepted: number[] = [];
  #others: [number, PlainResult][] = [];
  #cancelPost: (() => void) | undefined;
  #isPostDue = false;
  #isHurried = false;
  #cancelWatch: (() => void) | undefined;
  #reported = "";

  constructor(settings: ThreadRepliesSettings) {
    this.#settings = settings;
    this.#timers = settings.timers ?? systemTimers;
  }

  /** Adds a result. It is reported at once if a flush may wait for it, or if it decides about later sends. */
  add(id: number, result: SenderResult, isUrgent: boolean): void {
    const isUsual = result.outcome !== "unsent" && isAccepted(result);
    if (isUsual) this.#accepted.push(id);
    else this.#others.push([id, plainResult(result)]);
    const isLast = this.#settings.pending() === 0;
    if (isLast || isUrgent || !isUsual || this.#isHurried) this.#postSoon();
    else this.#cancelPost ??= this.#timers.inBackground(WAIT_MILLIS, () => this.#post());
  }

  /** Reports each result without waiting for others, until nothing is pending. */
  hurry(): void {
    this.#isHurried = this.#settings.pending() > 0;
    this.#post();
  }

  /** Reports changes of the state as long as envelopes are under way or connections are open. */
  watch(): void {
    this.#cancelWatch ??= this.#timers.inBackground(STATE_MILLIS, () => {
      this.#cancelWatch = undefined;
      const state = this.#settings.state();
      if (stateKey(state) !== this.#reported) this.#post(state);
      if (this.#settings.pending() > 0 || state.connections.connectionsOpen > 0) this.watch();
    });
  }

  /** Reports the remaining results. */
  end(): void {
    this.#cancelWatch?.();
    this.#post();
  }

  // In the same turn, more results may follow.
  #postSoon(): void {
    if (this.#isPostDue) return;
    this.#isPostDue = true;
    this.#timers.soon(() => {
      this.#isPostDue = false;
      this.#post();
    });
  }

  #post(state: TransportState = this.#settings.state()): void {
    this.#cancelPost?.();
    this.#cancelPost = undefined;
    this.#isHurried &&= this.#settings.pending() > 0;
    this.#reported = stateKey(state);
    const [accepted, others] = [this.#accepted, this.#others];
    [this.#accepted, this.#others] = [[], []];
    this.#settings.post({ kind: "results", accepted, others, state: plainState(state) });
  }
}

function stateKey({ connections, retries, held, isReachable, unanswered }: TransportState): string {
  const { connectionsOpened, connectionsOpen, bytesSent } = connections;
  const waited = unanswered?.waitedMillis ?? 0;
  return [connectionsOpened, connectionsOpen, bytesSent, retries, held, isReachable, waited].join();
}

function plainResult(result: SenderResult): PlainResult {
  if (result.outcome !== "retryable") return result;
  return { ...result, error: plainError(result.error) };
}

function plainState({ lastError, unanswered, ...counts }: TransportState): PlainState {
  return {
    ...counts,
    lastError: lastError && plainError(lastError),
    unanswered: unanswered && {
      isWritten: unanswered.isWritten,
      waitedMillis: unanswered.waitedMillis,
    },
  };
}
