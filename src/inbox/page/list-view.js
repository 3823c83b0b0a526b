import { byId, el } from "./dom.js";
import { entriesOf } from "./lists.js";

/** @typedef {import("./lists.js").Entry} Entry */

/** The list of traces or errors, with its filter and the selected entry. */
export class ListView {
  /** @type {Entry[]} */
  #entries = [];
  /** Key of the chosen entry. */
  #chosen = "";
  #list = byId("list");
  #controls = ["filter-text", "filter-service", "filter-status"].map(byId);
  #onChoose;

  /**
   * @param {object} handlers
   * @param {() => void} handlers.onFilter
   * @param {(entry: Entry) => void} handlers.onChoose
   */
  constructor({ onFilter, onChoose }) {
    this.#onChoose = onChoose;
    for (const control of this.#controls) control.addEventListener("input", onFilter);
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
    this.#list.addEventListener("click", ({ target }) => {
      const entry = this.#entries.find(
        ({ element }) => target instanceof Node && element.contains(target),
      );
      if (entry !== undefined) this.#moveTo(entry);
    });
    this.#list.addEventListener("keydown", (event) => this.#key(event));
  }

  get first() {
    return this.#entries[0];
  }

  /** @param {string} traceId @param {string} errorId */
  find(traceId, errorId) {
    return this.#entries.find(
      (item) => item.traceId === traceId && (errorId === "" || item.errorId === errorId),
    );
  }

  /**
   * @param {"traces" | "errors"} view
   * @param {import("../trace-record.js").TraceSummary[]} traces
   * @param {ReadonlySet<string>} fresh Traces that have just arrived.
   */
  draw(view, traces, fresh) {
    this.#drawServices(traces);
    const hadFocus = this.#list.contains(document.activeElement);
    const [text = "", service = "", status = ""] = this.#controls.map(valueOf);
    const { entries, hidden } = entriesOf(view, traces, { text, service, status });
    this.#entries = entries;
    for (const { element, traceId } of entries) element.classList.toggle("new", fresh.has(traceId));
    this.#list.setAttribute("aria-label", view === "errors" ? "Errors" : "Traces");
    this.#list.replaceChildren(...entries.map(({ element }) => element));
    const isFiltered = text + service + status !== "";
    byId("list-note").textContent = noteOf({ hidden, isFiltered, isEmpty: entries.length === 0 });
    this.#mark();
    if (hadFocus) this.focus();
  }

  /** @param {Entry} entry */
  choose(entry) {
    this.#chosen = entry.key;
    this.#mark();
    this.#onChoose(entry);
  }

  focus() {
    const entry = this.#chosenEntry() ?? this.first;
    if (entry === undefined) this.#list.focus();
    else if (entry.key === this.#chosen) entry.element.focus();
    else this.#moveTo(entry);
  }

  #chosenEntry() {
    return this.#entries.find(({ key }) => key === this.#chosen);
  }

  // The Tab key reaches the selected entry, or the first one if none is selected.
  #mark() {
    const target = this.#chosenEntry() ?? this.first;
    for (const entry of this.#entries) {
      entry.element.setAttribute("aria-selected", String(entry.key === this.#chosen));
      entry.element.tabIndex = entry === target ? 0 : -1;
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const index = this.#entries.findIndex(({ element }) => element === event.target);
    /** @type {Record<string, number>} */
    const targets = {
      ArrowDown: index + 1,
      j: index + 1,
      ArrowUp: index - 1,
      k: index - 1,
      Home: 0,
      End: this.#entries.length - 1,
    };
    if (hasModifier(event) || !Object.hasOwn(targets, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    const entry = this.#entries[targets[event.key]];
    if (entry !== undefined) this.#moveTo(entry);
  }

  /** @param {Entry} entry */
  #moveTo(entry) {
    this.choose(entry);
    entry.element.focus();
    entry.element.scrollIntoView({ block: "nearest" });
  }

  /** @param {import("../trace-record.js").TraceSummary[]} traces */
  #drawServices(traces) {
    const select = byId("filter-service");
    const selected = valueOf(select);
    const services = new Set(traces.flatMap((trace) => trace.services));
    // Keeps the selected service even if its traces were evicted.
    if (selected !== "") services.add(selected);
    const options = [...services]
      .toSorted()
      .map((service) =>
        el("option", { value: service, selected: service === selected && "" }, service),
      );
    select.replaceChildren(el("option", { value: "" }, "Any service"), ...options);
  }
}

/** @param {{ hidden: number, isFiltered: boolean, isEmpty: boolean }} list */
function noteOf({ hidden, isFiltered, isEmpty }) {
  if (hidden > 0) return `${hidden.toLocaleString("en")} more not shown: use the filter.`;
  if (!isEmpty) return "";
  return isFiltered ? "Nothing matches the filter." : "Nothing yet.";
}

/** @param {Node} control */
function valueOf(control) {
  const isControl = control instanceof HTMLInputElement || control instanceof HTMLSelectElement;
  return isControl ? control.value : "";
}

/** @param {KeyboardEvent} event */
export function hasModifier({ ctrlKey, metaKey, altKey }) {
  return ctrlKey || metaKey || altKey;
}
