import { readArrivals } from "../../src/inbox/read-envelope.js";
import type { Arrival, Pair, ScopeView } from "../../src/inbox/views.js";
import type { ReadEnvelope } from "../../src/testing/envelope-reader.js";

/** A sorted line for each thing that arrived: `error Error: refused, in GET /orders, user id=7, tags plan=pro`. */
export function arrivalLines(envelopes: readonly ReadEnvelope[]): string[] {
  const arrivals = envelopes
    .flatMap((envelope) => readArrivals(envelope))
    .map(({ arrival }) => arrival);
  const traceIds = arrivals.flatMap((item) => (item.kind === "spans" ? [item.traceId] : []));
  const traces = traceIds.length > 1 ? [`traces: ${new Set(traceIds).size}`] : [];
  return [...arrivals.map(lineOf), ...traces].toSorted();
}

function lineOf(arrival: Arrival): string {
  switch (arrival.kind) {
    case "spans":
      return joined(
        `transaction ${arrival.transaction?.name ?? ""}`,
        scopeOf(arrival.transaction?.scope),
      );
    case "error": {
      const { title, transaction, scope } = arrival.error;
      return joined(
        `error ${title}`,
        transaction === "" ? "" : `in ${transaction}`,
        scopeOf(scope),
      );
    }
    case "log": {
      const { level, body, attributes } = arrival.log;
      return joined(`log ${level} ${body}`, pairs(attributes.filter(isOwn)));
    }
    case "metric":
      return `metric ${arrival.metric.type} ${arrival.metric.name} ${arrival.metric.value}${arrival.metric.unit}`;
    case "checkIn":
      return `check-in ${arrival.checkIn.monitor} ${arrival.checkIn.status} ${arrival.checkIn.schedule}`;
    case "finding":
      return `finding ${arrival.finding.rule}`;
    case "drop":
      return `dropped ${arrival.drop.quantity} ${arrival.drop.category} ${arrival.drop.reason}`;
    default:
      return `${arrival.kind} ${arrival.type}`;
  }
}

function scopeOf(scope: ScopeView | undefined): string {
  const { user = [], tags = [] } = scope ?? {};
  return joined(
    user.length === 0 ? "" : `user ${pairs(user)}`,
    tags.length === 0 ? "" : `tags ${pairs(tags)}`,
  );
}

function isOwn([key]: Pair): boolean {
  return !key.startsWith("sentry.") && key !== "server.address";
}

function pairs(list: readonly Pair[]): string {
  return list.map(([key, value]) => `${key}=${value}`).join(" ");
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(", ");
}
