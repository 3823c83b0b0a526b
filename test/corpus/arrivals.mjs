// What an application of the corpus sent, in a compact form: equal things are one line, with their number and that of their users.

/** Lines about transactions, spans, errors, check-ins and logs; and one for each that is on the wrong unit. */
export function describeArrivals(server) {
  const transactions = server.transactions();
  const errors = server.errors();
  const items = server.envelopes.flatMap((envelope) => envelope.items);
  const lines = [
    ...withScopes(transactions, transactionLine),
    ...transactions.flatMap(({ spans }) => spans.map(spanLine)),
    ...withScopes(errors, errorLine),
    ...items
      .filter(({ header }) => header.type === "check_in")
      .map(({ payload }) => `check-in ${json(payload).status}`),
    ...items
      .filter(({ header }) => header.type === "log")
      .flatMap(({ payload }) => json(payload).items)
      .map(({ level, body }) => `log ${level} ${body}`),
    ...foreign(transactions, errors),
  ];
  return [...countsOf(lines)]
    .map(([line, count]) => `${count} x ${line}`)
    .toSorted((a, b) => (a.slice(a.indexOf("x")) < b.slice(b.indexOf("x")) ? -1 : 1));
}

/** Lines of events, each with the number of different users and `unit` tags on all events of that line. */
function withScopes(events, lineOf) {
  const scopes = new Map();
  for (const event of events) {
    const { users, tags } = scopes.get(lineOf(event)) ?? { users: new Set(), tags: new Set() };
    if (event.user?.id !== undefined) users.add(event.user.id);
    if (event.tags?.unit !== undefined) tags.add(event.tags.unit);
    scopes.set(lineOf(event), { users, tags });
  }
  return events.map((event) => {
    const { users, tags } = scopes.get(lineOf(event));
    return `${lineOf(event)} | ${users.size} users, ${tags.size} tags`;
  });
}

function countsOf(lines) {
  const counts = new Map();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

const json = (payload) =>
  typeof payload === "object" && !ArrayBuffer.isView(payload)
    ? payload
    : JSON.parse(String(payload));

const general = (text = "") =>
  text
    .replaceAll(/127\.0\.0\.1:\d+/g, "<host>")
    .replaceAll(/unit(?:s\/|:| |-)?\d+/g, (match) => match.replace(/\d+/, "<n>"));

function transactionLine({ transaction, transaction_info: info, contexts }) {
  const { op, status, origin } = contexts.trace;
  return `transaction ${general(transaction)} | ${op ?? "-"} | ${status} | ${info?.source} | ${origin}`;
}

function spanLine({ description, op, status, origin }) {
  return `  span ${general(description)} | ${op ?? "-"} | ${status} | ${origin}`;
}

function errorLine({ exception, transaction }) {
  const [first] = exception.values;
  return `error ${first.type}: ${general(first.value)} | in ${general(transaction)} | ${first.mechanism.type} | handled ${first.mechanism.handled}`;
}

const traceOf = ({ contexts }) => contexts.trace.trace_id;

/** Data of another unit: a user or tag that is not that of the path, the error's text, the spans, or the trace. */
function foreign(transactions, errors) {
  const events = [...transactions, ...errors];
  // A request that one unit makes to another service has no user, but is part of its trace.
  const unitOf = new Map();
  for (const event of events)
    unitOf.set(traceOf(event), unitOf.get(traceOf(event)) ?? unitsOf(event)[0]);
  const wrong = events.flatMap((event) => {
    const unit = unitOf.get(traceOf(event));
    if (unit === undefined) return [`without a unit: ${general(event.transaction)}`];
    const isOwn = unitsOf(event).every((one) => one === unit);
    return isOwn ? [] : [`WRONG UNIT: ${event.type ?? "error"} ${general(event.transaction)}`];
  });
  const repeated = [...countsOf(errors.map(textUnit))].filter(([, count]) => count > 1);
  return [...wrong, ...repeated.map(([unit, count]) => `REPORTED ${count} TIMES: unit ${unit}`)];
}

/** The units that an event and its spans name. */
function unitsOf(event) {
  const texts = (event.spans ?? []).map(({ description = "" }) => description);
  return [
    event.tags?.unit,
    event.user?.id?.replace("user-", ""),
    pathUnit(event),
    textUnit(event),
    ...texts.map((text) => /\bunit:?(\d+)/.exec(text)?.[1]),
  ].filter((unit) => unit !== undefined);
}

function pathUnit({ contexts, request }) {
  const path = contexts.trace.data?.["url.path"] ?? request?.url ?? "";
  return /units\/(\d+)/.exec(path)?.[1];
}

function textUnit({ exception }) {
  return /unit (\d+) failed/.exec(exception?.values?.at(-1)?.value ?? "")?.[1];
}
