// Cases that take turns within one process, in many short rounds: what else the machine does meets them all alike. By the CPU time
// instead of the wall clock, because other processes share the machine. It includes collections.
import { cpuMicros } from "./clock.mjs";

export const median = (numbers) => quantile(numbers, 0.5);
export const quantile = (numbers, part) =>
  numbers.toSorted((a, b) => a - b)[Math.round((numbers.length - 1) * part)];

/**
 * Returns the CPU time per unit of each case, in microseconds, by round. A case is a function that does a number of calls;
 * a call does `units` of work, one by default. `between` runs after each case's turn and is not measured. `isEven`: all do as many
 * calls per turn, so that the share of what a turn costs once is the same in cases that differ little. A turn has at least `leastCalls`.
 */
export async function costsByTurns(cases, options = {}) {
  const { rounds = 41, units = 1, between = () => {}, isEven = false } = options;
  const names = Object.keys(cases);
  const calls = {};
  for (const name of names) calls[name] = await callsPerRound(cases[name], options);
  const most = Math.max(...Object.values(calls));
  if (isEven) for (const name of names) calls[name] = most;
  const costs = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    // Rounds begin with each case in turn, and go forwards and backwards, so that no case always follows the same one.
    const order = round % 2 === 0 ? names : names.toReversed();
    for (let step = 0; step < names.length; step++) {
      const name = order[((round >> 1) + step) % names.length];
      const start = cpuMicros();
      await cases[name](calls[name]);
      costs[name].push((cpuMicros() - start) / calls[name] / units);
      await between(name);
    }
  }
  return costs;
}

// Doubles the number of calls until a turn is long enough; this also warms the case up.
async function callsPerRound(run, options) {
  const { roundMillis = 25, firstCalls = 2000, leastCalls = 16, between } = options;
  await run(firstCalls);
  for (let calls = leastCalls; ; calls *= 2) {
    const start = cpuMicros();
    await run(calls);
    const micros = cpuMicros() - start;
    await between?.();
    if (micros > roundMillis * 1000) return calls;
  }
}

/** Returns the differences to the floor's cost in the same round. */
export const above = (costs, name, floor) =>
  costs[name].map((cost, round) => cost - costs[floor][round]);

/** Returns a row of a table: median, quartiles and minimum of the costs in µs. */
export function costRow(name, costs) {
  return {
    case: name,
    µs: median(costs).toFixed(3),
    quartiles: `${quantile(costs, 0.25).toFixed(3)}-${quantile(costs, 0.75).toFixed(3)}`,
    least: Math.min(...costs).toFixed(3),
  };
}
