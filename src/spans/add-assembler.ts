import type { SegmentView } from "../client/capture-input.js";
import type { ClientCore } from "../client/client-core.js";
import type { SpanCounts } from "../client/stats.js";
import type { TransactionForwarder } from "./transaction-forwarder.js";

/** Assembles spans into transactions. */
export interface SpanAssembler {
  counts(): SpanCounts;
  /** Passes on the transactions of all finished spans. Resolves when done. */
  flush(): Promise<void>;
  /** True if no more spans start. */
  readonly isClosed: boolean;
  /** Releases its share of the client's memory limit. Call it once the assembler is closed and holds nothing. */
  end(): void;
}

/** The forwarder that receives the transactions of an assembler, and the look-up of its segments. */
export interface AssemblerRegistration {
  readonly forwarder: TransactionForwarder;
  /** Returns the segment of a span; undefined if the assembler did not see the span start. */
  readonly segmentOf?: (span: object) => SegmentView | undefined;
}

/** Registers an assembler and its forwarder with the client, which includes them in `stats`, `flush` and `close`. */
export function addAssembler(
  client: ClientCore,
  assembler: SpanAssembler,
  { forwarder, segmentOf }: AssemblerRegistration,
): void {
  const counts = (): SpanCounts => {
    const own = assembler.counts();
    return { ...own, buffered: own.buffered + forwarder.heldSpans };
  };
  client.addSpanSource({
    counts,
    isSpent: () => {
      if (!assembler.isClosed) return false;
      const { open, buffered } = counts();
      return open === 0 && buffered === 0;
    },
    end: () => {
      assembler.end();
      forwarder.end();
    },
    ...(segmentOf === undefined ? {} : { segmentOf }),
    flush: async (timeoutMillis) => {
      await assembler.flush();
      // The other half of the time is left for sending.
      await forwarder.drain(timeoutMillis / 2);
    },
    atExit: () => forwarder.sendHeld(),
  });
}
