import { errorDetails } from "./details.js";
import { el, said, table } from "./dom.js";
import { clock, counted, duration, hueOf, inline } from "./format.js";

/** @param {string} value @param {string} noun */
function fact(value, noun) {
  return el("span", {}, el("b", {}, said(value)), ` ${noun}`);
}

/** @param {import("../trace-record.js").TraceDetail} trace */
export function heading({ summary, services, transactions, spans, errors, start, millis }) {
  const chip = el(
    "span",
    summary.isFailed ? "chip bad" : "chip good",
    summary.isFailed ? "failed" : "ok",
  );
  return [
    el("div", "title", el("h2", {}, said(summary.name)), chip),
    el(
      "div",
      "facts",
      ...services.map((service) =>
        el("span", "legend", el("span", `swatch ${hueOf(service)}`), said(service)),
      ),
      spans.length > 0 && fact(duration(millis), ""),
      fact(String(transactions.length), transactions.length === 1 ? "transaction" : "transactions"),
      fact(String(spans.length), spans.length === 1 ? "span" : "spans"),
      errors.length > 0 && el("span", "bad-text", counted(errors.length, "error")),
      el("span", {}, clock(start)),
      said(summary.id, "mono"),
    ),
  ];
}

/** @param {import("../trace-record.js").TraceDetail} trace */
export function errorCard({ errors, spans }) {
  if (errors.length === 0) return undefined;
  const names = new Map(spans.map(({ id, name }) => [id, name]));
  const items = errors.map((error) => errorDetails(error, names.get(error.spanId) ?? ""));
  return el("section", "card", el("h3", {}, counted(errors.length, "error")), ...items);
}

/** @param {import("../trace-record.js").TraceDetail} trace */
export function findingCard({ findings }) {
  if (findings.length === 0) return undefined;
  const items = findings.map(({ severity, rule, summary, fix }) =>
    el(
      "div",
      {},
      el("b", severity === "error" ? "bad-text" : "", said(rule)),
      " ",
      said(summary),
      el("div", "more", said(fix)),
    ),
  );
  return el("section", "card", el("h3", {}, "The doctor's findings"), ...items);
}

/** @param {import("../trace-record.js").TraceDetail} trace */
export function otherCards({ logs, metrics, checkIns }) {
  const cards = [];
  if (logs.length > 0) cards.push(el("h3", {}, "Logs"), logTable(logs));
  if (checkIns.length > 0)
    cards.push(
      el("h3", {}, "Check-ins"),
      table(
        ["Monitor", "Status", "Took"],
        checkIns.map((item) => [item.monitor, item.status, item.duration]),
      ),
    );
  if (metrics.length > 0)
    cards.push(
      el("h3", {}, "Metrics"),
      table(
        ["Metric", "Type", "Value#"],
        metrics.map((item) => [item.name, item.type, `${item.value} ${item.unit}`]),
      ),
    );
  return cards;
}

/** @param {readonly import("../views.js").LogView[]} logs */
export function logTable(logs) {
  const rows = logs.map(({ at, level, body, attributes, traceId }) => [
    el("td", "time", clock(at)),
    el(
      "td",
      { class: level === "error" || level === "fatal" ? "bad" : level === "warn" ? "warn" : "" },
      said(level),
    ),
    el("td", {}, said(body), el("div", "more", said(inline(attributes)))),
    el("td", {}, traceLink(traceId)),
  ]);
  return table(["Time", "Level", "Message", "Trace"], rows);
}

/** @param {string} traceId */
export function traceLink(traceId) {
  return traceId === ""
    ? ""
    : el(
        "a",
        { href: `#traces/${encodeURIComponent(traceId)}`, class: "mono" },
        said(traceId.slice(0, 8)),
      );
}
