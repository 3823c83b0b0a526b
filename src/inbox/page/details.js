import { el, pairList, said } from "./dom.js";
import { clock, duration, inline } from "./format.js";

/**
 * @typedef {import("../views.js").ScopeView} Scope
 * @typedef {import("../views.js").ErrorView} ErrorView
 * @typedef {readonly (readonly [string, string])[]} Pairs
 */

/**
 * Builds the view of a span's data.
 *
 * @param {import("../views.js").ShownSpan} span
 * @param {number} offset Milliseconds since the trace's start.
 */
export function spanDetails(span, offset) {
  /** @type {Pairs} */
  const facts = [
    ["service", span.service],
    ["op", span.op],
    ["status", span.status],
    ["duration", duration(span.millis)],
    ["starts after", duration(offset)],
    ["span id", span.id],
  ];
  return el(
    "div",
    {},
    el("h2", {}, said(span.name)),
    pairList(facts.filter(([, value]) => value !== "")),
    titled("Data", span.data, pairList),
  );
}

/**
 * Builds the view of an event's scope data.
 *
 * @param {Scope} scope
 */
export function scopeDetails(scope) {
  return el(
    "div",
    {},
    titled("User", scope.user, pairList),
    titled("Tags", scope.tags, pairList),
    titled("Breadcrumbs", scope.breadcrumbs, crumbList),
    titled("Request", scope.request, pairList),
    titled("Extra", scope.extra, pairList),
    titled("Process", scope.process, pairList),
    scope.contexts.length > 0 && el("h3", {}, "Contexts"),
    ...scope.contexts.map(([name, data]) =>
      el("details", {}, el("summary", {}, said(name)), pairList(data)),
    ),
  );
}

/**
 * @template T
 * @param {string} title
 * @param {readonly T[]} items
 * @param {(items: readonly T[]) => HTMLElement} draw
 */
function titled(title, items, draw) {
  return items.length > 0 && el("section", {}, el("h3", {}, title), draw(items));
}

/** @param {Scope["breadcrumbs"]} breadcrumbs */
function crumbList(breadcrumbs) {
  const items = breadcrumbs.map(({ at, category, message, data, level }) =>
    el(
      "li",
      {},
      el("time", {}, clock(at)),
      el(
        "span",
        level === "error" || level === "fatal" ? "bad-text" : "",
        said([category, message].filter(Boolean).join(": ")),
      ),
      data.length > 0 && said(inline(data), "more"),
    ),
  );
  return el("ul", "crumbs", ...items);
}

/**
 * Builds the view of an error with its causes and stack frames.
 *
 * @param {ErrorView} error
 * @param {string} spanName
 */
export function errorDetails(error, spanName) {
  const [thrown, ...causes] = error.exceptions;
  const facts = [
    error.level,
    error.service,
    spanName && `in ${spanName}`,
    error.location,
    thrown && (thrown.isHandled ? "handled" : "unhandled"),
    clock(error.at),
  ];
  const element = el(
    "article",
    { class: "error", tabindex: -1 },
    el("h4", {}, said(error.title)),
    el("div", "meta", said(facts.filter(Boolean).join(" · "))),
    thrown && frameList(thrown.frames),
    ...causes.flatMap((cause) => [
      el("p", "cause", "Caused by ", said(`${cause.type}: ${cause.value}`)),
      frameList(cause.frames) || "",
    ]),
    el("details", {}, el("summary", {}, "Scope of this event"), scopeDetails(error.scope)),
  );
  element.dataset.error = error.eventId;
  return element;
}

/** @param {ErrorView["exceptions"][number]["frames"]} frames */
function frameList(frames) {
  if (frames.length === 0) return undefined;
  const first = Math.max(
    frames.findIndex(({ isOwn }) => isOwn),
    0,
  );
  return el("div", "frames", ...frames.map((frame, index) => drawFrame(frame, index === first)));
}

/**
 * @param {ErrorView["exceptions"][number]["frames"][number]} frame
 * @param {boolean} isOpen
 */
function drawFrame(frame, isOpen) {
  const location = [frame.file, frame.line, frame.column].filter(Boolean).join(":");
  const line = [
    said(frame.function, frame.isOwn ? "own" : ""),
    "  ",
    said(location, frame.isOwn ? "where" : ""),
  ];
  if (frame.source.length === 0) return el("div", "frame", ...line);
  const source = frame.source.map(([number, text]) =>
    el("div", number === frame.line ? "at" : "", el("i", {}, String(number)), said(text)),
  );
  return el(
    "details",
    { open: isOpen && "" },
    el("summary", {}, ...line),
    el("pre", "source", ...source),
  );
}
