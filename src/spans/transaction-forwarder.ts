import type { SegmentView, TransactionInput } from "../client/capture-input.js";
import type { ClientCore } from "../client/client-core.js";
import { detected, isPending } from "../client/resource-attributes.js";
import type { SpanCounts } from "../client/stats.js";
import { scopeData } from "../scope/merge.js";
import { processScopes } from "../scope/process-scopes.js";
import type { SetTimer } from "../support/time.js";
import { headLength, shownHeadName } from "./encoded-head.js";
import type { EncodedHead } from "./encoded-head.js";
import type { ResourceView } from "../trace/span.js";
import { headInWindow, transactionFields } from "./transaction.js";
import type { AssembledTransaction } from "./transaction.js";

/** Passes assembled transactions to a client. */
export interface TransactionForwarder {
  accept(transaction: AssembledTransaction): void;
  /** Number of spans that are held until the resource's asynchronous attributes are known. */
  readonly heldSpans: number;
  /**
   * Waits until no transaction is held. After `maxMillis`, sends the held ones with the attributes that are known by
   * then.
   */
  drain(maxMillis: number): Promise<void>;
  /** Sends the held transactions with the attributes that are known now. */
  release(): void;
}

/** Milliseconds that transactions are held for asynchronous resource attributes. */
export const MAX_RESOURCE_WAIT_MILLIS = 5000;

/**
 * Creates the forwarder to a client. It holds the first transactions of a process until the detectors of their resource are
 * done, so that no attributes are missing. Over `maxBufferedBytes`, it sends the oldest.
 */
export function createTransactionForwarder(
  client: ClientCore,
  setTimer: SetTimer,
): TransactionForwarder {
  const held = new Set<AssembledTransaction>();
  const waits = new Map<ResourceView, Promise<void>>();
  const timers = { after: (millis: number, run: () => void) => setTimer(run, millis) };
  let heldLength = 0;

  const release = (transaction: AssembledTransaction): void => {
    if (!held.delete(transaction)) return;
    heldLength -= lengthOf(transaction.head, transaction.spans);
    client.captureTransaction(transactionInput(transaction));
  };

  const releaseOf = (resource: ResourceView): void => {
    waits.delete(resource);
    for (const transaction of held) {
      if (transaction.resource === resource) release(transaction);
    }
  };

  const releaseAll = (): void => {
    for (const transaction of held) release(transaction);
  };

  const hold = (transaction: AssembledTransaction, resource: ResourceView): void => {
    held.add(transaction);
    heldLength += lengthOf(transaction.head, transaction.spans);
    if (!waits.has(resource)) {
      waits.set(
        resource,
        detected(resource, MAX_RESOURCE_WAIT_MILLIS, timers).then(() => releaseOf(resource)),
      );
    }
    for (const oldest of held) {
      if (heldLength <= client.settings.maxBufferedBytes) return;
      release(oldest);
    }
  };

  return {
    accept(transaction) {
      const { resource } = transaction;
      if (resource !== undefined && isPending(resource)) hold(transaction, resource);
      else client.captureTransaction(transactionInput(transaction));
    },
    get heldSpans() {
      let spans = 0;
      for (const { spanCount } of held) spans += spanCount + 1;
      return spans;
    },
    async drain(maxMillis) {
      if (held.size === 0) return;
      const resources = [...waits.keys()];
      await Promise.all(resources.map((resource) => detected(resource, maxMillis, timers)));
      releaseAll();
    },
    release: releaseAll,
  };
}

/** Assembles spans into transactions. */
export interface SpanAssembler {
  counts(): SpanCounts;
  /** Passes transactions of all finished spans on. Resolves when done. */
  flush(): Promise<void>;
}

/** The forwarder that takes the transactions of an assembler, and the lookup of its segments. */
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
  client.addSpanSource({
    counts: () => {
      const counts = assembler.counts();
      return { ...counts, buffered: counts.buffered + forwarder.heldSpans };
    },
    ...(segmentOf === undefined ? {} : { segmentOf }),
    flush: async (timeoutMillis) => {
      await assembler.flush();
      // The other half of the time is left for sending.
      await forwarder.drain(timeoutMillis / 2);
    },
    release: () => forwarder.release(),
  });
}

function lengthOf(head: EncodedHead, spans: string): number {
  return headLength(head) + spans.length;
}

function transactionInput(assembled: AssembledTransaction): TransactionInput {
  const head = headInWindow(assembled.head, Date.now());
  const { spans, spanCount, origin, resource } = assembled;
  return {
    name: head.name,
    spanName: head.spanName,
    op: head.op,
    fields: transactionFields({ head, spans }),
    start: head.start,
    traceContext: head.traceContext,
    responseStatusCode: head.responseStatusCode,
    spanCount: spanCount + 1,
    length: lengthOf(head, spans),
    trace: {
      traceId: head.traceId,
      incoming: origin.incoming,
      transaction: shownHeadName(head),
      sampled: true,
      sampleRate: origin.sampling.sampleRate,
      sampleRand: origin.sampling.sampleRand,
      slot: origin.slot,
      resource,
    },
    resource,
    scopes: scopeData(processScopes().global, origin.unit.isolation, origin.current),
  };
}
