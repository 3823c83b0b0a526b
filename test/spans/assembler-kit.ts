import { MemoryBound } from "../../src/delivery/memory-bound.js";
import type { TransactionFields } from "../../src/client/capture-input.js";
import { DiscardLedger } from "../../src/client-reports/ledger.js";
import { DefaultUnit } from "../../src/scope/process-scopes.js";
import { SegmentAssembler } from "../../src/spans/segment-assembler.js";
import type { Segment, SegmentFate, SegmentOrigin } from "../../src/spans/segment.js";
import { transactionFields } from "../../src/spans/transaction.js";
import type { AssembledTransaction } from "../../src/spans/transaction.js";
import type { FinishedSpan } from "../../src/trace/span.js";
import { TRACE_ID, idOf, spanOf } from "./hand-made-span.js";
import type { ManualTimers } from "../time/manual-timers.js";
import { manualTimers } from "../time/manual-timers.js";

export const NOW = Date.UTC(2026, 10, 22);

/** A transaction as its JSON says it is. */
export interface SentTransaction {
  readonly spanId: string;
  readonly traceId: string;
  /** Ids of the entries of `spans`. */
  readonly children: readonly string[];
  readonly parents: ReadonlyMap<string, string | undefined>;
  readonly reason: unknown;
  readonly alreadySent: unknown;
  readonly traceIds: ReadonlySet<string>;
  readonly spans: readonly Readonly<Record<string, unknown>>[];
  readonly length: number;
  readonly assembled: AssembledTransaction;
}

/** An assembler with a manual timer; its transactions are read back from their JSON. */
export interface AssemblerKit {
  readonly assembler: SegmentAssembler;
  readonly timer: ManualTimers;
  readonly ledger: DiscardLedger;
  readonly sent: readonly SentTransaction[];
  /** What the encoder said it had to mend. */
  readonly problems: readonly string[];
  /** A root has started; by default a plain one. */
  begin(root?: FinishedSpan): { readonly root: FinishedSpan; readonly segment: Segment };
  startChild(segment: Segment, parent: FinishedSpan): FinishedSpan;
  end(segment: Segment, ...spans: readonly FinishedSpan[]): void;
  /** Throws unless each started span has left once, by whatever way, or is still here. */
  assertBalanced(): void;
}

export interface KitSettings {
  readonly graceMillis?: number;
  readonly maxWaitMillis?: number;
  /** Characters over which the oldest segment is sent early: half of the memory bound. */
  readonly maxBufferedLength?: number;
  readonly isWorthKeeping?: (root: FinishedSpan) => boolean;
}

export function createKit(settings: KitSettings = {}): AssemblerKit {
  const { graceMillis = 1000, maxWaitMillis = 60_000, maxBufferedLength = 20_000_000 } = settings;
  const timer = manualTimers();
  const ledger = new DiscardLedger();
  const sent: SentTransaction[] = [];
  const problems: string[] = [];
  const assembler = new SegmentAssembler({
    encoding: { now: () => NOW, onProblem: (kind) => void problems.push(kind) },
    schedule: {
      startTimer: timer.after,
      graceMillis,
      maxWaitMillis,
    },
    recorder: ledger.early,
    forwarder: {
      accept: (transaction) => void sent.push(readTransaction(transaction)),
      async sendInTurns() {},
    },
    memory: new MemoryBound(2 * maxBufferedLength),
    isWorthKeeping: settings.isWorthKeeping,
  });
  return {
    assembler,
    timer,
    ledger,
    sent,
    problems,
    begin: (root = spanOf()) => ({ root, segment: assembler.begin(originOf(), root) }),
    startChild(segment, parent) {
      assembler.join(segment);
      return spanOf({ parentSpanId: idOf(parent) });
    },
    end(segment, ...spans) {
      for (const span of spans) assembler.finish(segment, span);
    },
    assertBalanced() {
      const { started, open, buffered } = assembler.counts();
      const dropped = Object.values(ledger.snapshot().span ?? {}).reduce(
        (sum, count) => sum + count,
        0,
      );
      const ids = sent.flatMap(({ spanId, children }) => [spanId, ...children]);
      const sum = ids.length + dropped + open + buffered;
      if (sum !== started) throw new Error(`${started} were started, ${sum} are accounted for`);
      if (new Set(ids).size !== ids.length) throw new Error("a span was sent twice");
    },
  };
}

/** What is known of a segment when its root starts. */
export function originOf(fate: SegmentFate = "sent"): SegmentOrigin {
  return {
    unit: new DefaultUnit(),
    current: undefined,
    incoming: undefined,
    sampling: { sampled: fate === "sent", sampleRate: 1, sampleRand: 0.5 },
    traceId: TRACE_ID,
    slot: { frozen: undefined },
    fate,
  };
}

interface ReadSpan {
  readonly span_id: string;
  readonly trace_id: string;
  readonly parent_span_id?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Joins the fields of a transaction. */
export function textOf({ beforeSpans, spans, afterSpans }: TransactionFields): string {
  return beforeSpans + spans + afterSpans;
}

/** Reads a transaction back from its JSON. */
export function readTransaction(assembled: AssembledTransaction): SentTransaction {
  const text = `{"event_id":"${"e".repeat(32)}",${textOf(transactionFields(assembled.head, assembled))},"contexts":{"trace":{${assembled.head.traceContext}}}}`;
  const event = JSON.parse(text) as { contexts: { trace: ReadSpan }; spans: ReadSpan[] };
  const { trace } = event.contexts;
  const all = [trace, ...event.spans];
  return {
    spanId: trace.span_id,
    traceId: trace.trace_id,
    children: event.spans.map((span) => span.span_id),
    parents: new Map(all.map((span) => [span.span_id, span.parent_span_id])),
    reason: trace.data["otel_sentry_bridge.continuation"],
    alreadySent: trace.data["sentry.parent_span_already_sent"],
    traceIds: new Set(all.map((span) => span.trace_id)),
    spans: event.spans.map((span) => ({ ...span })),
    length: text.length,
    assembled,
  };
}
