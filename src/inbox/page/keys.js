import { byId } from "./dom.js";
import { hasModifier } from "./list-view.js";

/**
 * Handles the keyboard shortcuts of the page.
 *
 * @param {object} handlers
 * @param {() => void} handlers.focusList
 * @param {() => void} handlers.focusTrace
 * @param {() => void} handlers.toggleFolding
 * @param {(position: number) => void} handlers.showView
 */
export function listenToKeys({ focusList, focusTrace, toggleFolding, showView }) {
  const filter = byId("filter-text");
  /** @type {Record<string, () => void>} */
  const commands = {
    "/": () => filter.focus(),
    "?": openHelp,
    Enter: focusTrace,
    Escape: focusList,
    f: toggleFolding,
    j: focusList,
    k: focusList,
  };
  document.addEventListener("keydown", (event) => {
    if (hasModifier(event) || byId("help").hasAttribute("open")) return;
    const command = /^[1-6]$/.test(event.key)
      ? () => showView(Number(event.key) - 1)
      : commands[event.key];
    const isLeaving =
      event.key === "Escape" || (event.target === filter && event.key === "ArrowDown");
    if (isControl(event.target) && !isLeaving) return;
    if (isLeaving) focusList();
    else if (command === undefined) return;
    else command();
    event.preventDefault();
  });
  byId("help-button").addEventListener("click", openHelp);
}

// Controls that handle keys themselves, such as Enter on a button.
/** @param {EventTarget | null} target */
function isControl(target) {
  return target instanceof Element && target.closest("input, select, button, a, summary") !== null;
}

function openHelp() {
  const help = byId("help");
  if (help instanceof HTMLDialogElement) help.showModal();
}
