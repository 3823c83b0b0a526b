import { el, said } from "./dom.js";
import { clock, counted, duration } from "./format.js";

const MAX_ENTRIES = 300;

/**
 * @typedef {{ text: string, service: string, status: string }} Filter
 * @typedef {{ key: string, traceId: string, errorId: string, element: HTMLElement }} Entry
 */

/**
 * Returns the traces or errors that match the filter, newest first.
 *
 * @param {"traces" | "errors"} view
 * @param {Iterable<import("../trace-record.js").TraceSummary>} traces
 * @param {Filter} filter
 * @returns {{ entries: Entry[], hidden: number }}
 */
export function entriesOf(view, traces, filter) {
  const found = [...traces].filter((trace) => passes(trace, filter));
  const items = view === "traces" ? found.map(traceItem) : found.flatMap(errorItems);
  const sorted = items.toSorted((a, b) => b.at - a.at);
  const shown = sorted
    .slice(0, MAX_ENTRIES)
    .map(({ build, ...rest }) => ({ ...rest, element: build() }));
  return { entries: shown, hidden: sorted.length - shown.length };
}

/**
 * @param {import("../trace-record.js").TraceSummary} trace
 * @param {Filter} filter
 */
function passes(trace, { text, service, status }) {
  if (service !== "" && !trace.services.includes(service)) return false;
  if (status !== "" && (status === "failed") !== trace.isFailed) return false;
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => trace.text.includes(word));
}

/** @param {import("../trace-record.js").TraceSummary} trace */
function traceItem(trace) {
  const { id, errors } = trace;
  const failure =
    errors.length > 0 && el("span", "bad-text", ` · ${counted(errors.length, "error")}`);
  const build = () =>
    entry(
      id,
      [
        el("span", { class: trace.isFailed ? "dot bad" : "dot" }),
        said(trace.name, "name"),
        el("span", "millis", trace.spans === 0 ? "" : duration(trace.millis)),
        el(
          "span",
          "meta",
          said(trace.services.join(" → ")),
          ` · ${counted(trace.spans, "span")}`,
          failure,
        ),
        el("span", "time", clock(trace.start)),
      ],
      `${trace.isFailed ? "failed" : "ok"}: ${trace.name}`,
    );
  return { key: id, traceId: id, errorId: "", at: trace.start, build };
}

// The list is narrow, so the end of a path is shown, which has the file name.
/** @param {string} location */
function shortened(location) {
  return location.split(/[\\/]/).slice(-2).join("/");
}

/** @param {import("../trace-record.js").TraceSummary} trace */
function errorItems({ id: traceId, errors, name }) {
  return errors.map((error, index) => {
    const key = `${traceId} ${error.id || index}`;
    const isError = error.level === "error" || error.level === "fatal";
    const build = () =>
      entry(
        key,
        [
          el("span", { class: isError ? "dot bad" : "dot note" }),
          said(error.title, "name"),
          el("span", "time", clock(error.at)),
          el("span", "meta", said([error.service, shortened(error.location) || name].join(" · "))),
        ],
        `${error.level}: ${error.title}`,
      );
    return { key, traceId, errorId: error.id, at: error.at, build };
  });
}

/**
 * @param {string} key
 * @param {(Node | string | false)[]} children
 * @param {string} label
 */
function entry(key, children, label) {
  const element = el(
    "div",
    { class: "entry", role: "option", tabindex: -1, "aria-label": label },
    ...children,
  );
  element.dataset.key = key;
  return element;
}
