import { BoundedMap } from "../support/collections.js";
import { shownText } from "./wire.js";
import type { Arrival, CheckInView, DropView, LogView, MetricView } from "./views.js";

/** Bounds: entries per list, and characters of all logs. */
const MAX_LOGS = 1000;
const MAX_LOGS_LENGTH: number = 8 * 1024 * 1024;
const MAX_CHECK_INS = 200;
export const MAX_KINDS = 200;
export const MAX_REFUSALS = 50;

/** Aggregated values of one metric. */
interface MetricTally {
  readonly name: string;
  readonly type: string;
  readonly unit: string;
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly last: number;
}

/** Lists and sums of everything that is not shown per trace. */
export interface Tallies {
  readonly logs: readonly LogView[];
  readonly checkIns: readonly CheckInView[];
  readonly metrics: readonly MetricTally[];
  readonly drops: readonly DropView[];
  /** Items of types that the inbox only counts. */
  readonly others: readonly (readonly [type: string, count: number])[];
  /** Reasons why envelopes and items were refused, newest last. */
  readonly refusals: readonly string[];
}

/** Collects everything that is not shown per trace. Each list is bounded and evicts its oldest entries. */
export class TallyStore {
  readonly #logs: LogView[] = [];
  #logsLength = 0;
  readonly #checkIns = new BoundedMap<string, CheckInView>(MAX_CHECK_INS);
  readonly #metrics = new BoundedMap<string, MetricTally>(MAX_KINDS);
  readonly #drops = new BoundedMap<string, DropView>(MAX_KINDS);
  readonly #others = new BoundedMap<string, number>(MAX_KINDS);
  readonly #refusals: string[] = [];

  /** Adds an arrival to its list. Returns false if it belongs to none. */
  add(arrival: Arrival): boolean {
    if (arrival.kind === "log") this.#addLog(arrival.log);
    else if (arrival.kind === "checkIn") this.#addCheckIn(arrival.checkIn);
    else if (arrival.kind === "metric") this.#addMetric(arrival.metric);
    else if (arrival.kind === "drop") this.#addDrop(arrival.drop);
    else if (arrival.kind === "repeat") this.#addOther(`${arrival.type}, received again`);
    else if (arrival.kind === "other") this.#addOther(arrival.type);
    else if (arrival.kind === "unreadable") this.refuse(`${arrival.type}: ${arrival.fault}`);
    else return false;
    return true;
  }

  /** Keeps the reason why a request was refused. */
  refuse(reason: string): void {
    push(this.#refusals, shownText(reason), MAX_REFUSALS);
  }

  list(): Tallies {
    return {
      logs: this.#logs,
      checkIns: [...this.#checkIns.values()],
      metrics: [...this.#metrics.values()],
      drops: [...this.#drops.values()],
      others: [...this.#others],
      refusals: this.#refusals,
    };
  }

  clear(): void {
    this.#logs.length = 0;
    this.#logsLength = 0;
    this.#refusals.length = 0;
    for (const map of [this.#checkIns, this.#metrics, this.#drops, this.#others]) map.clear();
  }

  #addLog(log: LogView): void {
    this.#logs.push(log);
    this.#logsLength += lengthOf(log);
    while (this.#logs.length > MAX_LOGS || this.#logsLength > MAX_LOGS_LENGTH) {
      const oldest = this.#logs.shift();
      this.#logsLength -= oldest === undefined ? this.#logsLength : lengthOf(oldest);
    }
  }

  // The final check-in of a run replaces the first one, but may lack the schedule.
  #addCheckIn(checkIn: CheckInView): void {
    const { id, schedule } = checkIn;
    const last = this.#checkIns.get(id);
    this.#checkIns.setNewest(id, { ...checkIn, schedule: schedule || (last?.schedule ?? "") });
  }

  #addMetric({ name, type, unit, value }: MetricView): void {
    const key = JSON.stringify([name, type, unit]);
    const { count, sum, min, max } = this.#metrics.get(key) ?? {
      count: 0,
      sum: 0,
      min: Infinity,
      max: -Infinity,
    };
    const tally = {
      name,
      type,
      unit,
      count: count + 1,
      sum: sum + value,
      min: Math.min(min, value),
      max: Math.max(max, value),
      last: value,
    };
    this.#metrics.set(key, tally);
  }

  #addDrop(drop: DropView): void {
    const key = JSON.stringify([drop.category, drop.reason]);
    const quantity = (this.#drops.get(key)?.quantity ?? 0) + drop.quantity;
    this.#drops.set(key, { ...drop, quantity });
  }

  #addOther(type: string): void {
    this.#others.set(type, (this.#others.get(type) ?? 0) + 1);
  }
}

function lengthOf({ body, attributes }: LogView): number {
  return attributes.reduce((sum, [key, value]) => sum + key.length + value.length, body.length);
}

function push<T>(list: T[], value: T, max: number): void {
  list.push(value);
  if (list.length > max) list.shift();
}
