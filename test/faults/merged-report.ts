import type { Quantities, ServerReport } from "./server-protocol.js";

/**
 * What two servers have seen together, as far as accounting asks for it and without client reports. An
 * id that both have processed counts twice.
 */
export function mergedReport(one: ServerReport, other: ServerReport): ServerReport {
  return {
    ...one,
    events: { ...one.events, differing: one.events.differing + other.events.differing },
    processed: added(one.processed, other.processed),
    unanswered: added(one.unanswered, other.unanswered),
    limited: added(one.limited, other.limited),
    faults: [...one.faults, ...other.faults],
  };
}

function added(one: Quantities, other: Quantities): Quantities {
  const sums: Quantities = { ...one };
  for (const [category, quantity] of Object.entries(other) as [keyof Quantities, number][])
    sums[category] = (sums[category] ?? 0) + quantity;
  return sums;
}
