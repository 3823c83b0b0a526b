import { transactionsOf } from "../../src/testing/testing.js";
import type { IngestServer, ReceivedTransaction } from "../../src/testing/testing.js";

/** A transaction, and the sampling context of its envelope. */
export interface Sent {
  readonly root: { readonly spanId: string; readonly parentId: string | undefined };
  /** Ids of the spans that stand for requests, and for jobs that were started. */
  readonly calls: readonly string[];
  readonly dsc: unknown;
}

/** What the services have sent about a trace, by their names. Throws when one has sent more than one. */
export function sentAbout(ingest: IngestServer, traceId: string): Map<string, Sent> {
  const found = new Map<string, Sent>();
  for (const { transaction, dsc } of transactionsIn(ingest)) {
    const { contexts, release: name = "", spans } = transaction;
    if (contexts.trace?.trace_id !== traceId) continue;
    if (found.has(name)) throw new Error(`${name} has sent two transactions of one trace`);
    const { span_id: spanId, parent_span_id: parentId } = contexts.trace;
    const calls = spans.filter(
      ({ op, description }) => op === "http.client" || description === "start job",
    );
    found.set(name, { root: { spanId, parentId }, calls: calls.map((span) => span.span_id), dsc });
  }
  return found;
}

function transactionsIn({
  envelopes,
}: IngestServer): { transaction: ReceivedTransaction; dsc: unknown }[] {
  return envelopes.flatMap((envelope) => {
    const dsc = envelope.header["trace"];
    return transactionsOf([envelope]).map((transaction) => ({ transaction, dsc }));
  });
}
