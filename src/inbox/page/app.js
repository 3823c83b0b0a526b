import { byId, el } from "./dom.js";
import { listenToKeys } from "./keys.js";
import { ListView } from "./list-view.js";
import { tablesOf } from "./tables.js";
import { TraceView } from "./trace.js";

/** @type {readonly [view: string, title: string][]} */
const VIEWS = [
  ["traces", "Traces"],
  ["errors", "Errors"],
  ["logs", "Logs"],
  ["checkIns", "Check-ins"],
  ["metrics", "Metrics"],
  ["lost", "Dropped"],
];
const ALARMING = new Set(["errors", "lost"]);

/** @type {Map<string, import("../trace-record.js").TraceSummary>} */
const traces = new Map();
/** @type {import("../inbox.js").InboxCounts} */
let counts = { logs: 0, checkIns: 0, metrics: 0, dropped: 0, refused: 0, evicted: 0, omitted: 0 };
let view = "traces";
let dsn = "";
/** Id of the trace in the detail view; empty before the first one. */
let shownTrace = "";

const traceView = new TraceView(byId("detail"));
const listView = new ListView({
  onFilter: () => drawView(),
  onChoose: ({ traceId, errorId }) => {
    const address = [view, traceId, errorId].filter((part) => part !== "").map(encodeURIComponent);
    history.replaceState(null, "", `#${address.join("/")}`);
    void load(traceId, errorId);
  },
});

function isListView() {
  return view === "traces" || view === "errors";
}

/** @param {string} name */
function showView(name) {
  view = name;
  byId("main").hidden = !isListView();
  byId("table").hidden = isListView();
  drawTabs();
  drawView();
}

function drawTabs() {
  const errors = [...traces.values()].reduce((sum, trace) => sum + trace.errors.length, 0);
  const { logs, checkIns, metrics, dropped, refused } = counts;
  /** @type {Record<string, number>} */
  const numbers = { traces: traces.size, errors, logs, checkIns, metrics, lost: dropped + refused };
  const tabs = VIEWS.map(([name, title]) => {
    const count = numbers[name];
    const counter = el(
      "span",
      ALARMING.has(name) ? "count bad" : "count",
      count.toLocaleString("en"),
    );
    const current = name === view ? "page" : undefined;
    const tab = el(
      "button",
      { type: "button", "aria-current": current },
      title,
      count > 0 && counter,
    );
    tab.addEventListener("click", () => showView(name));
    return tab;
  });
  const focused = [...byId("tabs").children].findIndex((tab) => tab === document.activeElement);
  byId("tabs").replaceChildren(...tabs);
  tabs[focused]?.focus();
}

/** @param {ReadonlySet<string>} fresh Traces that have just arrived. */
function drawView(fresh = new Set()) {
  if (isListView())
    listView.draw(view === "errors" ? "errors" : "traces", [...traces.values()], fresh);
  else void drawTables();
}

async function drawTables() {
  const response = await fetch("/data/tallies");
  const tallies = await response.json();
  if (!isListView()) byId("table").replaceChildren(...tablesOf(view, tallies, counts));
}

/** @param {string} traceId @param {string} errorId */
async function load(traceId, errorId = "") {
  shownTrace = traceId;
  const response = await fetch(`/data/traces/${encodeURIComponent(traceId)}`);
  const trace = response.ok ? await response.json() : undefined;
  // Another trace was chosen in the meantime.
  if (shownTrace !== traceId) return;
  if (trace !== undefined) traceView.show(trace, errorId);
  else
    traceView.showInstead(
      message("This trace is no longer kept", "Newer traces have taken its place."),
    );
}

/** @param {string} title @param {...(string | Node)} content */
function message(title, ...content) {
  return el("div", "empty", el("h2", {}, title), ...content);
}

function welcome() {
  shownTrace = "";
  traceView.showInstead(
    message(
      "Waiting for the first trace",
      el(
        "p",
        {},
        "Start your application with this DSN. What it sends appears here at once; nothing leaves this machine.",
      ),
      el("pre", {}, `SENTRY_DSN=${dsn} node --import ./instrumentation.mjs app.mjs`),
      el("p", {}, "No application at hand? This sends one error and one transaction:"),
      el("pre", {}, `npx otel-sentry-bridge send-test --dsn ${dsn}`),
    ),
  );
}

// A URL fragment such as #traces/<trace id> selects a trace.
function readAddress() {
  const [name, traceId = "", errorId = ""] = location.hash.slice(1).split("/").map(decode);
  if (traceId === "") return false;
  showView(name === "errors" ? "errors" : "traces");
  const entry = listView.find(traceId, errorId);
  if (entry !== undefined) listView.choose(entry);
  else void load(traceId, errorId);
  return true;
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

/** @param {ReadonlySet<string>} fresh */
function refresh(fresh) {
  drawTabs();
  drawView(fresh);
  if (traces.size === 0) welcome();
  else if (shownTrace === "") chooseFirst();
  else if (fresh.has(shownTrace)) void load(shownTrace);
}

function chooseFirst() {
  const { first } = listView;
  if (!readAddress() && first !== undefined) listView.choose(first);
}

/** @param {MessageEvent} event */
function onEverything({ data }) {
  const update = JSON.parse(data);
  traces.clear();
  for (const trace of update.traces) traces.set(trace.id, trace);
  counts = update.counts;
  refresh(new Set([shownTrace]));
}

/** @param {MessageEvent} event */
function onChange({ data }) {
  const update = JSON.parse(data);
  for (const id of update.evicted) traces.delete(id);
  for (const trace of update.traces) traces.set(trace.id, trace);
  counts = update.counts;
  refresh(new Set(update.traces.map((/** @type {{ id: string }} */ { id }) => id)));
}

/** @param {boolean} isLive */
function showConnection(isLive) {
  byId("connection").classList.toggle("live", isLive);
  byId("connection").textContent = isLive ? "Live" : "Not connected: is the inbox running?";
}

async function start() {
  listenToKeys({
    focusList: () => (isListView() ? listView.focus() : byId("table").focus()),
    focusTrace: () => traceView.focus(),
    toggleFolding: () => traceView.toggleFolding(),
    showView: (position) => showView(VIEWS[position]?.[0] ?? "traces"),
  });
  byId("clear").addEventListener("click", () => void fetch("/data/clear", { method: "POST" }));
  addEventListener("hashchange", readAddress);
  const response = await fetch("/data/about");
  ({ dsn } = await response.json());
  welcome();
  drawTabs();
  showConnection(false);
  const events = new EventSource("/events");
  events.addEventListener("open", () => showConnection(true));
  events.addEventListener("error", () => showConnection(false));
  events.addEventListener("everything", onEverything);
  events.addEventListener("change", onChange);
}

void start();
