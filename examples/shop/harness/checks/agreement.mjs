// Members of a sampling context that repeat what the event of the trace's first transaction says.
const SHARED = ["release", "environment"];

/**
 * Finds sampling contexts (the `trace` header of an envelope) that contradict the events. A trace has
 * one context, made where it began: it must name the release, the environment and the transaction of its
 * first transaction, in the envelopes of all services.
 *
 * @param {readonly { header: object, items: readonly { header: object, json(): any }[] }[]} envelopes
 * @param {string} dsn
 * @returns {string[]} one line per contradiction
 */
export function findContradictions(envelopes, dsn) {
  const publicKey = new URL(dsn).username;
  const events = envelopes.flatMap(eventsOf);
  const heads = new Map(
    events
      .filter(({ event }) => isHead(event))
      .map(({ event }) => [traceOf(event).trace_id, event]),
  );
  return events.flatMap(({ event, dsc }) => {
    const { trace_id: traceId } = traceOf(event);
    if (dsc === undefined) return [`${traceId}: no sampling context`];
    const head = heads.get(traceId) ?? event;
    const expected = [
      ["trace_id", traceId],
      ["public_key", publicKey],
      ...SHARED.map((name) => [name, head[name]]),
      ...("transaction" in dsc ? [["transaction", head.transaction]] : []),
    ];
    return expected
      .filter(([name, value]) => dsc[name] !== value)
      .map(([name, value]) => `${traceId}: ${name} ${dsc[name]} instead of ${value}`);
  });
}

function eventsOf({ header, items }) {
  return items
    .filter((item) => item.header.type === "transaction" || item.header.type === "event")
    .map((item) => ({ event: item.json(), dsc: header.trace }));
}

function isHead(event) {
  return event.type === "transaction" && traceOf(event).parent_span_id === undefined;
}

function traceOf(event) {
  return event.contexts.trace;
}
