import type { SendResult } from "../../../src/delivery/transport.js";
import type { RetryBench, Sent, Transmission } from "./retry-bench.js";

/** What happens to a retry transport, step by step. */
export type Step =
  | { readonly do: "advance"; readonly millis: number }
  | { readonly do: "close" }
  | { readonly do: "send"; readonly category: "monitor" | "transaction" }
  | { readonly do: "settle"; readonly index: number; readonly result: SendResult | Error }
  | { readonly do: "wake" };

const MAX_MILLIS = 2 * 60_000;
const FAILURES_TO_OPEN = 5;
const MIN_PROBE_GAP_MILLIS = 250;

/** One run of steps, with a book of its own about what came of each transmission. */
export class RetryRun {
  /** Where the transport did what it must not. */
  readonly faults: string[] = [];
  readonly #bench: RetryBench;
  readonly #retryOn5xx: boolean;
  readonly #sends: Sent[] = [];
  readonly #results = new Map<Transmission, SendResult | Error>();
  readonly #probes = new Set<Transmission>();
  readonly #underWay: Transmission[] = [];
  #failures = 0;
  #seen = 0;
  #isClosed = false;

  constructor(bench: RetryBench, retryOn5xx: boolean) {
    this.#bench = bench;
    this.#retryOn5xx = retryOn5xx;
    bench.inner.otherwise = "held";
  }

  async take(next: Step): Promise<void> {
    const { timers } = this.#bench;
    if (next.do === "advance") await timers.advance(next.millis);
    else this.#do(next);
    await timers.turn();
    this.#look();
    this.#check();
  }

  /** Closes, and looks at all that was. */
  async end(): Promise<void> {
    await this.take({ do: "close" });
    for (const sent of this.#sends) this.#checkSend(sent);
    const times = [...this.#probes].map(({ at }) => at);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    this.#demand(
      gaps.every((gap) => gap >= MIN_PROBE_GAP_MILLIS),
      "two probes are too close",
    );
    this.#demand(this.#bench.timers.pending === 0, "a timer is left");
    this.#demand(this.#bench.inner.closes === 1, "the inner transport is not closed once");
  }

  #do(next: Exclude<Step, { readonly do: "advance" }>): void {
    if (next.do === "send") {
      this.#sends.push(this.#bench.send(undefined, next.category));
    } else if (next.do === "wake") this.#bench.transport.wake();
    else if (next.do === "settle") this.#settle(next.index, next.result);
    else this.#close();
  }

  #close(): void {
    this.#isClosed = true;
    // What `close` ends says nothing about the server.
    this.#underWay.length = 0;
    void this.#bench.transport.close();
  }

  #settle(index: number, result: SendResult | Error): void {
    if (this.#underWay.length === 0) return;
    const place = index % this.#underWay.length;
    for (const transmission of this.#underWay.splice(place, 1)) this.#note(transmission, result);
    this.#bench.inner.settle(result, place);
  }

  #note(transmission: Transmission, result: SendResult | Error): void {
    this.#results.set(transmission, result);
    if (result instanceof Error) return;
    if (result.outcome !== "retryable") this.#failures = 0;
    else if (result.phase !== "reused") this.#failures += 1;
  }

  // What has gone out in this turn; while the breaker is open, all of that are probes.
  #look(): void {
    const { transmissions } = this.#bench.inner;
    for (const transmission of transmissions.slice(this.#seen)) {
      this.#underWay.push(transmission);
      if (this.#failures >= FAILURES_TO_OPEN) this.#probes.add(transmission);
    }
    this.#seen = transmissions.length;
  }

  #check(): void {
    const { transport, timers } = this.#bench;
    const { budget, held } = transport.counts();
    const open = this.#sends.filter(({ outcomes }) => outcomes.length === 0).length;
    this.#demand(budget >= 0 && budget <= 500, `the budget is ${budget}`);
    this.#demand(held === open - this.#underWay.length, "`held` is wrong");
    this.#demand(timers.pending <= held + 1, "there are more timers than sends that are held");
    this.#demand(held > 0 || timers.pending === 0, "there is a timer, and nothing is held");
    this.#demand(transport.isReachable === (this.#failures === 0), "`isReachable` is wrong");
    this.#demand(!this.#isClosed || held === 0, "something is held after `close`");
  }

  #checkSend({ envelope, outcomes }: Sent): void {
    const mine = this.#bench.inner.transmissions.filter((each) => each.envelope === envelope);
    const kinds = mine.map((each) => this.#kindOf(each));
    const count = (...of: string[]): number => kinds.filter((kind) => of.includes(kind)).length;
    const unknowns = count("answer", "timeout");
    const isCheckIn = envelope.category === "monitor";
    this.#demand(outcomes.length === 1, `a send has ${outcomes.length} outcomes`);
    // As often as an outage lasts.
    const [most, mostUnknown] = isCheckIn ? [Infinity, Infinity] : [3, 2];
    this.#demand(unknowns <= mostUnknown, "too many attempts with unknown outcome");
    this.#demand(mine.length - count("connect") <= most, "too many may have arrived");
    this.#demand(!kinds.slice(0, -1).includes("final"), "something follows what is final");
    const first = mine.find((_each, index) => kinds[index] !== "connect");
    const later = mine.slice(first === undefined ? mine.length : mine.indexOf(first));
    const isInTime = later.every(({ at }) => at - (first?.at ?? 0) <= MAX_MILLIS);
    this.#demand(isInTime || isCheckIn, "sent later than 2 minutes after the first");
    const last = mine.at(-1);
    const result = last && this.#results.get(last);
    const isFinal = result !== undefined && kinds.at(-1) === "final";
    this.#demand(!isFinal || outcomes[0] === result, "a final result is not the outcome");
  }

  #kindOf(transmission: Transmission): string {
    const result = this.#results.get(transmission);
    if (result === undefined || result instanceof Error) return "final";
    if (result.outcome === "retryable") {
      return result.phase === undefined || result.phase === "refused" ? "final" : result.phase;
    }
    return this.#retryOn5xx && [502, 503, 504].includes(result.statusCode) ? "5xx" : "final";
  }

  #demand(isTrue: boolean, fault: string): void {
    if (!isTrue) this.faults.push(fault);
  }
}
