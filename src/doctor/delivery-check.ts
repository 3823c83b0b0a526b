import type { ClientStats } from "../client/stats.js";
import { isUrgentCategory } from "../protocol/data-category.js";
import type { DataCategory } from "../protocol/data-category.js";
import { finding } from "./finding.js";
import { quantityOf } from "./report-text.js";
import { MANY } from "./suspects.js";
import type { Examination, Finding } from "./finding.js";

const NOT_REACHED = "The server could not be reached, or did not answer.";
const SAMPLE_LESS = "Sample less (`tracesSampleRate`), or raise";
const CHECK =
  "Run `otel-sentry-bridge doctor` without a command: it checks the DSN, the network and the server's answer.";

/** The reasons for losses that are faults, what they mean, and what to do. Others are decisions of the application. */
const LOSSES: Readonly<Record<string, readonly [meaning: string, fix: string]>> = {
  network_error: [NOT_REACHED, `${CHECK} The option \`spool\` keeps what cannot be sent.`],
  send_error: ["The server refused what was sent.", CHECK],
  queue_overflow: [
    "More was captured than could be sent, or the server was slow.",
    `${SAMPLE_LESS} \`maxBufferedBytes\` and \`transport.maxConnections\`.`,
  ],
  buffer_overflow: [
    "A buffer was full: of logs, metrics or exceptions that wait.",
    "Capture less, or end root spans sooner.",
  ],
  cache_overflow: [
    "The spool was full, or its envelopes too old.",
    "Raise `spool.maxBytes`, or find out why the server is not reached.",
  ],
  ratelimit_backoff: [
    "The project's quota is used up, or a spike protection limits it.",
    `${SAMPLE_LESS} the quota in Sentry.`,
  ],
  closed: [
    "Spans ended after the processor or the client was closed.",
    "Shut OpenTelemetry down last, after servers and workers.",
  ],
  internal_sdk_error: [
    "An error occurred within this package.",
    "Set SENTRY_DEBUG=1, and report what it writes.",
  ],
};

/** Rule D18: what a client has lost, by its own counts. */
export function checkDelivery(stats: ClientStats): Examination {
  const { transactions, errors } = stats;
  const spooled = transactions.spooled + errors.spooled;
  const kept = spooled === 0 ? "" : `; in the spool: ${spooled}`;
  const sent = `${quantityOf(transactions.sent, "transaction")}, ${quantityOf(errors.sent, "error")}${kept}`;
  return {
    facts: [{ name: "sent", value: sent }],
    findings: [
      ...lossFindings(stats),
      ...(spooled > 0 && hasReachedNoServer(stats) ? [ONLY_SPOOLED] : []),
    ],
  };
}

function lossFindings({ byCategory }: ClientStats): Finding[] {
  const losses = new Map<string, { readonly items: string[]; count: number }>();
  for (const [category, { dropped, sent }] of Object.entries(byCategory))
    for (const [reason, quantity = 0] of Object.entries(dropped)) {
      if (quantity === 0 || !Object.hasOwn(LOSSES, reason)) continue;
      const isUrgent = isUrgentCategory(category as DataCategory);
      if (reason === "closed" && !isUrgent && areFew(quantity, sent)) continue;
      const loss = losses.get(reason) ?? { items: [], count: 0 };
      losses.set(reason, loss);
      loss.items.push(quantityOf(quantity, category));
      loss.count += quantity;
    }
  return [...losses].map(([reason, { items, count }]) => lossFinding(reason, items, count));
}

// Work of an interval that is under way when the process is stopped.
function areFew(quantity: number, sent: number): boolean {
  return quantity < MANY && sent >= quantity * MANY;
}

// A process that exits at once spools what it would have sent.
function hasReachedNoServer({ byCategory, delivery }: ClientStats): boolean {
  return !delivery.isReachable && Object.values(byCategory).every(({ sent }) => sent === 0);
}

const ONLY_SPOOLED = finding({
  rule: "D18",
  name: "only-spooled",
  severity: "warning",
  summary: "Nothing has reached the server: what was captured is in the spool directory.",
  mechanism: NOT_REACHED,
  fix: CHECK,
});

function lossFinding(reason: string, items: readonly string[], count: number): Finding {
  const [mechanism, fix] = LOSSES[reason] ?? ["", ""];
  return finding({
    rule: "D18",
    name: `lost-${reason.replaceAll("_", "-")}`,
    severity: reason === "ratelimit_backoff" ? "warning" : "error",
    summary: `The client has lost ${items.join(" and ")}, for the reason ${reason}.`,
    count,
    mechanism,
    fix,
  });
}
