const TIMES = new Set(["start_timestamp", "timestamp"]);
const VARYING = new Set([
  "device",
  "otel.scope.version",
  "server_name",
  "telemetry.sdk.version",
  "version",
]);
const IDS = new Set(["event_id", "trace_id", "span_id", "parent_span_id"]);
const HOST_RESOURCE = /^(?:host|os|process)\./u;
// Only NodeSDK 3.x detects these by default.
const DETECTED = new Set(["os", "service.instance.id"]);

/**
 * A transaction as it is in every run: without times, with ids numbered in the order of the tree, and
 * with the machine's names, ports and versions replaced.
 *
 * @param {import("./received.mjs").Span} root
 * @param {import("./received.mjs").Received} received
 */
export function normalise(root, received) {
  const spans = inTreeOrder(root, received);
  const order = new Map(spans.map(({ id }, index) => [id, index]));
  const rank = (span) => order.get(span.span_id) ?? spans.length;
  const sorted = root.transaction.spans.toSorted((a, b) => rank(a) - rank(b));
  const ids = new Map();
  return clean({ ...root.transaction, spans: sorted }, (id) => {
    if (!ids.has(id)) ids.set(id, `<id${ids.size + 1}>`);
    return ids.get(id);
  });
}

// Depth first, siblings by what they are: which of two parallel spans is quicker is no fact.
function inTreeOrder(root, received) {
  const own = received
    .childrenOf(root.id)
    .filter(({ transaction }) => transaction === root.transaction);
  return own
    .toSorted((a, b) => (labelOf(a) < labelOf(b) ? -1 : 1))
    .flatMap((child) => [child, ...inTreeOrder(child, received)]);
}

function labelOf({ name, data }) {
  return `${name} ${data["item.sku"] ?? ""}`;
}

function clean(value, number) {
  if (Array.isArray(value)) return value.map((entry) => clean(entry, number));
  if (typeof value === "string") return value.replaceAll(/127\.0\.0\.1:\d+/gu, "127.0.0.1:<port>");
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .filter(([key]) => !TIMES.has(key) && !HOST_RESOURCE.test(key) && !DETECTED.has(key))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, entry]) => [key, cleanMember(key, entry, number)]);
  return Object.fromEntries(entries);
}

function cleanMember(key, value, number) {
  if (IDS.has(key)) return number(value);
  if (key.endsWith(".port")) return "<port>";
  if (VARYING.has(key)) return `<${key}>`;
  return clean(value, number);
}
