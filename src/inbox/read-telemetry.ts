import type { CheckInView, DropView, LogView, MetricView } from "./views.js";
import { attributesOf, entriesOf, listOf, numberOf, recordOf, shownText, timeOf } from "./wire.js";
import type { WireRecord } from "./wire.js";

/** Reads the records of a log item. */
export function readLogs(payload: unknown): LogView[] {
  return entriesOf(payload).map((item) => {
    const log = recordOf(item);
    return {
      traceId: shownText(log["trace_id"]),
      spanId: shownText(log["span_id"]),
      at: timeOf(log["timestamp"]) ?? Date.now(),
      level: shownText(log["level"]) || "info",
      body: shownText(log["body"]),
      attributes: attributesOf(log["attributes"]).filter(([key]) => !key.startsWith("sentry.")),
    };
  });
}

/** Reads the measurements of a metric item. */
export function readMetrics(payload: unknown): MetricView[] {
  return entriesOf(payload).map((item) => {
    const metric = recordOf(item);
    return {
      traceId: shownText(metric["trace_id"]),
      name: shownText(metric["name"]),
      type: shownText(metric["type"]),
      unit: shownText(metric["unit"]),
      value: numberOf(metric["value"]) ?? 0,
    };
  });
}

/** Reads a check-in. It has no time of its own: that of its arrival is given. */
export function readCheckIn(payload: unknown, at: number): CheckInView {
  const checkIn = recordOf(payload);
  const duration = numberOf(checkIn["duration"]);
  return {
    id: shownText(checkIn["check_in_id"]),
    traceId: shownText(recordOf(recordOf(checkIn["contexts"])["trace"])["trace_id"]),
    at,
    monitor: shownText(checkIn["monitor_slug"]),
    status: shownText(checkIn["status"]),
    schedule: scheduleOf(recordOf(recordOf(checkIn["monitor_config"])["schedule"])),
    environment: shownText(checkIn["environment"]),
    duration: duration === undefined ? "" : `${Number(duration.toFixed(3))} s`,
  };
}

/** Reads what a client report says was dropped. */
export function readDrops(payload: unknown): DropView[] {
  const report = recordOf(payload);
  // Relay's own reports name what it rejected and what it filtered in lists of their own.
  const lists = ["discarded_events", "rejected_events", "filtered_events", "rate_limited_events"];
  return lists
    .flatMap((name) => listOf(report[name]))
    .map((entry) => {
      const { category, reason, quantity } = recordOf(entry);
      return {
        category: shownText(category),
        reason: shownText(reason),
        quantity: numberOf(quantity) ?? 0,
      };
    });
}

function scheduleOf({ type, value, unit }: WireRecord): string {
  return type === "interval" ? `every ${shownText(value)} ${shownText(unit)}` : shownText(value);
}
