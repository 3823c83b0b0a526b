import { isDeepStrictEqual } from "node:util";

import type { ReadEnvelope } from "../../src/testing/envelope-reader.js";
import { errorsOf, transactionsOf } from "../../src/testing/received.js";
import type { ReceivedError, ReceivedTransaction } from "../../src/testing/received.js";
import type { ParentFact, SpanFact } from "./facts.js";
import type { Ledger } from "./ledger.js";
import { GLOBAL_TAG } from "./pipeline.js";
import type { Emission } from "./segment-book.js";
import type { UnitData } from "./unit-data.js";

/** A transaction with the header of its envelope. */
export interface Arrival {
  readonly transaction: ReceivedTransaction;
  readonly trace: Readonly<Record<string, unknown>> | undefined;
}

/** Everything that a server got. */
export interface Received {
  readonly arrivals: readonly Arrival[];
  readonly errors: readonly ReceivedError[];
}

/** Takes envelopes apart. */
export function receivedIn(envelopes: readonly ReadEnvelope[]): Received {
  const arrivals = envelopes.flatMap((envelope) =>
    transactionsOf([envelope]).map((transaction) => ({
      transaction,
      trace: envelope.header["trace"] as Arrival["trace"],
    })),
  );
  return { arrivals, errors: errorsOf(envelopes) };
}

/** Every difference between what arrived and what syntax and the ledger say; none if all is well. */
export function differences(ledger: Ledger, received: Received): string[] {
  return new Comparison(ledger).of(received);
}

interface Line {
  readonly span_id: string;
  readonly trace_id: string;
  readonly parent_span_id?: string;
}

class Comparison {
  readonly #ledger: Ledger;
  readonly #found: string[] = [];
  readonly #emissions = new Map<SpanFact, Emission>();
  readonly #arrived = new Set<SpanFact>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    for (const emission of ledger.segments.emissions) {
      for (const span of emission.spans) this.#emissions.set(span, emission);
    }
  }

  of({ arrivals, errors }: Received): string[] {
    for (const arrival of arrivals) this.#transaction(arrival);
    for (const span of this.#emissions.keys()) {
      if (!this.#arrived.has(span)) this.#found.push(`${span.label}: span is lost`);
    }
    this.#errors(errors);
    return this.#found;
  }

  #transaction({ transaction, trace }: Arrival): void {
    const head = transaction.contexts.trace;
    if (head === undefined)
      return void this.#found.push(`${transaction.transaction}: no trace context`);
    const facts = [head, ...transaction.spans].map((line) => this.#line(line));
    const [first] = facts;
    const emission = first === undefined ? undefined : this.#emissions.get(first);
    if (first === undefined || emission === undefined) return;
    this.#grouping(first, facts, emission);
    this.#data(first.label, transaction, emission);
    this.#equal(
      `${first.label}: envelope's trace`,
      trace?.["trace_id"],
      this.#expectedDscTrace(first, head.trace_id),
    );
    const continuation = head.data?.["otel_sentry_bridge.continuation"];
    this.#equal(
      `${first.label}: kind`,
      continuation,
      this.#expectedKind(first, emission, continuation),
    );
  }

  // One span: it is known, comes once, and says the right parent and trace.
  #line({ span_id, trace_id, parent_span_id }: Line): SpanFact | undefined {
    const run = this.#ledger.spans.get(span_id);
    if (run === undefined) {
      this.#found.push(`${span_id}: nobody started this span`);
      return undefined;
    }
    const { fact } = run;
    if (this.#arrived.has(fact)) this.#found.push(`${fact.label}: span came twice`);
    if (!this.#emissions.has(fact))
      this.#found.push(`${fact.label}: span should not have been sent`);
    this.#arrived.add(fact);
    this.#equal(`${fact.label}: trace`, trace_id, this.#traceOf(fact));
    this.#equal(
      `${fact.label}: parent`,
      this.#nameOf(parent_span_id),
      this.#nameOf(this.#expectedParent(fact)),
    );
    return fact;
  }

  #grouping(first: SpanFact, facts: readonly (SpanFact | undefined)[], emission: Emission): void {
    for (const fact of facts) {
      if (fact === undefined || fact.segment === first.segment) {
        const own = fact === undefined ? emission : this.#emissions.get(fact);
        if (own !== emission && own !== undefined)
          this.#found.push(`${fact?.label}: left together with ${first.label}`);
      } else this.#found.push(`${fact.label}: is in the transaction of ${first.label}`);
    }
  }

  #data(
    label: string,
    transaction: ReceivedTransaction,
    { data, isOverdue, segment }: Emission,
  ): void {
    const actual = dataOf(transaction);
    const isOneOf =
      isOverdue &&
      this.#ledger
        .versionsOf(segment)
        .some((version) => isDeepStrictEqual(actual, comparable(version)));
    if (!isOneOf) this.#equal(`${label}: scope data of the transaction`, actual, comparable(data));
  }

  #errors(errors: readonly ReceivedError[]): void {
    const missing = new Map(this.#ledger.errors);
    for (const error of errors) {
      const id = error.event_id ?? "";
      const expected = missing.get(id);
      if (expected === undefined)
        this.#found.push(`${id}: nobody captured this error, or it came twice`);
      else {
        this.#equal(
          `${expected.label}: scope data of the error`,
          dataOf(error),
          comparable(expected.data),
        );
        this.#equal(
          `${expected.label}: trace of the error`,
          traceOf(error),
          this.#identityOf(expected.span) ?? this.#outside(traceOf(error)),
        );
      }
      missing.delete(id);
    }
    for (const { label } of missing.values()) this.#found.push(`${label}: error is lost`);
  }

  // Where no span is active, an error has ids of its unit's own, which no span has.
  #outside(trace: ReturnType<typeof traceOf>): ReturnType<typeof traceOf> {
    return this.#ledger.spans.has(trace?.span_id ?? "") ? undefined : trace;
  }

  // Ignored spans are left out: their children are their parent's.
  #expectedParent({ parent, segment }: SpanFact): string | undefined {
    let ancestor: ParentFact | undefined = parent;
    while (ancestor?.type === "local" && ancestor.ignored && ancestor.segment === segment)
      ancestor = ancestor.parent;
    return this.#identityOf(ancestor)?.span_id;
  }

  #traceOf(fact: SpanFact): string | undefined {
    let top: ParentFact = fact;
    while (top.type === "local" && top.parent !== undefined) top = top.parent;
    return this.#identityOf(top)?.trace_id;
  }

  #identityOf(fact: ParentFact | undefined): { trace_id: string; span_id: string } | undefined {
    if (fact === undefined) return undefined;
    const identity =
      fact.type === "remote"
        ? this.#ledger.remotes.get(fact)
        : this.#ledger.runs.get(fact)?.context;
    return identity && { trace_id: identity.traceId, span_id: identity.spanId };
  }

  // A sender without a sampling context wants none sent; any other trace has its own.
  #expectedDscTrace({ trace }: SpanFact, own: string): string | undefined {
    const sender = [...this.#ledger.remotes].find(
      ([remote]) => (remote as ParentFact).trace === trace,
    );
    return sender !== undefined && isSentry(sender[0]) && !sender[1].dsc ? undefined : own;
  }

  // What one transaction cannot hold goes in further ones.
  #expectedKind(
    { label, segment }: SpanFact,
    { kind, isOverdue, spans }: Emission,
    actual: unknown,
  ): unknown {
    if (label === segment?.root) return undefined;
    if (isOverdue) return actual;
    const isCrowded = spans.length > 1000 && actual === "overflow";
    return kind === "root" || isCrowded ? "overflow" : kind;
  }

  #nameOf(spanId: string | undefined): string | undefined {
    return spanId === undefined
      ? undefined
      : (this.#ledger.spans.get(spanId)?.fact.label ?? spanId);
  }

  #equal(what: string, actual: unknown, expected: unknown): void {
    if (isDeepStrictEqual(actual, expected)) return;
    this.#found.push(`${what} is ${JSON.stringify(actual)}, should be ${JSON.stringify(expected)}`);
  }
}

function isSentry(remote: object): boolean {
  return "isSentry" in remote && remote.isSentry === true;
}

function traceOf({ contexts }: ReceivedError): { trace_id: string; span_id: string } | undefined {
  const trace = contexts?.trace;
  return trace && { trace_id: trace.trace_id, span_id: trace.span_id };
}

function comparable({ user, tags, crumbs, contexts }: UnitData): object {
  return {
    user,
    tags: { ...GLOBAL_TAG, ...tags },
    crumbs: crumbs.map(({ message }) => message),
    contexts,
  };
}

function dataOf({
  user,
  tags = {},
  breadcrumbs,
  contexts = {},
}: ReceivedError | ReceivedTransaction): object {
  const own = Object.entries(contexts).filter(([name]) => name.startsWith("context"));
  return {
    user: user === undefined ? undefined : { ...user },
    tags: { ...tags },
    crumbs: crumbsOf(breadcrumbs),
    contexts: Object.fromEntries(own),
  };
}

// Events carry them as `{ values }` or as a list (protocol: breadcrumbs interface).
function crumbsOf(breadcrumbs: unknown): unknown[] {
  const list = Array.isArray(breadcrumbs)
    ? breadcrumbs
    : (breadcrumbs as { values?: unknown[] } | undefined)?.values;
  return (list ?? []).map((crumb) => (crumb as { message?: unknown }).message);
}
