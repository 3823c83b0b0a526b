import type { SegmentView, TransactionInput } from "../client/capture-input.js";
import type { ClientCore } from "../client/client-core.js";
import { waitForDetectors, hasPendingAttributes } from "../client/resource-attributes.js";
import type { SpanCounts } from "../client/stats.js";
import { transactionContents } from "../protocol/data-category.js";
import { scopeData } from "../scope/merge.js";
import { processScopes } from "../scope/process-scopes.js";
import type { StartTimer, Timers } from "../support/time.js";
import { HeldSpans } from "./held-spans.js";
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

const WITHOUT_ATTRIBUTES =
  "transactions that wait for asynchronous resource attributes take a quarter of `maxBufferedBytes`; the oldest are sent without these attributes. Raise `maxBufferedBytes`, or use faster resource detectors";

/** Milliseconds that transactions are held for asynchronous resource attributes. */
export const MAX_RESOURCE_WAIT_MILLIS = 5000;

/**
 * Creates the forwarder to a client. It holds the first transactions of a process until the detectors of their resource
 * are done, so that no attributes are missing. If they exceed a quarter of `maxBufferedBytes`, it sends the oldest.
 */
export function createTransactionForwarder(
  client: ClientCore,
  startTimer: StartTimer,
): TransactionForwarder {
  return new ClientForwarder(client, startTimer);
}

class ClientForwarder implements TransactionForwarder {
  readonly #client: ClientCore;
  readonly #timers: Pick<Timers, "after">;
  readonly #waiting = new Set<AssembledTransaction>();
  readonly #waits = new Map<ResourceView, Promise<void>>();
  readonly #held: HeldSpans;

  constructor(client: ClientCore, startTimer: StartTimer) {
    this.#client = client;
    this.#timers = { after: startTimer };
    this.#held = new HeldSpans({
      memory: client.memory,
      // The other half of the share is for segments that are assembled meanwhile.
      maxLength: client.memory.share / 2,
      warnOnce: (kind, message) => client.diagnostics.warnOnce(kind, message),
      earlyMessage: WITHOUT_ATTRIBUTES,
      sendOldest: () => this.#withOldest((transaction) => this.#release(transaction)),
      dropOldest: () => this.#withOldest((transaction) => this.#drop(transaction)),
    });
  }

  get heldSpans(): number {
    return this.#held.count;
  }

  accept(transaction: AssembledTransaction): void {
    const { resource } = transaction;
    if (resource !== undefined && hasPendingAttributes(resource)) this.#hold(transaction, resource);
    else this.#client.captureTransaction(transactionInput(transaction));
  }

  async drain(maxMillis: number): Promise<void> {
    if (this.#waiting.size === 0) return;
    const resources = [...this.#waits.keys()];
    await Promise.all(
      resources.map((resource) => waitForDetectors(resource, maxMillis, this.#timers)),
    );
    this.release();
  }

  release(): void {
    for (const transaction of this.#waiting) this.#release(transaction);
  }

  #hold(transaction: AssembledTransaction, resource: ResourceView): void {
    const { head, spans, spanCount } = transaction;
    this.#waiting.add(transaction);
    this.#held.add(spanCount + 1, lengthOf(head, spans));
    if (this.#waits.has(resource)) return;
    const wait = waitForDetectors(resource, MAX_RESOURCE_WAIT_MILLIS, this.#timers);
    this.#waits.set(
      resource,
      wait.then(() => this.#releaseOf(resource)),
    );
  }

  #releaseOf(resource: ResourceView): void {
    this.#waits.delete(resource);
    for (const transaction of this.#waiting)
      if (transaction.resource === resource) this.#release(transaction);
  }

  #withOldest(run: (transaction: AssembledTransaction) => void): boolean {
    for (const oldest of this.#waiting) {
      run(oldest);
      return true;
    }
    return false;
  }

  #release(transaction: AssembledTransaction): void {
    this.#forget(transaction);
    this.#client.captureTransaction(transactionInput(transaction));
  }

  #drop(transaction: AssembledTransaction): void {
    this.#forget(transaction);
    const contents = transactionContents(transaction.spanCount + 1);
    this.#client.ledger.early.record("buffer_overflow", contents);
  }

  #forget(transaction: AssembledTransaction): void {
    const { head, spans, spanCount } = transaction;
    this.#waiting.delete(transaction);
    this.#held.remove(spanCount + 1, lengthOf(head, spans));
  }
}

/** Assembles spans into transactions. */
export interface SpanAssembler {
  counts(): SpanCounts;
  /** Passes on the transactions of all finished spans. Resolves when done. */
  flush(): Promise<void>;
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
