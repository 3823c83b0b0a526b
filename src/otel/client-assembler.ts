import type { SentryClient } from "../client/client.js";
import { SegmentAssembler } from "../tracing/segment-assembler.js";
import type { EncodingSettings } from "../tracing/span-encoder.js";
import { setDetachedTimer } from "./timers.js";
import { createTransactionSink } from "./transaction-sink.js";

/** How long a segment whose root has ended waits for spans that have not. */
export const GRACE_MILLIS = 1000;

/** How long a finished span waits for a root that stays open. */
export const MAX_WAIT_MILLIS = 60_000;

/** Encoding that tells a client what it had to mend. */
export function encodingSettings(client: SentryClient): EncodingSettings {
  return {
    now: Date.now,
    onMended: (kind, message, cause) => client.diagnostics.warnOnce(kind, message, cause),
  };
}

/** An assembler whose transactions go to a client, and whose counts are part of the client's. */
export interface ClientAssembler {
  readonly assembler: SegmentAssembler;
  /** Resolves when no transaction waits for its resource. */
  settled(): Promise<void>;
}

/** Builds the assembler of one processor. */
export function createAssembler(client: SentryClient): ClientAssembler {
  const sink = createTransactionSink(client, setDetachedTimer);
  const assembler = new SegmentAssembler({
    encoding: encodingSettings(client),
    schedule: {
      setTimer: setDetachedTimer,
      graceMillis: GRACE_MILLIS,
      maxWaitMillis: MAX_WAIT_MILLIS,
    },
    recorder: client.ledger,
    sink: (transaction) => sink.accept(transaction),
    maxBufferedLength: client.settings.maxBufferedBytes,
  });
  client.addSpanSource({
    counts: () => {
      const counts = assembler.counts();
      return { ...counts, buffered: counts.buffered + sink.heldSpans };
    },
    flush: () => {
      assembler.flush();
      return sink.settled();
    },
  });
  return { assembler, settled: () => sink.settled() };
}
