import { onTestFinished } from "vitest";

import type { DataCategory } from "../../../src/protocol/data-category.js";
import type { EncodedEnvelope } from "../../../src/protocol/envelope.js";
import type { Spool } from "../../../src/delivery/spool/spool.js";
import type { SpoolReplay } from "../../../src/delivery/spool/spool-replay.js";
import { createSpoolReplay } from "../../../src/delivery/spool/spool-replay.js";
import type { SendResult } from "../../../src/delivery/transport.js";
import type { ManualTimers } from "../../time/manual-timers.js";
import { manualTimers } from "../../time/manual-timers.js";
import { DELIVERED, NO_LIMITS, envelopeOf } from "../support.js";

export const REJECTED: SendResult = { outcome: "rejected", statusCode: 413, limits: NO_LIMITS };
export const LIMITED: SendResult = { outcome: "limited", statusCode: 429, limits: NO_LIMITS };
export const RETRYABLE: SendResult = {
  outcome: "retryable",
  error: new Error("reset"),
  phase: "answer",
};

/** A spool in memory: the order of the claims is that of the keeps. */
function memorySpool(): Spool & {
  readonly waiting: EncodedEnvelope[];
  claims: number;
  done: number;
  /** Whether each release was put down to the envelope. */
  readonly blamed: boolean[];
} {
  const waiting: EncodedEnvelope[] = [];
  let claimed = 0;
  return {
    waiting,
    claims: 0,
    done: 0,
    blamed: [],
    keep: (envelope) => Promise.resolve(waiting.push(envelope) > 0),
    keepSync: (envelope) => waiting.push(envelope) > 0,
    holdsCheckIn: () => false,
    supersede: () => Promise.resolve(true),
    counts: () => ({ spooled: {}, files: waiting.length + claimed, bytes: 0 }),
    claim(isLimited) {
      this.claims += 1;
      const at = waiting.findIndex(({ category }) => !isLimited(category));
      const [envelope] = at < 0 ? [] : waiting.splice(at, 1);
      if (envelope === undefined) return Promise.resolve(undefined);
      claimed += 1;
      const end = (): Promise<void> => {
        claimed -= 1;
        return Promise.resolve();
      };
      return Promise.resolve({
        envelope,
        isOwn: true,
        done: () => {
          this.done += 1;
          return end();
        },
        release: (isItsFault = true) => {
          this.blamed.push(isItsFault);
          waiting.unshift(envelope);
          return end();
        },
      });
    },
  };
}

/** A replay over a spool in memory. */
interface ReplaySet {
  readonly spool: ReturnType<typeof memorySpool>;
  readonly replay: SpoolReplay;
  readonly timers: ManualTimers;
  readonly sent: EncodedEnvelope[];
  readonly outcomes: string[];
  readonly limits: Set<DataCategory>;
  /** Answers of the server, the last one for ever. */
  answers: (SendResult | Error | Promise<SendResult>)[];
}

export function setUp(count: number, categories: readonly DataCategory[] = ["error"]): ReplaySet {
  const spool = memorySpool();
  for (let index = 0; index < count; index += 1) {
    spool.waiting.push(envelopeOf(categories[index % categories.length]));
  }
  const timers = manualTimers();
  const sent: EncodedEnvelope[] = [];
  const outcomes: string[] = [];
  const limits = new Set<DataCategory>();
  const set = {
    spool,
    timers,
    sent,
    outcomes,
    limits,
    answers: [DELIVERED] as ReplaySet["answers"],
  };
  const replay = createSpoolReplay({
    spool,
    async send(envelope) {
      sent.push(envelope);
      const answer = (set.answers.length > 1 ? set.answers.shift() : set.answers[0]) ?? DELIVERED;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    isLimited: (category) => limits.has(category),
    onOutcome: (_, { outcome }) => outcomes.push(outcome),
    timers,
    now: () => timers.now(),
    random: () => 1,
  });
  onTestFinished(() => replay.stop());
  return Object.assign(set, { replay });
}

/** An answer that comes when the test says so. */
export function heldAnswer(): { promise: Promise<SendResult>; give(result: SendResult): void } {
  const resolvers: ((result: SendResult) => void)[] = [];
  const promise = new Promise<SendResult>((resolve) => resolvers.push(resolve));
  return { promise, give: (result) => resolvers[0]?.(result) };
}
