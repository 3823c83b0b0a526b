/**
 * Builds an element. String children become text nodes, so that received text cannot become markup. Names of attributes
 * must not be received text.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string | Record<string, string | number | boolean | undefined>} attributes A text is the class.
 * @param {...(Node | string | false | undefined)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  const given = typeof attributes === "string" ? { class: attributes } : attributes;
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  for (const child of children) {
    if (child !== false && child !== undefined) element.append(child);
  }
  return element;
}

/** @param {string} id @returns {HTMLElement} */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

/**
 * Builds an element for received text, isolated so that its text direction does not affect the text around it.
 *
 * @param {string} text
 * @param {string} className
 */
export function said(text, className = "") {
  return el("bdi", className, text);
}

/**
 * Builds a list of keys and values.
 *
 * @param {readonly (readonly [string, string])[]} pairs
 */
export function pairList(pairs) {
  const list = el("dl", "pairs");
  for (const [key, value] of pairs) list.append(el("dt", {}, said(key)), el("dd", {}, said(value)));
  return list;
}

/**
 * Builds a table. A cell is a string or an element.
 *
 * @param {readonly string[]} headings A heading that ends in "#" is that of a column of numbers.
 * @param {readonly (readonly (string | HTMLElement)[])[]} rows
 */
export function table(headings, rows) {
  const numeric = headings.map((heading) => heading.endsWith("#"));
  const classOf = (/** @type {number} */ index) => (numeric[index] ? "number" : "");
  const head = headings.map((heading, index) =>
    el("th", { class: classOf(index), scope: "col" }, heading.replace("#", "")),
  );
  const body = rows.map((cells) =>
    el(
      "tr",
      {},
      ...cells.map((cell, index) =>
        cell instanceof HTMLTableCellElement
          ? cell
          : el("td", classOf(index), typeof cell === "string" ? said(cell) : cell),
      ),
    ),
  );
  return el(
    "div",
    "card",
    el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...body)),
  );
}
