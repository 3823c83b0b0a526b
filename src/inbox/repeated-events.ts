import type { Arrival } from "./views.js";

/** Ids of events that are remembered. */
const MAX_EVENT_IDS = 10_000;

/** Finds events that arrive once more: SDKs send an event again when its answer was lost. */
export class RepeatedEvents {
  /** Number of arrivals by event id, the oldest id first. */
  readonly #arrivals = new Map<string, number>();

  /** Returns the arrival, or in its place the repeat of an event that arrived before. */
  check(arrival: Arrival): Arrival {
    const eventId = eventIdOf(arrival);
    if (eventId === "") return arrival;
    const times = (this.#arrivals.get(eventId) ?? 0) + 1;
    this.#arrivals.set(eventId, times);
    const type = arrival.kind === "error" ? "error" : "transaction";
    if (times > 1) return { kind: "repeat", type, eventId, times };
    const [oldest] = this.#arrivals.keys();
    if (this.#arrivals.size > MAX_EVENT_IDS && oldest !== undefined) this.#arrivals.delete(oldest);
    return arrival;
  }

  clear(): void {
    this.#arrivals.clear();
  }
}

function eventIdOf(arrival: Arrival): string {
  if (arrival.kind === "error") return arrival.error.eventId;
  return arrival.kind === "spans" ? (arrival.transaction?.eventId ?? "") : "";
}
