// Under whom each step belongs. The services' code decides it, whatever runs at the same time.
const PARENTS = new Map([
  ["checkout", ["request handler"]],
  ["gather", ["checkout"]],
  ["look up", ["gather"]],
  ["check stock", ["look up"]],
  ["price", ["checkout"]],
  ["discount", ["price"]],
  ["send orders", ["checkout"]],
  ["reserve", ["process orders"]],
  ["pack", ["process orders"]],
  ["charge", ["process orders"]],
  ["http.client", ["look up", "reserve"]],
  ["read item", ["handler"]],
  ["reserve items", ["handler"]],
  ["db", ["read item", "reserve items"]],
]);

// Start times come from a clock of milliseconds, durations from a finer one.
const CLOCK_SECONDS = 0.002;

/**
 * Finds spans under the wrong parent, siblings that did not run side by side, and steps that do not
 * follow each other.
 *
 * @param {import("../received.mjs").Received} received
 * @returns {string[]} one line per fault
 */
export function findMisnested(received) {
  return [
    ...received.spans.flatMap((span) => misplaced(span, received)),
    ...received.checkouts().flatMap((root) => unparallel(root, received)),
    ...received.jobs().flatMap((root) => unlinked(root, received)),
  ];
}

function misplaced(span, received) {
  const parent = received.parentOf(span);
  if (isAtHome(span, parent)) return [];
  return [`"${span.name}" under "${parent?.name ?? "nothing"}" of ${span.traceId}`];
}

function isAtHome(span, parent) {
  if (span.isRoot) return span.service === "gateway" || isCallOf(span, parent);
  // Each look-up's own spans are about its own item.
  if (parent?.name === "look up" && skuOf(span) !== skuOf(parent)) return false;
  const parents = PARENTS.get(span.name) ?? PARENTS.get(span.op);
  return parents === undefined || parents.some((name) => parent?.name.startsWith(name));
}

function isCallOf(root, caller) {
  const url = String(caller?.data["url.full"]);
  return url.endsWith(String(root.data["url.path"])) && caller.traceId === root.traceId;
}

function skuOf(span) {
  const url = String(span?.data["url.full"] ?? "");
  return span?.data["item.sku"] ?? url.match(/sku-\d+/)?.[0];
}

function unparallel(root, received) {
  const named = stepsOf(root, received);
  const lookUps = named("look up");
  const [[gather], [price]] = [named("gather"), named("price")];
  if (lookUps.length !== 3 || gather === undefined || price === undefined) {
    return [`steps of ${root.id} are missing`];
  }
  const lastStart = Math.max(...lookUps.map((span) => span.start));
  const firstEnd = Math.min(...lookUps.map((span) => span.end));
  return [
    ...(lastStart <= firstEnd ? [] : [`look-ups of ${root.id} one after another`]),
    ...(price.start >= gather.end - CLOCK_SECONDS ? [] : [`price of ${root.id} before its items`]),
  ];
}

function stepsOf(root, received) {
  const own = received.spans.filter((span) => span.transaction === root.transaction);
  return (name) => own.filter((span) => span.name === name);
}

function unlinked(job, received) {
  const links = job.transaction.contexts.trace.links ?? [];
  const sender = received.spans.find((span) => span.id === links[0]?.span_id);
  const id = "messaging.message.id";
  const isSender = sender !== undefined && sender !== job && sender.data[id] === job.data[id];
  const isApart = job.parentId === undefined && job.traceId !== sender?.traceId;
  return [
    ...(isSender && links.length === 1 ? [] : [`job ${job.data[id]} is not linked to its sender`]),
    ...(isApart ? [] : [`job ${job.data[id]} is part of a request`]),
  ];
}
