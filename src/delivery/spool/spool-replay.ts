import type { DataCategory } from "../../protocol/data-category.js";
import type { EncodedEnvelope } from "../../protocol/envelope.js";
import type { Spool, SpooledEnvelope } from "./spool.js";
import { jittered } from "../retry/back-off.js";
import { steadyNow, systemTimers } from "../../support/time.js";
import type { Timers } from "../../support/time.js";
import type { SendResult } from "../transport.js";

/** Dependencies of a replay. */
interface SpoolReplaySettings {
  readonly spool: Spool;
  /** Resolves to true when an attempt may be made, or to false after this many milliseconds. Default: true at once. */
  readonly whenDue?: ((holdMillis: number) => Promise<boolean>) | undefined;
  /** Returns false while the last attempt got no response. Default: always true. */
  readonly isReachable?: (() => boolean) | undefined;
  /** Makes one attempt. It must end within minutes: other processes consider a claim of 10 minutes abandoned. */
  readonly send: (envelope: EncodedEnvelope) => Promise<SendResult>;
  /** Tells whether a category is rate-limited; its envelopes stay in the spool. */
  readonly isLimited: (category: DataCategory) => boolean;
  /**
   * Called with each response of the server, in the turn in which the spool releases the envelope. After `delivered`
   * and `rejected` the envelope is no longer in the spool; after `limited` it still is, and only the rate limits are
   * new. Not called without a response.
   */
  readonly onOutcome: (spooled: SpooledEnvelope, result: SendResult) => void;
  readonly timers?: Timers | undefined;
  /** Pause between two sends, in milliseconds; default 100, as the protocol recommends. */
  readonly pauseMillis?: number | undefined;
  /** Returns a random number from 0 to below 1; default `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Monotonic clock, in milliseconds; default `steadyNow`. */
  readonly now?: (() => number) | undefined;
}

/** Sends the envelopes in the spool, one at a time, in the background. */
export interface SpoolReplay {
  /** Starts the replay with the envelopes that earlier processes left. */
  start(): void;
  /** Reports that an envelope was spooled: if the spool was empty before, the envelope is tried now. */
  wake(): void;
  /**
   * Reports that the server has answered another send: waiting envelopes are tried now. Cheap enough to call for every
   * response.
   */
  nudge(): void;
  /**
   * Resolves once the envelope that is being sent has its outcome; at once while the server is unreachable. Never
   * rejects.
   */
  settled(): Promise<void>;
  /** Stops the replay for good, after the envelope that is being sent. Never rejects. */
  stop(): Promise<void>;
}

const DEFAULT_PAUSE_MILLIS = 100;

const MIN_BACK_OFF_MILLIS = 1000;
const MAX_BACK_OFF_MILLIS = 5 * 60 * 1000;

// Backoff after an attempt that failed although the response to another send had prompted it.
const PROMPTED_BACK_OFF_MILLIS = 10_000;

// How often an empty spool is scanned, since another process may have left files.
const SCAN_MILLIS = 60_000;

const LIMITED_MILLIS = 5000;

// How long the transport may delay an envelope until its next probe.
const HOLD_MILLIS = 60_000;

// How often responses may prompt a scan of a spool that had nothing to send.
const MIN_SCAN_GAP_MILLIS = 1000;

/** Creates a replay, which does nothing before `start`. Its timers do not keep the process alive. */
export function createSpoolReplay(settings: SpoolReplaySettings): SpoolReplay {
  return new BackgroundReplay(settings);
}

/** Result of one round. */
type Round = "answered" | "limited" | "nothing" | "paced" | "unreachable";

class BackgroundReplay implements SpoolReplay {
  readonly #settings: SpoolReplaySettings;
  readonly #timers: Timers;
  readonly #now: () => number;
  readonly #random: () => number;
  #isStopped = false;
  #isStarted = false;
  #isPrompted = false;
  // True while the replay waits because there was nothing to send.
  #isIdle = false;
  #failures = 0;
  #round: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  // Tells whether the response to another send ends the wait.
  #isNewsToWait: () => boolean = () => false;

  constructor(settings: SpoolReplaySettings) {
    this.#settings = settings;
    this.#timers = settings.timers ?? systemTimers;
    this.#now = settings.now ?? steadyNow;
    this.#random = settings.random ?? Math.random;
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#begin();
  }

  nudge(): void {
    if (this.#cancelTimer === undefined || !this.#isNewsToWait()) return;
    this.#isPrompted = true;
    this.#begin();
  }

  wake(): void {
    if (this.#cancelTimer !== undefined && this.#isIdle) this.#begin();
  }

  async settled(): Promise<void> {
    if (this.#settings.isReachable?.() !== false) await this.#round;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    await this.#round;
  }

  #begin(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#isStopped || this.#round !== undefined) return;
    this.#round = this.#oneRound();
  }

  async #oneRound(): Promise<void> {
    const round = await this.#run().catch((): Round => "unreachable");
    this.#round = undefined;
    this.#wait(round);
  }

  async #run(): Promise<Round> {
    const { spool, whenDue } = this.#settings;
    if (spool.counts().files > 0 && (await whenDue?.(HOLD_MILLIS)) === false) return "paced";
    let isPassedOver = false;
    const spooled = await this.#settings.spool.claim((category) => {
      const isLimited = this.#settings.isLimited(category);
      isPassedOver ||= isLimited;
      return isLimited;
    });
    if (spooled === undefined) return isPassedOver ? "limited" : "nothing";
    if (!this.#isStopped) return this.#sendOne(spooled);
    await spooled.release(false);
    return "nothing";
  }

  async #sendOne(spooled: SpooledEnvelope): Promise<Round> {
    const result = await this.#attempt(spooled.envelope);
    if (result === undefined || result.outcome === "retryable") {
      await spooled.release(mayBeItsFault(result));
      // While the server is unreachable, the transport times the probes. If only this envelope gets no response, the
      // replay itself must back off.
      return this.#settings.isReachable?.() === false ? "paced" : "unreachable";
    }
    const isOver = result.outcome !== "limited";
    try {
      this.#settings.onOutcome(spooled, result);
    } finally {
      await (isOver ? spooled.done() : spooled.release(false));
    }
    // If no rate limit is known, the envelope would be retried at once.
    const isPaced = isOver || this.#settings.isLimited(spooled.envelope.category);
    return isPaced ? "answered" : "unreachable";
  }

  // A custom transport may throw, which also means that there is no response.
  async #attempt(envelope: EncodedEnvelope): Promise<SendResult | undefined> {
    try {
      return await this.#settings.send(envelope);
    } catch {
      return undefined;
    }
  }

  #wait(round: Round): void {
    const wasPrompted = this.#isPrompted;
    this.#isPrompted = false;
    this.#failures = round === "unreachable" ? this.#failures + 1 : 0;
    this.#isIdle = round === "nothing";
    if (round === "answered" || round === "paced")
      return this.#again(this.#settings.pauseMillis ?? DEFAULT_PAUSE_MILLIS, () => false);
    if (round === "unreachable") return this.#backOff(wasPrompted);
    const millis = round === "limited" ? LIMITED_MILLIS : SCAN_MILLIS;
    this.#again(jittered(millis, this.#random), this.#isThereMore());
  }

  #backOff(wasPrompted: boolean): void {
    const longest = Math.min(MIN_BACK_OFF_MILLIS * 2 ** (this.#failures - 1), MAX_BACK_OFF_MILLIS);
    // If the server answers other sends but not this one, trying again at each response would be a busy loop.
    const earliest = this.#now() + (wasPrompted ? PROMPTED_BACK_OFF_MILLIS : 0);
    this.#again(jittered(longest, this.#random), () => this.#now() >= earliest);
  }

  #isThereMore(): () => boolean {
    const { files } = this.#settings.spool.counts();
    const earliest = this.#now() + MIN_SCAN_GAP_MILLIS;
    return () => {
      const now = this.#settings.spool.counts().files;
      return now > files || (now > 0 && this.#now() >= earliest);
    };
  }

  #again(millis: number, isNewsToWait: () => boolean): void {
    if (this.#isStopped) return;
    this.#isNewsToWait = isNewsToWait;
    this.#cancelTimer = this.#timers.inBackground(millis, () => this.#begin());
  }
}

// Tells whether the failure may be due to the envelope itself. If nothing was written, any other envelope would have
// failed as well.
function mayBeItsFault(result: SendResult | undefined): boolean {
  if (result?.outcome !== "retryable") return true;
  return result.phase !== "connect" && result.phase !== "refused";
}
