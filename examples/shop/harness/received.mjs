/**
 * A span as Sentry received it, be it the root of a transaction or one of its `spans`.
 *
 * @typedef {{ id: string, parentId?: string, traceId: string, service: string, name: string,
 *   op?: string, data: Record<string, unknown>, start: number, end: number, transaction: object,
 *   isRoot: boolean }} Span
 */

/** All that was received, with the look-ups that the checks need. */
export class Received {
  /** @type {Span[]} */
  spans;
  #byId = new Map();
  #byParent = new Map();
  #rootOf = new Map();

  constructor(transactions) {
    this.spans = transactions.flatMap(spansOf);
    for (const span of this.spans) {
      this.#byId.set(span.id, span);
      if (span.isRoot) this.#rootOf.set(span.transaction, span);
      const siblings = this.#byParent.get(span.parentId);
      if (siblings === undefined) this.#byParent.set(span.parentId, [span]);
      else siblings.push(span);
    }
  }

  /** @returns {Span | undefined} */
  parentOf(span) {
    return this.#byId.get(span.parentId);
  }

  /** @returns {Span[]} */
  childrenOf(id) {
    return this.#byParent.get(id) ?? [];
  }

  /** @returns {Span} the root of the transaction that the span is in */
  rootOf(span) {
    return this.#rootOf.get(span.transaction);
  }

  /** Roots of transactions: what a request or a job became. */
  get roots() {
    return this.spans.filter((span) => span.isRoot);
  }

  checkouts() {
    return this.roots.filter((root) => root.service === "gateway" && !isJob(root));
  }

  jobs() {
    return this.roots.filter(isJob);
  }

  upstream() {
    return this.roots.filter((root) => root.service === "inventory");
  }
}

function isJob(root) {
  return root.data["messaging.operation.type"] === "process";
}

function spansOf(transaction) {
  const { trace, otel } = transaction.contexts;
  const service = otel?.resource?.["service.name"];
  const shared = { transaction, service, traceId: trace.trace_id };
  const root = { ...transaction, ...trace, description: transaction.transaction };
  return [
    { ...spanOf(root), ...shared, isRoot: true },
    ...transaction.spans.map((span) => ({ ...spanOf(span), ...shared, isRoot: false })),
  ];
}

function spanOf({ span_id, parent_span_id, description, op, data, start_timestamp, timestamp }) {
  return {
    id: span_id,
    parentId: parent_span_id,
    name: description,
    op,
    data: data ?? {},
    start: start_timestamp,
    end: timestamp,
  };
}
