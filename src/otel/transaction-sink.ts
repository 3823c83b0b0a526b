import type { TransactionInput } from "../client/capture-input.js";
import type { SentryClient } from "../client/client.js";
import { scopeData } from "../scope/merge.js";
import { processScopes } from "../scope/process-scopes.js";
import type { SpanResource } from "../tracing/finished-span.js";
import { jsonTransaction } from "../tracing/transaction.js";
import type { AssembledTransaction } from "../tracing/transaction.js";

/** Hands assembled transactions to a client. */
export interface TransactionSink {
  accept(transaction: AssembledTransaction): void;
  /** Spans that wait until the resource's asynchronous attributes are known. */
  readonly heldSpans: number;
  /** Resolves when nothing is held. */
  settled(): Promise<void>;
}

/** How long a resource detector may keep transactions waiting. */
export const MAX_RESOURCE_WAIT_MILLIS = 5000;

type SetTimer = (run: () => void, millis: number) => () => void;

/**
 * Builds the sink of a client. Reading a resource while its detectors run would log an error and miss
 * attributes (release, environment, server name): the first transactions of a process wait for it.
 */
export function createTransactionSink(client: SentryClient, setTimer: SetTimer): TransactionSink {
  const held = new Map<Promise<void>, number>();

  const release = (waiting: Promise<void>, transaction: AssembledTransaction): void => {
    held.delete(waiting);
    client.captureTransaction(transactionInput(transaction));
  };

  const hold = (transaction: AssembledTransaction, resource: SpanResource): void => {
    const waiting: Promise<void> = resourceReady(resource, setTimer).then(() =>
      release(waiting, transaction),
    );
    held.set(waiting, transaction.spanCount + 1);
  };

  return {
    accept(transaction) {
      const { resource } = transaction;
      if (resource !== undefined && isPending(resource)) hold(transaction, resource);
      else client.captureTransaction(transactionInput(transaction));
    },
    get heldSpans() {
      let spans = 0;
      for (const count of held.values()) spans += count;
      return spans;
    },
    async settled() {
      await Promise.all(held.keys());
    },
  };
}

async function resourceReady(resource: SpanResource, setTimer: SetTimer): Promise<void> {
  let cancel: (() => void) | undefined;
  const timeout = new Promise<void>((resolve) => {
    cancel = setTimer(resolve, MAX_RESOURCE_WAIT_MILLIS);
  });
  await Promise.allSettled([Promise.race([attributesOf(resource), timeout])]);
  cancel?.();
}

// A resource is a detector's code: what it throws must not cost the transactions.
async function attributesOf(resource: SpanResource): Promise<void> {
  await resource.waitForAsyncAttributes?.();
}

function isPending(resource: SpanResource): boolean {
  try {
    return resource.asyncAttributesPending === true;
  } catch {
    return false;
  }
}

function transactionInput(transaction: AssembledTransaction): TransactionInput {
  const { head, origin } = transaction;
  const { isolation } = origin.unit;
  return {
    name: head.name,
    openJson: (eventId) => jsonTransaction(transaction, eventId),
    traceContext: head.traceContext,
    responseStatusCode: head.responseStatusCode,
    spanCount: transaction.spanCount + 1,
    trace: {
      traceId: head.traceId,
      incoming: origin.incoming,
      transaction: head.source === "url" ? undefined : head.name,
      sampled: true,
      sampleRate: origin.sampling.sampleRate,
      sampleRand: origin.sampling.sampleRand,
    },
    resource: transaction.resource,
    scopes: scopeData(processScopes().global, isolation, origin.current),
  };
}
