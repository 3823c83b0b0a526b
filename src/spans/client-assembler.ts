import type { TraceInput } from "../client/capture-input.js";
import type { SentryClient } from "../client/client.js";
import type { KeepUnsampled } from "../options/options.js";
import { STATUS_CODE } from "../trace/span.js";
import type { FinishedSpan } from "../trace/span.js";
import { SegmentAssembler } from "./segment-assembler.js";
import type { EncodingSettings } from "./span-encoder.js";
import { createSpanFilter } from "./span-filter.js";
import { setDetachedTimer } from "../context/suppress-tracing.js";
import { addAssembler, createTransactionSink } from "./transaction-sink.js";

/** How long a segment whose root has ended waits for spans that have not. */
export const GRACE_MILLIS = 1000;

/** How long a finished span waits for a root that stays open. */
export const MAX_WAIT_MILLIS = 60_000;

/** Encoding that tells a client what it had to mend. */
export function encodingSettings(client: SentryClient): EncodingSettings {
  return {
    now: Date.now,
    sendDefaultPii: client.settings.sendDefaultPii,
    onMended: (kind, message, cause) => client.diagnostics.warnOnce(kind, message, cause),
  };
}

function keeperOf(keep: KeepUnsampled | undefined): ((root: FinishedSpan) => boolean) | undefined {
  if (keep === undefined) return undefined;
  const { failed = false, slowerThanMillis = Infinity } = keep;
  return ({ status, startTime, endTime }) =>
    (failed && status.code === STATUS_CODE.ERROR) ||
    (endTime[0] - startTime[0]) * 1000 + (endTime[1] - startTime[1]) / 1e6 > slowerThanMillis;
}

/** Builds the assembler of one processor: its transactions go to the client, its counts are the client's. */
export function createAssembler(
  client: SentryClient,
  segmentOf: (span: object) => TraceInput | undefined,
): SegmentAssembler {
  const sink = createTransactionSink(client, setDetachedTimer);
  const assembler = new SegmentAssembler({
    encoding: encodingSettings(client),
    schedule: {
      setTimer: setDetachedTimer,
      graceMillis: GRACE_MILLIS,
      maxWaitMillis: MAX_WAIT_MILLIS,
    },
    recorder: client.ledger.early,
    sink: (transaction) => sink.accept(transaction),
    isWorthKeeping: keeperOf(client.settings.keepUnsampled),
    isIgnored: createSpanFilter(client.settings.ignoreSpans),
    maxBufferedLength: client.settings.maxBufferedBytes,
  });
  addAssembler(client, assembler, { sink, segmentOf });
  return assembler;
}
