// Medians, spread and goals of what was measured.
import { median, quantile } from "./by-turns.mjs";

/** At most so much of what OTLP JSON costs above the floor. */
const GOALS = {
  "repeat saturated": 0.6,
  "real saturated": 0.7,
  "repeat paced": 0.8,
  "real paced": 0.8,
  "app paced": 0.8,
};
// For CPU time of the application's thread while a sender thread does the rest; in all workloads.
const THREAD_GOAL = 0.3;

// Signs of a backlog: the comparison would be one of queues, not of exporters.
// A flush of the BatchSpanProcessor exports all that waits at once, in batches of 512 spans, each over a connection of its own.
// From the 31st on, the exporter refuses them. The bridge's connections are no sign: it opens up to 96 by design.
const MOST_OTLP_CONNECTIONS = 20;
// Of a turn's transactions, at its end, where the flush begins.
const MOST_QUEUED = 0.25;
const MOST_MEGABYTES_GROWN = 150;

const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);

/** Adds the table of one workload to the results, with the goals and each reason not to trust it. */
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
  const spans = perRequest === 1 ? "1 span" : `${perRequest} spans`;
  results.table(`${workload}, ${mode}: ${rounds} rounds, ${spans} per request`, rows);
  for (const [name, one] of Object.entries(cases))
    for (const doubt of doubts(name, one, perRequest)) results.fault(`${name}: ${doubt}`);
  compare(costs, results, ["bridge", "cpuMicros", GOALS[`${workload} ${mode}`]]);
  compare(costs, results, ["bridge-thread", "threadMicros", THREAD_GOAL]);
}

function compare(costs, results, [name, key, most]) {
  if (most === undefined || !costs.has(name) || !costs.has("otlp")) return;
  const ratio = costs.ratio(name, key);
  const what = key === "cpuMicros" ? name : `${name}, application's thread`;
  if (ratio === undefined)
    results.fault(`${what}: it or otlp scatters by more than it costs; take more rounds`);
  else results.goal(what, ratio, [most, "of OTLP JSON"]);
}

function costsOf(cases, perRequest) {
  const has = (name) => cases[name] !== undefined;
  const perSpan = (name, key) =>
    cases[name].turns.map((turn) => turn[key] / turn.requests / perRequest);
  // The floor's cost in the same round is taken off: neighbours in time share what else the machine did.
  const above = (name, key) => {
    const floor = has("floor") ? perSpan("floor", key) : undefined;
    return perSpan(name, key).map((cost, round) => cost - (floor?.[round] ?? 0));
  };
  const ratio = (name, key) => {
    if (!has("otlp")) return undefined;
    const [costs, otlp] = [above(name, key), above("otlp", key)];
    return scatters(costs) || scatters(otlp) ? undefined : median(costs) / median(otlp);
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
  return { has, row, ratio };
}

// Such costs are as good as unknown, and may look like less than nothing.
const scatters = (costs) => quantile(costs, 0.75) - quantile(costs, 0.25) >= median(costs);

const requestsOf = ({ turns }) => sum(turns.map((turn) => turn.requests));
const most = (turns, figure) => Math.max(...turns.map(figure));
const sendsNothing = ({ counts }) => counts.requests === 0;
const lostOf = (one, perRequest) => requestsOf(one) * perRequest - one.counts.spans;

function delivery(one, perRequest) {
  const { counts, turns } = one;
  return {
    "spans lost": sendsNothing(one) ? "-" : lostOf(one, perRequest),
    connections: counts.mostOpen,
    "bytes/span": sendsNothing(one) ? "-" : Math.round(counts.bytes / counts.spans),
    "peak MB": Math.round(most(turns, (turn) => turn.peakMegabytes)),
  };
}

function doubts(name, one, perRequest) {
  const { counts, turns, megabytesBefore } = one;
  const found = [];
  const lost = lostOf(one, perRequest);
  if (!sendsNothing(one) && lost !== 0) found.push(`${lost} spans lost`);
  if (name.startsWith("otlp") && counts.mostOpen > MOST_OTLP_CONNECTIONS)
    found.push(`${counts.mostOpen} batches at once`);
  const queued = most(turns, (turn) => turn.queued / turn.requests);
  if (queued > MOST_QUEUED)
    found.push(`${Math.round(queued * 100)} % of a turn's transactions queued at its end`);
  const grown = most(turns, (turn) => turn.rssMegabytes) - megabytesBefore;
  if (grown > MOST_MEGABYTES_GROWN) found.push(`grew by ${grown.toFixed(0)} MB`);
  return found;
}

// The instrumentations decide how many spans a request of the `app` workload has.
function observedSpansPerRequest(cases) {
  const one = Object.values(cases).find(({ counts }) => counts.spans > 0);
  return one === undefined ? 1 : Math.round(one.counts.spans / requestsOf(one));
}
