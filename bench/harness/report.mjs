// Medians, spread and marks of what was measured.
import { median, quantile } from "./by-turns.mjs";

/** At most so much of what OTLP JSON costs above the floor. */
const MARKS = {
  "repeat saturated": 0.6,
  "real saturated": 0.7,
  "repeat paced": 0.8,
  "real paced": 0.8,
  "app paced": 0.8,
};
// Of the application's thread with the sender thread, in all workloads.
const THREAD_MARK = 0.3;
// Above these a comparison is of queues, not of exporters.
const MOST_CONNECTIONS = 64;
const MOST_MEGABYTES_GROWN = 150;

const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);

/** Adds the table of one workload to the results, with the marks and each reason not to trust it. */
export function report(result, results) {
  const { workload, mode, cases } = result;
  const perRequest = result.spansPerRequest ?? observedSpansPerRequest(cases);
  const rounds = Object.values(cases)[0].turns.length;
  const costs = costsOf(cases, perRequest);
  const rows = Object.entries(cases).map(([name, one]) => ({
    case: name,
    ...costs.row(name),
    ...delivery(one, perRequest),
  }));
  results.table(`${workload}, ${mode}: ${rounds} rounds, ${perRequest} spans per request`, rows);
  for (const [name, one] of Object.entries(cases))
    for (const doubt of doubts(one, perRequest))
      results.fault(`${name}, ${workload} ${mode}: ${doubt}`);
  const mark = MARKS[`${workload} ${mode}`];
  const ratio = costs.ratio("bridge", "cpuMicros");
  if (ratio === undefined && cases.bridge !== undefined && cases.otlp !== undefined)
    results.fault(
      `${workload} ${mode}: OTLP JSON scatters by more than it costs; take more rounds`,
    );
  else if (mark !== undefined && ratio !== undefined)
    results.mark(`${workload} ${mode}`, ratio, [mark, "of OTLP JSON"]);
  const threadRatio = costs.ratio("bridge-thread", "threadMicros");
  if (threadRatio !== undefined)
    results.mark(`${workload} ${mode}, application's thread`, threadRatio, [
      THREAD_MARK,
      "of OTLP JSON",
    ]);
}

function costsOf(cases, perRequest) {
  const perSpan = (name, key) =>
    cases[name].turns.map((turn) => turn[key] / turn.requests / perRequest);
  // The floor's cost in the same round is taken off: neighbours in time share what else the machine did.
  const above = (name, key) => {
    const floor = cases.floor === undefined ? undefined : perSpan("floor", key);
    return perSpan(name, key).map((cost, round) => cost - (floor?.[round] ?? 0));
  };
  // Undefined as well where the scatter is larger than what OTLP costs, which may then look like less than nothing.
  const ratio = (name, key) => {
    if (cases[name] === undefined || cases.otlp === undefined) return undefined;
    const costs = above("otlp", key);
    if (quantile(costs, 0.25) <= 0) return undefined;
    return median(above(name, key)) / median(costs);
  };
  const row = (name) => {
    const cpu = above(name, "cpuMicros");
    return {
      "µs/span": median(perSpan(name, "cpuMicros")).toFixed(2),
      "above floor": median(cpu).toFixed(2),
      quartiles: `${quantile(cpu, 0.25).toFixed(2)}-${quantile(cpu, 0.75).toFixed(2)}`,
      "app thread": median(above(name, "threadMicros")).toFixed(2),
      "/ otlp": ratio(name, "cpuMicros")?.toFixed(2) ?? "-",
      "thread / otlp": ratio(name, "threadMicros")?.toFixed(2) ?? "-",
    };
  };
  return { row, ratio };
}

const requestsOf = ({ turns, warmUp }) => sum([...warmUp, ...turns].map((turn) => turn.requests));
const sendsNothing = ({ counts }) => counts.requests === 0;
const lostOf = (one, perRequest) => requestsOf(one) * perRequest - one.counts.spans;

function delivery(one, perRequest) {
  const { counts, turns } = one;
  return {
    "spans lost": sendsNothing(one) ? "-" : lostOf(one, perRequest),
    connections: counts.mostOpen,
    "bytes/span": sendsNothing(one) ? "-" : Math.round(counts.bytes / counts.spans),
    "peak MB": Math.round(Math.max(...turns.map((turn) => turn.peakMegabytes))),
  };
}

function doubts(one, perRequest) {
  const { counts, turns, warmUp } = one;
  const found = [];
  const lost = lostOf(one, perRequest);
  if (!sendsNothing(one) && lost !== 0) found.push(`${lost} spans lost`);
  if (counts.mostOpen > MOST_CONNECTIONS) found.push(`${counts.mostOpen} connections at once`);
  const grown = Math.max(...turns.map((turn) => turn.rssMegabytes)) - warmUp.at(-1).rssMegabytes;
  if (grown > MOST_MEGABYTES_GROWN) found.push(`grew by ${grown.toFixed(0)} MB`);
  return found;
}

// The instrumentations decide how many spans a request of the `app` workload has.
function observedSpansPerRequest(cases) {
  const one = Object.values(cases).find(({ counts }) => counts.spans > 0);
  return one === undefined ? 1 : Math.round(one.counts.spans / requestsOf(one));
}
