import type { DataCategory } from "../../protocol/data-category.js";
import type { EncodedEnvelope } from "../../protocol/envelope.js";
import type { Spool, SpooledEnvelope } from "./spool.js";
import { jittered } from "../retry/back-off.js";
import { steadyNow, systemTimers } from "../../support/time.js";
import type { Timers } from "../../support/time.js";
import type { SendResult } from "../transport.js";

/** What a replay is made of. */
export interface SpoolReplaySettings {
  readonly spool: Spool;
  /** Resolves to true when an attempt may be made, to false after so many milliseconds. Default: at once. */
  readonly whenDue?: ((holdMillis: number) => Promise<boolean>) | undefined;
  /** Whether the server answered last, as far as is known. Default: it did. */
  readonly isReachable?: (() => boolean) | undefined;
  /** Makes one attempt. It must end within minutes: other processes take a claim of 10 minutes for abandoned. */
  readonly send: (envelope: EncodedEnvelope) => Promise<SendResult>;
  /** Whether the server has asked for a pause; such envelopes stay in the spool. */
  readonly isLimited: (category: DataCategory) => boolean;
  /**
   * Books an answer of the server, once per attempt and in the same turn in which the spool lets go of
   * the envelope. After `delivered` and `rejected` it is out of the spool; after `limited` it is still
   * there, so that only the limits are news. Not called where there was no answer.
   */
  readonly onOutcome: (spooled: SpooledEnvelope, result: SendResult) => void;
  readonly timers?: Timers | undefined;
  /** Between two sends; default 100, as the protocol asks for. */
  readonly pauseMillis?: number | undefined;
  /** From 0 to below 1; default `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Milliseconds by a clock that only goes forward; default `steadyNow`. */
  readonly now?: (() => number) | undefined;
}

/** Sends what is in the spool, one envelope at a time, in the background. */
export interface SpoolReplay {
  /** Begins with what earlier processes left. */
  start(): void;
  /** Something was spooled: if nothing was there before, it is tried now. */
  wake(): void;
  /** The server has just answered something: what waits is tried now. Cheap enough for every answer. */
  nudge(): void;
  /** Resolves once the envelope in hand has its outcome; at once while the server is gone. Never rejects. */
  settled(): Promise<void>;
  /** Ends after the envelope in hand. It is not started again. Never rejects. */
  stop(): Promise<void>;
}

const DEFAULT_PAUSE_MILLIS = 100;

const MIN_BACK_OFF_MILLIS = 1000;
const MAX_BACK_OFF_MILLIS = 5 * 60 * 1000;

// After an attempt that an answer to something else had prompted, and that failed all the same.
const PROMPTED_BACK_OFF_MILLIS = 10_000;

// Another process may have died and left files.
const LOOK_MILLIS = 60_000;

const LIMITED_MILLIS = 5000;

// How long the transport is asked to wait for its next probe at a time.
const HOLD_MILLIS = 60_000;

// How often answers may prompt a look at a spool that had nothing to send.
const MIN_LOOK_GAP_MILLIS = 1000;

/** Builds a replay that does nothing before `start`. Its timers keep no process alive. */
export function createSpoolReplay(settings: SpoolReplaySettings): SpoolReplay {
  return new BackgroundReplay(settings);
}

/** What came of one round. */
type Round = "answered" | "limited" | "nothing" | "paced" | "unreachable";

class BackgroundReplay implements SpoolReplay {
  readonly #settings: SpoolReplaySettings;
  readonly #timers: Timers;
  readonly #now: () => number;
  readonly #random: () => number;
  #isStopped = false;
  #isStarted = false;
  #isPrompted = false;
  // Waits because there was nothing to send.
  #isIdle = false;
  #failures = 0;
  #round: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  // Whether an answer to something else ends the wait.
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
      // While the server is gone the transport times the probes. An envelope that alone gets no answer is another matter.
      return this.#settings.isReachable?.() === false ? "paced" : "unreachable";
    }
    const isOver = result.outcome !== "limited";
    try {
      this.#settings.onOutcome(spooled, result);
    } finally {
      await (isOver ? spooled.done() : spooled.release(false));
    }
    // Without a limit that is known it would be tried again at once.
    const isPaced = isOver || this.#settings.isLimited(spooled.envelope.category);
    return isPaced ? "answered" : "unreachable";
  }

  // A transport of the application may throw: that is no answer either.
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
    const millis = round === "limited" ? LIMITED_MILLIS : LOOK_MILLIS;
    this.#again(jittered(millis, this.#random), this.#isThereMore());
  }

  #backOff(wasPrompted: boolean): void {
    const longest = Math.min(MIN_BACK_OFF_MILLIS * 2 ** (this.#failures - 1), MAX_BACK_OFF_MILLIS);
    // Where the server answers others and not this, asking at each answer would be a busy loop.
    const earliest = this.#now() + (wasPrompted ? PROMPTED_BACK_OFF_MILLIS : 0);
    this.#again(jittered(longest, this.#random), () => this.#now() >= earliest);
  }

  #isThereMore(): () => boolean {
    const { files } = this.#settings.spool.counts();
    const earliest = this.#now() + MIN_LOOK_GAP_MILLIS;
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

// Where nothing of it was sent, another envelope would have fared the same.
function mayBeItsFault(result: SendResult | undefined): boolean {
  if (result?.outcome !== "retryable") return true;
  return result.phase !== "connect" && result.phase !== "refused";
}
