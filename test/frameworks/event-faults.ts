import type { ReceivedError, ReceivedTransaction } from "../../src/testing/received.js";

/** What an event is judged by. */
export interface Expected {
  readonly transactions: readonly ReceivedTransaction[];
  /** Of the request; the event's user unless it is given. */
  readonly id?: string;
}

/** What is wrong with the user, tags, trace, span and transaction of an event. */
export function faultsOf(
  event: ReceivedError | undefined,
  { transactions, id = String(event?.user?.id) }: Expected,
): string[] {
  const { trace_id, span_id } = event?.contexts?.trace ?? {};
  const own = transactions.find(({ contexts }) => contexts.trace?.trace_id === trace_id);
  if (event === undefined || own === undefined) return [`${id}: of no transaction`];
  const spans = [own.contexts.trace?.span_id, ...own.spans.map((span) => span.span_id)];
  const faults = {
    event: !isOf(event, id),
    transaction: !isOf(own, id),
    span: !spans.includes(span_id),
    // A name that is no more than the URL is not told; nor is one that is not known yet.
    name: event.transaction !== undefined && event.transaction !== own.transaction,
  };
  return Object.entries(faults).flatMap(([name, isFault]) => (isFault ? [`${id}: ${name}`] : []));
}

function isOf({ user, tags }: ReceivedError | ReceivedTransaction, id: string): boolean {
  return user?.id === id && tags?.["request"] === id;
}

/** Ids of the users of events. */
export function usersOf(events: readonly ReceivedError[]): Set<unknown> {
  return new Set(events.map(({ user }) => user?.id));
}

/** The application's line that the stack of an event ends in. */
export function lastOwnFrame(
  event: ReceivedError | undefined,
): Readonly<Record<string, unknown>> | undefined {
  const frames = event?.exception?.values.at(-1)?.stacktrace?.frames ?? [];
  return frames.findLast((frame) => frame["in_app"] === true);
}
