import { el, said } from "./dom.js";
import { duration, hueOf } from "./format.js";

const MAX_ROWS = 2000;
const MAX_INDENT = 12;
const INDENT_PIXELS = 12;
const TICKS = 4;

/**
 * @typedef {import("../trace-record.js").TraceDetail} Detail
 * @typedef {{ element: HTMLElement, depth: number, spans: import("../views.js").ShownSpan[] }} Row
 */

/**
 * Builds the rows of a waterfall on one time axis.
 *
 * @param {Detail} trace
 * @param {boolean} isFolded
 * @returns {{ element: HTMLElement, rows: Row[], hidden: number }}
 */
export function drawWaterfall(trace, isFolded) {
  const all = isFolded ? trace.rows : trace.unfoldedRows;
  const errorTimes = timesBySpan(trace);
  const rows = all.slice(0, MAX_ROWS).map((indexes, position) => {
    const [depth, ...positions] = indexes;
    const spans = positions.map((index) => trace.spans[index]).filter((span) => span !== undefined);
    const hasChildren = (all[position + 1]?.[0] ?? 0) > depth;
    return { depth, spans, element: drawRow({ depth, spans, hasChildren }, trace, errorTimes) };
  });
  const element = el(
    "div",
    { role: "treegrid", "aria-label": "Spans" },
    axis(trace.millis),
    ...rows.map((row) => row.element),
  );
  return { element, rows, hidden: all.length - rows.length };
}

/** @param {Detail} trace */
function timesBySpan({ errors }) {
  /** @type {Map<string, number[]>} */
  const times = new Map();
  for (const { spanId, at } of errors) times.set(spanId, [...(times.get(spanId) ?? []), at]);
  return times;
}

/** @param {number} millis */
function axis(millis) {
  const ticks = el("div", "ticks");
  for (let tick = 0; tick <= TICKS; tick += 1) {
    const label = el("span", {}, duration((millis * tick) / TICKS));
    label.style.left = `${(100 * tick) / TICKS}%`;
    ticks.append(label);
  }
  return el("div", { class: "axis", "aria-hidden": "true" }, el("div", {}, "Span"), ticks);
}

/**
 * @param {{ depth: number, spans: import("../views.js").ShownSpan[], hasChildren: boolean }} row
 * @param {Detail} trace
 * @param {Map<string, number[]>} errorTimes
 */
function drawRow({ depth, spans, hasChildren }, trace, errorTimes) {
  const [span] = spans;
  const classes = ["row", span.isRoot && "root", span.isFailed && "failed"]
    .filter(Boolean)
    .join(" ");
  const element = el(
    "div",
    {
      class: classes,
      role: "row",
      tabindex: -1,
      "aria-level": depth + 1,
      "aria-expanded": hasChildren ? "true" : undefined,
    },
    drawLabel(span, { depth, count: spans.length, hasChildren }),
    drawLane(spans, trace, errorTimes),
  );
  element.dataset.span = span.id;
  return element;
}

/**
 * @param {import("../views.js").ShownSpan} span
 * @param {{ depth: number, count: number, hasChildren: boolean }} position
 */
function drawLabel(span, { depth, count, hasChildren }) {
  const label = el(
    "div",
    { class: "label", role: "gridcell", title: `${span.service}: ${span.name}` },
    el("span", { class: "toggle", "aria-hidden": "true" }, hasChildren ? "▾" : ""),
    el("span", { class: `swatch ${hueOf(span.service)}` }),
    said(span.name, "text"),
    count > 1 && el("span", "times", `×${count}`),
    span.op !== "" && span.op !== span.name && said(span.op, "op"),
  );
  label.style.paddingLeft = `${10 + Math.min(depth, MAX_INDENT) * INDENT_PIXELS}px`;
  return label;
}

/**
 * @param {import("../views.js").ShownSpan[]} spans
 * @param {Detail} trace
 * @param {Map<string, number[]>} errorTimes
 */
function drawLane(spans, { start, millis }, errorTimes) {
  const percent = (/** @type {number} */ time) =>
    Math.min(Math.max((100 * time) / Math.max(millis, 1e-6), 0), 100);
  const lane = el("div", { class: "lane", role: "gridcell" });
  for (const span of spans) {
    const classes = [
      "bar",
      hueOf(span.service),
      !span.isRoot && "inner",
      spans.length > 1 && "many",
      span.isFailed && "failed",
    ];
    const bar = el("div", classes.filter(Boolean).join(" "));
    bar.style.left = `min(${percent(span.start - start)}%, calc(100% - 3px))`;
    bar.style.width = `${percent(span.millis)}%`;
    lane.append(bar);
    for (const at of errorTimes.get(span.id) ?? []) {
      const flag = el("div", "flag");
      flag.style.left = `${percent(at - start)}%`;
      lane.append(flag);
    }
  }
  lane.append(timeLabel(spans, { start, percent }));
  return lane;
}

/**
 * @param {import("../views.js").ShownSpan[]} spans
 * @param {{ start: number, percent: (time: number) => number }} scale
 */
function timeLabel(spans, { start, percent }) {
  const total = spans.reduce((sum, { millis }) => sum + millis, 0);
  const end = Math.max(...spans.map((span) => span.start + span.millis));
  const label = el("span", "bar-time", `${spans.length > 1 ? "Σ " : ""}${duration(total)}`);
  label.style.left = `${percent(end - start)}%`;
  return label;
}
