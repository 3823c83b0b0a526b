import type { TransactionInput } from "../client/capture-input.js";
import type { ClientCore } from "../client/client-core.js";
import { waitForDetectors, hasPendingAttributes } from "../client/resource-attributes.js";
import { transactionContents } from "../protocol/data-category.js";
import { scopeData } from "../scope/merge.js";
import { processScopes } from "../scope/process-scopes.js";
import type { ScopeData } from "../scope/scope-data.js";
import { isTransport } from "../options/validate.js";
import type { Timers } from "../support/time.js";
import { HeldSpans } from "./held-spans.js";
import { TurnBudget, nextTurn } from "./in-turns.js";
import { headLength, shownHeadName } from "./encoded-head.js";
import type { EncodedHead } from "./encoded-head.js";
import type { ResourceView } from "../trace/span.js";
import { headInWindow, transactionFields } from "./transaction.js";
import type { AssembledTransaction } from "./transaction.js";

/** Passes assembled transactions to a client. */
export interface TransactionForwarder {
  accept(transaction: AssembledTransaction): void;
  /** Number of spans that are held: for other transactions, or for the resource's asynchronous attributes. */
  readonly heldSpans: number;
  /** Waits until no transaction is held; after `maxMillis`, sends them with the attributes that are known by then. */
  drain(maxMillis: number): Promise<void>;
  /** Sends the transactions that only wait for others, a `TurnBudget` of them per turn of the event loop. */
  sendInTurns(): Promise<void>;
  /** Sends the held transactions with the attributes that are known now. */
  sendHeld(): void;
  /** Releases its share of the client's memory limit. Nothing may be accepted from then on. */
  end(): void;
}

const SENT_EARLY =
  "the transactions that wait take a quarter of `maxBufferedBytes`; the oldest are sent early, without resource attributes that are not known yet. Raise `maxBufferedBytes`, or use faster resource detectors";

/** Milliseconds that transactions are held for asynchronous resource attributes. */
export const MAX_RESOURCE_WAIT_MILLIS = 5000;

/** Default for how long transactions wait for others, in milliseconds: `transport.lingerMillis`. */
export const DEFAULT_LINGER_MILLIS = 50;

// This many are sent after the current turn of the event loop: the request whose root has ended goes first.
const SENT_SOON_AT = 16;

// If one turn of the event loop ends this many, they are sent within it: only the queue limits how many may wait.
const SENT_AT = 64;
// The work of 64 usual transactions. If less were done at once, transactions would accumulate in a busy process.
const TURNS_AT_ONCE = 8;
// What hooks add during a flush waits for the next one beyond this, so that the flush ends.
const MAX_SENT_AT_ONCE = 1000;

// A custom transport decides itself when it sends what it has been given.
function lingerMillisOf({ settings: { transport } }: ClientCore): number {
  return isTransport(transport) ? 0 : (transport.lingerMillis ?? DEFAULT_LINGER_MILLIS);
}

/** Timers that run outside of any unit of work, and do not keep the process alive. */
export type ForwarderTimers = Pick<Timers, "inBackground" | "soon">;

/**
 * Creates the forwarder to a client. It holds transactions for `transport.lingerMillis`, because a request costs much
 * less while the code and the connection are still warm from the one before. It holds the first transactions of a
 * process until the detectors of their resource are done, so that no attributes are missing. If they exceed a quarter
 * of `maxBufferedBytes`, it sends the oldest.
 */
export function createTransactionForwarder(
  client: ClientCore,
  timers: ForwarderTimers,
): TransactionForwarder {
  return new ClientForwarder(client, timers);
}

/** A transaction and its scopes as they were when it was complete. */
class HeldTransaction {
  readonly transaction: AssembledTransaction;
  readonly scopes: readonly ScopeData[];
  readonly length: number;

  constructor(transaction: AssembledTransaction, scopes: readonly ScopeData[]) {
    this.transaction = transaction;
    this.scopes = scopes;
    this.length = lengthOf(transaction.head, transaction.spans);
  }
}

class ClientForwarder implements TransactionForwarder {
  readonly #client: ClientCore;
  readonly #timers: ForwarderTimers;
  readonly #lingerMillis: number;
  #lingering: HeldTransaction[] = [];
  #stopLingering: (() => void) | undefined;
  readonly #waiting = new Set<HeldTransaction>();
  readonly #waits = new Map<ResourceView, Promise<void>>();
  readonly #held: HeldSpans;

  constructor(client: ClientCore, timers: ForwarderTimers) {
    this.#client = client;
    this.#timers = timers;
    this.#lingerMillis = lingerMillisOf(client);
    this.#held = new HeldSpans({
      memory: client.memory,
      // The other half of the share is for segments that are assembled meanwhile.
      maxLength: client.memory.share / 2,
      warnOnce: (kind, message) => client.diagnostics.warnOnce(kind, message),
      earlyMessage: SENT_EARLY,
      sendOldest: () => this.#withOldest((held) => this.#capture(held)),
      dropOldest: () => this.#withOldest((held) => this.#drop(held)),
    });
  }

  get heldSpans(): number {
    return this.#held.count;
  }

  accept(transaction: AssembledTransaction): void {
    const { resource, spanCount, origin } = transaction;
    const scopes = scopeData(processScopes().global, origin.unit.isolation, origin.current);
    const isPending = resource !== undefined && hasPendingAttributes(resource);
    if (!isPending && this.#lingerMillis === 0)
      return this.#client.captureTransaction(transactionInput(transaction, scopes));
    const held = new HeldTransaction(transaction, scopes);
    this.#held.add(spanCount + 1, held.length);
    if (isPending) this.#wait(held, resource);
    else this.#linger(held);
  }

  async sendInTurns(): Promise<void> {
    this.#disarmLinger();
    for (let left = this.#lingering.length + MAX_SENT_AT_ONCE; left > 0; await nextTurn()) {
      left -= this.#sendWithin(new TurnBudget(), left);
      if (this.#lingering.length === 0) return;
    }
    if (this.#lingering.length > 0) this.#armLinger();
  }

  async drain(maxMillis: number): Promise<void> {
    await this.sendInTurns();
    if (this.#waiting.size === 0) return;
    const resources = [...this.#waits.keys()];
    const timers = { after: this.#timers.inBackground };
    await Promise.all(resources.map((resource) => waitForDetectors(resource, maxMillis, timers)));
    this.sendHeld();
  }

  sendHeld(): void {
    this.#sendWithin(undefined, MAX_SENT_AT_ONCE);
    for (const held of this.#waiting) this.#sendWaiting(held);
  }

  end(): void {
    this.#held.end();
  }

  #linger(held: HeldTransaction): void {
    const count = this.#lingering.push(held);
    this.#armLinger();
    if (count === SENT_SOON_AT) this.#timers.soon(this.#sendLingering);
    else if (count >= SENT_AT) this.#sendLingering();
  }

  #disarmLinger(): void {
    this.#stopLingering?.();
    this.#stopLingering = undefined;
  }

  #armLinger(): void {
    this.#stopLingering ??= this.#timers.inBackground(this.#lingerMillis, this.#sendLingering);
  }

  // What hooks add meanwhile waits: a hook that ends a root each time would be called without end.
  readonly #sendLingering = (): void => {
    this.#disarmLinger();
    const due = this.#lingering.length;
    const sent = this.#sendWithin(new TurnBudget(TURNS_AT_ONCE), due);
    if (sent < due) this.#timers.soon(this.#sendLingering);
    else if (this.#lingering.length > 0) this.#armLinger();
  };

  // One by one, so that the others are found if a hook ends the process. Returns how many were sent.
  #sendWithin(budget: TurnBudget | undefined, max: number): number {
    for (let sent = 0; sent < max; sent += 1) {
      const held = this.#lingering.shift();
      if (held === undefined) return sent;
      this.#capture(held);
      if (budget?.spend(held.length) === true) return sent + 1;
    }
    return max;
  }

  #wait(held: HeldTransaction, resource: ResourceView): void {
    this.#waiting.add(held);
    if (this.#waits.has(resource)) return;
    const timers = { after: this.#timers.inBackground };
    const wait = waitForDetectors(resource, MAX_RESOURCE_WAIT_MILLIS, timers);
    this.#waits.set(
      resource,
      wait.then(() => this.#sendWaitingFor(resource)),
    );
  }

  #sendWaitingFor(resource: ResourceView): void {
    this.#waits.delete(resource);
    for (const held of this.#waiting)
      if (held.transaction.resource === resource) this.#sendWaiting(held);
  }

  // Lingering transactions go first: they lack no attributes.
  #withOldest(run: (held: HeldTransaction) => void): boolean {
    const lingering = this.#lingering.shift();
    if (lingering !== undefined) {
      run(lingering);
      return true;
    }
    for (const oldest of this.#waiting) {
      this.#waiting.delete(oldest);
      run(oldest);
      return true;
    }
    return false;
  }

  #sendWaiting(held: HeldTransaction): void {
    this.#waiting.delete(held);
    this.#capture(held);
  }

  #capture(held: HeldTransaction): void {
    this.#forget(held);
    this.#client.captureTransaction(transactionInput(held.transaction, held.scopes));
  }

  #drop(held: HeldTransaction): void {
    this.#forget(held);
    const contents = transactionContents(held.transaction.spanCount + 1);
    this.#client.ledger.early.record("buffer_overflow", contents);
  }

  #forget({ transaction, length }: HeldTransaction): void {
    this.#held.remove(transaction.spanCount + 1, length);
  }
}

function lengthOf(head: EncodedHead, spans: string): number {
  return headLength(head) + spans.length;
}

function transactionInput(
  assembled: AssembledTransaction,
  scopes: readonly ScopeData[],
): TransactionInput {
  const head = headInWindow(assembled.head, Date.now());
  const { spans, spanCount, origin, resource } = assembled;
  return {
    name: head.name,
    spanName: head.spanName,
    op: head.op,
    fields: transactionFields(head, assembled),
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
    scopes,
  };
}
