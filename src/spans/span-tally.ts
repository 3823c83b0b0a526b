import type { EarlyRecorder } from "../client-reports/ledger.js";
import type { DiscardReason } from "../protocol/data-category.js";

interface Counters {
  readonly span: (quantity: number) => void;
  readonly transaction: (quantity: number) => void;
}

/** Counts the spans of an assembler: started, ended and dropped ones. */
export class SpanTally {
  readonly #recorder: EarlyRecorder;
  /** Kept for each reason, because looking the counters up takes longer than counting. */
  readonly #counters: Partial<Record<DiscardReason, Counters>> = {};
  #started = 0;
  #ended = 0;
  /** Ends of uncaptured spans that are not counted as losses yet. */
  #uncaptured = 0;

  constructor(recorder: EarlyRecorder) {
    this.#recorder = recorder;
  }

  begin(): void {
    this.#started++;
  }

  /** Takes back the last `begin`. */
  takeBack(): void {
    this.#started--;
  }

  end(): void {
    this.#ended++;
  }

  /** Counts the end of a child span of a client that sends nothing, unless it started before the processor was added. */
  endUncaptured(): void {
    if (this.#started > this.#ended + this.#uncaptured) this.#uncaptured++;
  }

  /** Counts dropped spans, and the transactions of the roots among them. */
  drop(reason: DiscardReason, spans: number, roots: number): void {
    const { span, transaction } = (this.#counters[reason] ??= this.#countersOf(reason));
    if (spans > 0) span(spans);
    if (roots > 0) transaction(roots);
  }

  /** Number of spans that were started. */
  get started(): number {
    return this.#started;
  }

  /** Number of spans that are open. Adds the ends of uncaptured spans to the losses. */
  countOpen(): number {
    this.#ended += this.#uncaptured;
    this.drop("disabled", this.#uncaptured, 0);
    this.#uncaptured = 0;
    return this.#started - this.#ended;
  }

  #countersOf(reason: DiscardReason): Counters {
    return {
      span: this.#recorder.counterOf(reason, "span"),
      transaction: this.#recorder.counterOf(reason, "transaction"),
    };
  }
}
