import { findContradictions } from "./agreement.mjs";
import { findLeaks } from "./leaks.mjs";
import { findDifferences, findOwnRequests } from "./losses.mjs";
import { findMisnested } from "./nesting.mjs";

/**
 * A row of the report: what was measured, and what is wrong with it (nothing, if all is well).
 *
 * @typedef {{ label: string, value: string | number, faults: string[] }} Measure
 */

/**
 * What the services and the other exporter say, without the embedded server's help.
 *
 * @returns {Measure[]}
 */
export function measureServices({ orders, statuses, counted, otlpSpans, targets }) {
  const started = total(counted, ({ spans }) => spans.started);
  const sent = total(counted, ({ spans }) => spans.sent);
  const failed = statuses.filter((status) => status !== 200);
  return [
    measure("requests answered", statuses.length - failed.length, [
      ...failed.map((status) => `answered ${status}`),
      ...unequal("requests", statuses.length, orders.length),
    ]),
    measure("spans started", started, []),
    measure("spans sent to Sentry", sent, unequal("sent", sent, started)),
    measure(
      "spans exported by OTLP",
      otlpSpans.length,
      unequal("exported", otlpSpans.length, started),
    ),
    counting("spans dropped or left", drops(counted)),
    counting("spans of telemetry's own requests", findOwnRequests(otlpSpans, targets)),
  ];
}

/**
 * What the embedded server received, against what the run must have made.
 *
 * @returns {Measure[]}
 */
export function measureReceived({ orders, received, otlpSpans, ingest }) {
  const jobs = orders.filter(({ body }) => body.ship);
  const declined = jobs.filter(({ body }) => body.card === "expired");
  const transactions = orders.length * 4 + jobs.length * 2;
  const errors = ingest.errors();
  return [
    measure("transactions received", received.roots.length, [
      ...unequal("transactions", received.roots.length, transactions),
      ...unequal("checkouts", received.checkouts().length, orders.length),
      ...unequal("jobs", received.jobs().length, jobs.length),
    ]),
    measure(
      "error events received",
      errors.length,
      unequal("errors", errors.length, declined.length),
    ),
    measureItems("log", payloadsOf(ingest, "log"), orders.length),
    measureItems("metric", payloadsOf(ingest, "trace_metric"), orders.length),
    measureCheckIns(payloadsOf(ingest, "check_in")),
    counting("envelopes refused", ingest.refusals),
    counting("spans lost, or sent twice", findDifferences(received, otlpSpans)),
    counting("leaked tags, users, breadcrumbs", findLeaks(received, errors)),
    counting("wrongly nested spans", findMisnested(received)),
    counting("sampling contexts against events", findContradictions(ingest.envelopes, ingest.dsn)),
    measureConnections(ingest),
  ];
}

function payloadsOf({ envelopes }, type) {
  return envelopes.flatMap(({ items }) =>
    items.filter(({ header }) => header.type === type).map((item) => item.json()),
  );
}

function measureItems(name, batches, expected) {
  const items = batches.flatMap((batch) => batch.items);
  return measure(`${name}s received`, items.length, unequal(`${name}s`, items.length, expected));
}

// Sentry drops a check-in whose environment differs from that of the first one of its id.
function measureCheckIns(checkIns) {
  const statuses = checkIns.map(({ status }) => status).toSorted();
  const environments = new Set(checkIns.map(({ environment }) => environment));
  return measure("check-ins received", checkIns.length, [
    ...unequal("statuses", statuses.join(), "in_progress,ok"),
    ...unequal("environments", [...environments].join(), "demo"),
  ]);
}

// Each service keeps a pool of at most 64 connections, however much it sends.
const MAX_CONNECTIONS = 2 * 64;

function measureConnections({ connections, envelopes }) {
  const isFew = connections <= MAX_CONNECTIONS && connections <= envelopes.length;
  return measure(
    "connections opened for envelopes",
    `${connections} for ${envelopes.length}`,
    isFew ? [] : ["connections are not reused"],
  );
}

function drops(counted) {
  return Object.entries(counted).flatMap(([service, { spans }]) => [
    ...Object.entries(spans.dropped).flatMap(([reason, n]) => repeat(n, `${service}: ${reason}`)),
    ...repeat(spans.open, `${service}: open`),
    ...repeat(spans.buffered, `${service}: buffered`),
    ...repeat(spans.queued, `${service}: queued`),
  ]);
}

function repeat(count, text) {
  return Array.from({ length: count }, () => text);
}

function total(counted, read) {
  return Object.values(counted).reduce((sum, stats) => sum + read(stats), 0);
}

function unequal(what, found, expected) {
  return found === expected ? [] : [`${found} ${what} instead of ${expected}`];
}

function counting(label, faults) {
  return measure(label, faults.length, faults);
}

function measure(label, value, faults) {
  return { label, value, faults };
}
