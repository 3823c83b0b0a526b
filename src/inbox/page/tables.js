import { el, said, table } from "./dom.js";
import { clock, counted } from "./format.js";
import { logTable, traceLink } from "./trace-cards.js";

/**
 * Builds the content of a table view.
 *
 * @param {string} view
 * @param {import("../tallies.js").Tallies} tallies
 * @param {import("../inbox.js").InboxCounts} counts
 * @returns {HTMLElement[]}
 */
export function tablesOf(view, tallies, counts) {
  if (view === "logs")
    return section("Logs", tallies.logs.length, () => [logTable(tallies.logs.toReversed())]);
  if (view === "checkIns")
    return section("Check-ins", tallies.checkIns.length, () => [checkInTable(tallies)]);
  if (view === "metrics")
    return section("Metrics", tallies.metrics.length, () => [metricTable(tallies)]);
  return lostTables(tallies, counts);
}

/** @param {string} title @param {number} count @param {() => HTMLElement[]} draw */
function section(title, count, draw) {
  return [el("h2", {}, title), ...(count === 0 ? [el("p", {}, "None have arrived.")] : draw())];
}

/** @param {import("../tallies.js").Tallies} tallies */
function checkInTable({ checkIns }) {
  const colours = /** @type {Record<string, string>} */ ({
    ok: "good",
    error: "bad",
    in_progress: "warn",
  });
  const rows = checkIns
    .toReversed()
    .map((item) => [
      el("td", "time", clock(item.at)),
      item.monitor,
      el("td", Object.hasOwn(colours, item.status) ? colours[item.status] : "", said(item.status)),
      item.duration,
      item.schedule,
      item.environment,
      traceLink(item.traceId),
    ]);
  return table(["Time", "Monitor", "Status", "Took", "Schedule", "Environment", "Trace"], rows);
}

/** @param {import("../tallies.js").Tallies} tallies */
function metricTable({ metrics }) {
  const rows = metrics.map(({ name, type, unit, count, sum, min, max, last }) => [
    name,
    type,
    unit,
    inWords(count),
    inWords(sum),
    inWords(min),
    inWords(max),
    inWords(last),
  ]);
  return table(["Metric", "Type", "Unit", "Count#", "Sum#", "Least#", "Most#", "Last#"], rows);
}

/**
 * @param {import("../tallies.js").Tallies} tallies
 * @param {import("../inbox.js").InboxCounts} counts
 */
function lostTables({ drops, others, refusals }, { evicted, omitted }) {
  const parts = section("Dropped by the application", drops.length, () => [
    el("p", {}, "Items that the SDKs did not send, from their client reports."),
    table(
      ["What", "Reason", "Quantity#"],
      drops.map(({ category, reason, quantity }) => [category, reason, String(quantity)]),
    ),
  ]);
  if (refusals.length > 0)
    parts.push(
      el("h2", {}, "Could not be read"),
      table(
        ["Reason"],
        refusals.toReversed().map((reason) => [reason]),
      ),
    );
  if (evicted + omitted > 0)
    parts.push(
      el("h2", {}, "No longer shown"),
      el(
        "p",
        {},
        `${counted(evicted, "older trace")} removed to make room for newer ones; ${counted(omitted, "item")} of very large traces left out.`,
      ),
    );
  if (others.length > 0)
    parts.push(
      el("h2", {}, "Only counted"),
      table(
        ["Item type", "Count#"],
        others.map(([type, count]) => [type, String(count)]),
      ),
    );
  return parts;
}

/** @param {number} value */
function inWords(value) {
  return Number(value.toPrecision(6)).toLocaleString("en");
}
