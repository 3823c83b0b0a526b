import { scopeDetails, spanDetails } from "./details.js";
import { el } from "./dom.js";
import { counted } from "./format.js";
import { hasModifier } from "./list-view.js";
import { errorCard, findingCard, heading, otherCards } from "./trace-cards.js";
import { drawWaterfall } from "./waterfall.js";

/**
 * The view of one trace. Keeps the selected span, the collapsed rows and the focus when the trace is redrawn.
 */
export class TraceView {
  /** @type {import("../trace-record.js").TraceDetail | undefined} */
  #trace;
  /** @type {import("./waterfall.js").Row[]} */
  #rows = [];
  #chosen = "";
  /** @type {Set<string>} */
  #collapsed = new Set();
  #isFolded = true;
  #root;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
    root.addEventListener("click", (event) => this.#click(event));
    root.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {import("../trace-record.js").TraceDetail} trace @param {string} errorId An error to scroll to. */
  show(trace, errorId = "") {
    const isNew = trace.summary.id !== this.#trace?.summary.id;
    if (isNew) {
      this.#collapsed.clear();
      this.#chosen = "";
    }
    const error = trace.errors.find(({ eventId }) => eventId === errorId);
    if (error !== undefined) this.#chosen = error.spanId;
    this.#trace = trace;
    this.#draw();
    if (isNew) this.#root.scrollTop = 0;
    if (error !== undefined) this.#showError(errorId);
  }

  /** @param {HTMLElement} element */
  showInstead(element) {
    this.#trace = undefined;
    this.#root.replaceChildren(element);
  }

  focus() {
    this.#chosenRow()?.element.focus();
  }

  toggleFolding() {
    this.#isFolded = !this.#isFolded;
    this.#draw();
  }

  #draw() {
    const trace = this.#trace;
    if (trace === undefined) return;
    const hadFocus = this.#rows.some(({ element }) => element === document.activeElement);
    const { element, rows, hidden } = drawWaterfall(trace, this.#isFolded);
    this.#rows = rows;
    if (this.#chosenRow() === undefined) this.#chosen = rows[0]?.spans[0]?.id ?? "";
    const canFold = trace.rows.length < trace.unfoldedRows.length;
    const fold = el(
      "button",
      { class: "small", type: "button", "data-fold": "" },
      this.#isFolded ? "Unfold repeated" : "Fold repeated",
    );
    this.#root.replaceChildren(
      el(
        "div",
        "trace",
        el(
          "div",
          "trace-main",
          ...heading(trace),
          rows.length > 0 && el("div", "card", el("h3", {}, "Waterfall", canFold && fold), element),
          hidden > 0 && el("p", "meta", `${counted(hidden, "more row")} not shown.`),
          findingCard(trace),
          errorCard(trace),
          ...otherCards(trace),
        ),
        el("aside", { class: "inspector", "aria-label": "Selected span" }),
      ),
    );
    this.#collapse();
    this.#choose(this.#chosen);
    if (hadFocus) this.focus();
  }

  #chosenRow() {
    return this.#rows.find(({ spans }) => spans.some(({ id }) => id === this.#chosen));
  }

  /** @param {string} spanId */
  #choose(spanId) {
    this.#chosen = spanId;
    const chosen = this.#chosenRow();
    for (const { element } of this.#rows) {
      const isChosen = element === chosen?.element;
      element.setAttribute("aria-selected", String(isChosen));
      element.tabIndex = isChosen ? 0 : -1;
    }
    const inspector = this.#root.querySelector(".inspector");
    if (inspector !== null) inspector.replaceChildren(...this.#inspect(chosen));
  }

  /** @param {import("./waterfall.js").Row | undefined} row */
  #inspect(row) {
    const trace = this.#trace;
    if (trace === undefined) return [];
    const span = row?.spans[0];
    const scope = this.#transactionOf(row)?.scope ?? trace.errors[0]?.scope;
    return [
      span !== undefined && spanDetails(span, span.start - trace.start),
      scope !== undefined && scopeDetails(scope),
    ].filter((part) => part !== false);
  }

  // Returns the nearest root of a transaction above the row.
  /** @param {import("./waterfall.js").Row | undefined} row */
  #transactionOf(row) {
    const transactions = new Map(
      this.#trace?.transactions.map((transaction) => [transaction.spanId, transaction]),
    );
    let depth = Infinity;
    for (let index = row === undefined ? -1 : this.#rows.indexOf(row); index >= 0; index -= 1) {
      const above = this.#rows[index];
      if (above.depth < depth) {
        const found = transactions.get(above.spans[0]?.id ?? "");
        if (found !== undefined) return found;
        depth = above.depth;
      }
    }
    return undefined;
  }

  #collapse() {
    let hiddenBelow = Infinity;
    for (const { element, depth, spans } of this.#rows) {
      element.hidden = depth > hiddenBelow;
      if (element.hidden) continue;
      const isCollapsed = this.#collapsed.has(spans[0]?.id ?? "");
      hiddenBelow = isCollapsed ? depth : Infinity;
      if (element.hasAttribute("aria-expanded")) markCollapsed(element, isCollapsed);
    }
  }

  /** @param {string} spanId @param {boolean} isCollapsed */
  #setCollapsed(spanId, isCollapsed) {
    if (isCollapsed) this.#collapsed.add(spanId);
    else this.#collapsed.delete(spanId);
    this.#collapse();
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const { target } = event;
    if (!(target instanceof Element)) return;
    if (target.closest("[data-fold]") !== null) return this.toggleFolding();
    const row = this.#rows.find(({ element }) => element === target.closest(".row"));
    if (row === undefined) return;
    const id = row.spans[0]?.id ?? "";
    if (target.closest(".toggle") !== null) this.#setCollapsed(id, !this.#collapsed.has(id));
    this.#choose(id);
    row.element.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const row = this.#rows.find(({ element }) => element === event.target);
    if (row === undefined || hasModifier(event)) return;
    const visible = this.#rows.filter(({ element }) => !element.hidden);
    const index = visible.indexOf(row);
    /** @type {Record<string, () => void>} */
    const commands = {
      ArrowDown: () => this.#move(visible[index + 1]),
      j: () => this.#move(visible[index + 1]),
      ArrowUp: () => this.#move(visible[index - 1]),
      k: () => this.#move(visible[index - 1]),
      Home: () => this.#move(visible[0]),
      End: () => this.#move(visible.at(-1)),
      ArrowLeft: () => this.#leave(row, visible.slice(0, index)),
      ArrowRight: () => this.#enter(row, visible[index + 1]),
    };
    if (!Object.hasOwn(commands, event.key)) return;
    commands[event.key]();
    event.preventDefault();
    event.stopPropagation();
  }

  // Collapses an expanded row; from another one, goes to its parent.
  /** @param {import("./waterfall.js").Row} row @param {import("./waterfall.js").Row[]} above */
  #leave({ element, depth, spans }, above) {
    if (element.getAttribute("aria-expanded") === "true")
      this.#setCollapsed(spans[0]?.id ?? "", true);
    else this.#move(above.findLast((other) => other.depth < depth));
  }

  // Expands a collapsed row; from an expanded one, goes to its first child.
  /** @param {import("./waterfall.js").Row} row @param {import("./waterfall.js").Row | undefined} below */
  #enter({ element, spans }, below) {
    const isExpanded = element.getAttribute("aria-expanded");
    if (isExpanded === "false") this.#setCollapsed(spans[0]?.id ?? "", false);
    else if (isExpanded === "true") this.#move(below);
  }

  /** @param {import("./waterfall.js").Row | undefined} row */
  #move(row) {
    if (row === undefined) return;
    this.#choose(row.spans[0]?.id ?? "");
    row.element.focus();
    row.element.scrollIntoView({ block: "nearest" });
  }

  /** @param {string} errorId */
  #showError(errorId) {
    for (const element of this.#root.querySelectorAll(".error")) {
      if (!(element instanceof HTMLElement)) continue;
      const isChosen = element.dataset.error === errorId;
      element.classList.toggle("chosen", isChosen);
      if (isChosen) element.scrollIntoView({ block: "center" });
    }
  }
}

/** @param {HTMLElement} row @param {boolean} isCollapsed */
function markCollapsed(row, isCollapsed) {
  row.setAttribute("aria-expanded", String(!isCollapsed));
  const toggle = row.querySelector(".toggle");
  if (toggle !== null) toggle.textContent = isCollapsed ? "▸" : "▾";
}
