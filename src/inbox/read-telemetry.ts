import type { CheckInView, DropView, LogView, MetricView } from "./views.js";
import { attributesOf, entriesOf, listOf, numberOf, recordOf, textOf, timeOf } from "./wire.js";
import type { WireRecord } from "./wire.js";

/** Reads the records of a log item. */
export function readLogs(payload: unknown): LogView[] {
  return entriesOf(payload).map((item) => {
    const log = recordOf(item);
    return {
      traceId: textOf(log["trace_id"]),
      spanId: textOf(log["span_id"]),
      at: timeOf(log["timestamp"]) ?? Date.now(),
      level: textOf(log["level"]) || "info",
      body: textOf(log["body"]),
      attributes: attributesOf(log["attributes"]).filter(([key]) => !key.startsWith("sentry.")),
    };
  });
}

/** Reads the measurements of a metric item. */
export function readMetrics(payload: unknown): MetricView[] {
  return entriesOf(payload).map((item) => {
    const metric = recordOf(item);
    return {
      traceId: textOf(metric["trace_id"]),
      name: textOf(metric["name"]),
      type: textOf(metric["type"]),
      unit: textOf(metric["unit"]),
      value: numberOf(metric["value"]) ?? 0,
    };
  });
}

/** Reads a check-in. It has no time of its own: that of its arrival is given. */
export function readCheckIn(payload: unknown, at: number): CheckInView {
  const checkIn = recordOf(payload);
  const duration = numberOf(checkIn["duration"]);
  return {
    id: textOf(checkIn["check_in_id"]),
    traceId: textOf(recordOf(recordOf(checkIn["contexts"])["trace"])["trace_id"]),
    at,
    monitor: textOf(checkIn["monitor_slug"]),
    status: textOf(checkIn["status"]),
    schedule: scheduleOf(recordOf(recordOf(checkIn["monitor_config"])["schedule"])),
    environment: textOf(checkIn["environment"]),
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
        category: textOf(category),
        reason: textOf(reason),
        quantity: numberOf(quantity) ?? 0,
      };
    });
}

function scheduleOf({ type, value, unit }: WireRecord): string {
  return type === "interval" ? `every ${textOf(value)} ${textOf(unit)}` : textOf(value);
}
