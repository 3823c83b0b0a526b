import { DiscardLedger } from "../../src/client-reports/ledger.js";
import { MemoryBound } from "../../src/delivery/memory-bound.js";
import { BatchAssembler } from "../../src/spans/batch-assembler.js";
import type { FinishedSpan } from "../../src/trace/span.js";
import type { SegmentOrigin } from "../../src/spans/segment.js";
import type { AssembledTransaction } from "../../src/spans/transaction.js";
import { manualTimers } from "../time/manual-timers.js";
import { NOW, originOf, readTransaction } from "./assembler-kit.js";
import type { SentTransaction } from "./assembler-kit.js";

export const ROUND_MILLIS = 10_000;

/** A batch assembler with a manual timer; its transactions are read back from their JSON. */
export interface BatchKit {
  readonly assembler: BatchAssembler;
  readonly ledger: DiscardLedger;
  readonly sent: readonly SentTransaction[];
  readonly problems: readonly string[];
  readonly pendingTimers: number;
  /** Lets half of the wait pass. */
  round(): Promise<void>;
  /** Ids of all spans that were sent. */
  sentIds(): string[];
  /** Throws unless each accepted span was sent, dropped for a reason, or waits. */
  assertBalanced(): void;
  /** The same, and nothing may wait. */
  assertSettled(): void;
}

export interface BatchKitSettings {
  /** Characters over which the oldest trace is sent early: half of the memory bound. */
  readonly maxBufferedLength?: number;
  readonly originOf?: (span: FinishedSpan) => SegmentOrigin;
  readonly isIgnored?: (span: FinishedSpan) => boolean;
}

export function createBatchKit(settings: BatchKitSettings = {}): BatchKit {
  const timers = manualTimers();
  const ledger = new DiscardLedger();
  const sent: SentTransaction[] = [];
  const problems: string[] = [];
  const assembler = new BatchAssembler({
    encoding: { now: () => NOW, onProblem: (kind) => void problems.push(kind) },
    recorder: ledger,
    startTimer: timers.after,
    forwarder: { accept: (transaction) => void sent.push(readBatch(transaction)) },
    originOf: settings.originOf ?? (() => originOf()),
    originOfOrphan: settings.originOf ?? (() => originOf()),
    isIgnored: settings.isIgnored,
    maxWaitMillis: 2 * ROUND_MILLIS,
    memory: new MemoryBound(2 * (settings.maxBufferedLength ?? 20_000_000)),
  });
  const sentIds = (): string[] => sent.flatMap(({ spanId, children }) => [spanId, ...children]);
  const assertBalanced = (): void => {
    const { started, open, buffered } = assembler.counts();
    const dropped = Object.values(ledger.snapshot().span ?? {}).reduce((sum, n) => sum + n, 0);
    const sum = sentIds().length + dropped + open + buffered;
    if (sum !== started) throw new Error(`${started} were accepted, ${sum} are accounted for`);
  };
  return {
    assembler,
    ledger,
    sent,
    problems,
    sentIds,
    get pendingTimers() {
      return timers.pending;
    },
    round: () => timers.advance(ROUND_MILLIS),
    assertBalanced,
    assertSettled() {
      assertBalanced();
      const { buffered } = assembler.counts();
      if (buffered !== 0) throw new Error(`${buffered} spans are left`);
    },
  };
}

function readBatch(assembled: AssembledTransaction): SentTransaction {
  const sent = readTransaction(assembled);
  if (sent.children.length !== assembled.spanCount) throw new Error("spanCount is wrong");
  if (sent.traceIds.size > 1) throw new Error("two traces in one");
  return sent;
}
