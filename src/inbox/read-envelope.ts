import type { ReadEnvelope, ReadItem } from "../testing/envelope-reader.js";
import { isJsonObject } from "../testing/envelope-reader.js";
import { readError, readFeedback, readSpanContainer, readTransaction } from "./read-events.js";
import type { Arrival, CheckInView, DropView, FindingView, LogView, MetricView } from "./views.js";
import {
  attributesOf,
  entriesOf,
  listOf,
  numberOf,
  recordOf,
  shownText,
  strangeEntries,
  timeOf,
} from "./wire.js";
import type { WireRecord } from "./wire.js";

const READERS: Readonly<Record<string, (payload: unknown) => readonly Arrival[]>> = {
  transaction: (payload) => [readTransaction(payload)],
  event: (payload) => [{ kind: "error", error: readError(payload) }],
  feedback: (payload) => [{ kind: "error", error: readFeedback(payload) }],
  span: readSpanContainer,
  log: (payload) => readLogs(payload).map((log) => ({ kind: "log", log })),
  trace_metric: (payload) => readMetrics(payload).map((metric) => ({ kind: "metric", metric })),
  check_in: (payload) => [{ kind: "checkIn", checkIn: readCheckIn(payload, Date.now()) }],
  doctor_findings: (payload) =>
    readFindings(payload).map((finding) => ({ kind: "finding", finding })),
  client_report: (payload) => readDrops(payload).map((drop) => ({ kind: "drop", drop })),
};

/** An arrival, and its share of the bytes of its item. */
interface SizedArrival {
  readonly arrival: Arrival;
  readonly bytes: number;
}

/** Reads the items of an envelope. Never throws: an invalid item becomes an arrival of kind `unreadable`. */
export function readArrivals(envelope: ReadEnvelope): SizedArrival[] {
  return envelope.items.flatMap((item) => {
    const arrivals = readItem(item);
    const bytes = item.payload.length / arrivals.length;
    return arrivals.map((arrival) => ({ arrival, bytes }));
  });
}

// A larger number in a client report is a mistake, and its digits would fill the page.
const MAX_QUANTITY = 1e9;

function readItem(item: ReadItem): readonly Arrival[] {
  const type = shownText(item.header.type);
  const read = Object.hasOwn(READERS, type) ? READERS[type] : undefined;
  if (read === undefined) return [{ kind: "other", type }];
  try {
    const payload = item.json();
    const fault = faultOf(type, payload);
    return fault === undefined ? read(payload) : [...read(payload), unreadable(type, fault)];
  } catch (error) {
    return [unreadable(type, shownText(String(error)))];
  }
}

// Types of item containers: an entry that is not an object does not hide the others.
const CONTAINERS: ReadonlySet<string> = new Set(["log", "span", "trace_metric"]);

function faultOf(type: string, payload: unknown): string | undefined {
  if (!isJsonObject(payload)) throw new Error("its payload is not an object");
  if (!CONTAINERS.has(type)) return undefined;
  if (!Array.isArray(payload["items"])) throw new Error("it has no list of items");
  const count = strangeEntries(payload);
  return count === 0 ? undefined : `${count} of its items are not objects`;
}

function unreadable(type: string, fault: string): Arrival {
  return { kind: "unreadable", type, fault };
}

/** Reads the records of a log item. */
function readLogs(payload: unknown): LogView[] {
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
function readMetrics(payload: unknown): MetricView[] {
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

/** Reads a check-in. Check-ins have no timestamp, so `at` is the time of arrival. */
function readCheckIn(payload: unknown, at: number): CheckInView {
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

/** Reads the findings that `doctor -- <command>` sends to the inbox. */
function readFindings(payload: unknown): FindingView[] {
  return entriesOf(payload).map((item) => ({
    traceId: shownText(item["trace_id"]),
    severity: shownText(item["severity"]),
    rule: shownText(item["rule"]),
    summary: shownText(item["summary"]),
    fix: shownText(item["fix"]),
  }));
}

/** Reads the dropped items of a client report. */
function readDrops(payload: unknown): DropView[] {
  const report = recordOf(payload);
  // Relay's own reports have separate lists for rejected, filtered and rate-limited items.
  const lists = ["discarded_events", "rejected_events", "filtered_events", "rate_limited_events"];
  return lists
    .flatMap((name) => listOf(report[name]))
    .map((entry) => {
      const { category, reason, quantity } = recordOf(entry);
      return {
        category: shownText(category),
        reason: shownText(reason),
        quantity: Math.min(Math.max(numberOf(quantity) ?? 0, 0), MAX_QUANTITY),
      };
    });
}

function scheduleOf({ type, value, unit }: WireRecord): string {
  return type === "interval" ? `every ${shownText(value)} ${shownText(unit)}` : shownText(value);
}
