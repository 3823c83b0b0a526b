import type { ReadEnvelope, ReadItem } from "../testing/envelope-reader.js";
import { isJsonObject } from "../testing/envelope-reader.js";
import { readError } from "./read-error.js";
import { readSpanContainer, readTransaction } from "./read-spans.js";
import { readCheckIn, readDrops, readLogs, readMetrics } from "./read-telemetry.js";
import type { Arrival } from "./views.js";
import { strangeEntries, shownText } from "./wire.js";

const READERS: Readonly<Record<string, (payload: unknown) => readonly Arrival[]>> = {
  transaction: (payload) => [readTransaction(payload)],
  event: (payload) => [{ kind: "error", error: readError(payload) }],
  span: readSpanContainer,
  log: (payload) => readLogs(payload).map((log) => ({ kind: "log", log })),
  trace_metric: (payload) => readMetrics(payload).map((metric) => ({ kind: "metric", metric })),
  check_in: (payload) => [{ kind: "checkIn", checkIn: readCheckIn(payload, Date.now()) }],
  client_report: (payload) => readDrops(payload).map((drop) => ({ kind: "drop", drop })),
};

/** An arrival and its share of the bytes of its item. */
export interface SizedArrival {
  readonly arrival: Arrival;
  readonly bytes: number;
}

/** Reads an envelope's items. Never throws: an item that cannot be read is an arrival that says so. */
export function readArrivals(envelope: ReadEnvelope): SizedArrival[] {
  return envelope.items.flatMap((item) => {
    const arrivals = readItem(item);
    const bytes = item.payload.length / arrivals.length;
    return arrivals.map((arrival) => ({ arrival, bytes }));
  });
}

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

// Items of many entries: one that is not an object does not hide the others.
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
