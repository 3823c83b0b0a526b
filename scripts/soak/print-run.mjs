import { droppedOf } from "./violations.mjs";

/** @typedef {import("./soak-run.mjs").SoakRun} SoakRun */

const BYTES = new Set(["heapUsed", "rss"]);
const CATEGORIES = ["transaction", "span", "error"];
const MAX_PRINTED = 20;

/** @param {SoakRun} run */
export function printRun(run) {
  printGauges(run);
  if (run.report !== undefined) printDelivery(run);
  for (const failure of run.failures.slice(0, MAX_PRINTED)) console.log(`FAILED: ${failure}`);
}

function printGauges(run) {
  console.table(
    Object.fromEntries(
      run.trends().map(({ gauge, first, last, most, peak, isGrowing }) => [
        gauge,
        {
          "first third": shown(gauge, first),
          "last third": shown(gauge, last),
          most: shown(gauge, most),
          "most in storms": shown(gauge, peak),
          grows: isGrowing,
        },
      ]),
    ),
  );
  console.log(
    `${run.looks.length} looks in calm, ${run.looksInStorms} in storms;`,
    `${run.faults?.changes ?? 0} changes of ${run.faults?.kinds ?? 0} kinds`,
  );
}

function printDelivery({ stats, report }) {
  const sum = (read) => stats.reduce((total, each) => total + read(each), 0);
  const rows = CATEGORIES.map((category) => [
    category,
    {
      captured: sum(({ byCategory }) => byCategory[category]?.captured ?? 0),
      delivered: sum(({ byCategory }) => byCategory[category]?.sent ?? 0),
      processed: report.processed[category] ?? 0,
      dropped: Object.entries(droppedOf(category, stats))
        .map(([reason, count]) => `${reason} ${count}`)
        .join(", "),
    },
  ]);
  console.table(Object.fromEntries(rows));
  console.log(
    `${report.requests.begun} requests over ${report.connections.opened} connections,`,
    `${sum(({ delivery }) => delivery.retries)} retries,`,
    `${report.events.duplicates} ids processed again, ${report.events.differing} with another payload`,
  );
}

function shown(gauge, value) {
  if (value === undefined || Number.isNaN(value)) return "-";
  return BYTES.has(gauge) ? `${(value / 1e6).toFixed(1)} MB` : value;
}
