import type { DataCategory, ItemCount } from "../protocol/data-category.js";
import { ItemCounter } from "../protocol/data-category.js";
import type { Timers } from "../support/time.js";
import { systemTimers, within } from "../support/time.js";

/**
 * Maximum number of events that wait for hooks. With a hook that takes 100 ms, this allows 10,000 events per second. An
 * error with its frames and breadcrumbs takes about 30 kB, so all together take 30 MB.
 */
export const MAX_WAITING_EVENTS = 1000;

/** An event that waits for a hook. */
export interface WaitingEvent {
  readonly contents: readonly ItemCount[];
  /** Characters of its encoded spans. */
  readonly length: number;
}

/** Callbacks that are called when an event's wait ends. They must not throw. */
export interface WaitEnd<T> {
  readonly finish: (result: T) => void;
  readonly fail: (error: unknown) => void;
}

/** Settings of `WaitingEvents`. */
export interface WaitingSettings {
  /** Maximum number of characters of encoded spans. */
  readonly maxLength: number;
  /** Runs a function outside of any unit of work, with tracing suppressed. */
  readonly runDetached?: (<T>(run: () => T) => T) | undefined;
  readonly timers?: Timers | undefined;
}

/** Holds the events that wait for asynchronous hooks: limits and counts them, and lets `flush` wait for them. */
export class WaitingEvents {
  readonly #events = new Map<WaitingEvent, Promise<void>>();
  readonly #maxLength: number;
  readonly #detached: <T>(run: () => T) => T;
  readonly #timers: Timers;
  #length = 0;
  #finished = 0;

  constructor({ maxLength, runDetached, timers = systemTimers }: WaitingSettings) {
    this.#maxLength = maxLength;
    this.#detached = runDetached ?? ((run) => run());
    this.#timers = timers;
  }

  /** True if no further event can wait. */
  get isFull(): boolean {
    return this.#events.size >= MAX_WAITING_EVENTS || this.#length >= this.#maxLength;
  }

  get isEmpty(): boolean {
    return this.#events.size === 0;
  }

  /** Number of events whose wait has ended. */
  get finished(): number {
    return this.#finished;
  }

  /** Holds an event until its result is available. After `giveUp`, neither callback is called. */
  add<T>(event: WaitingEvent, result: Promise<T>, { finish, fail }: WaitEnd<T>): void {
    this.#length += event.length;
    const onResult = (value: T): void => void (this.#remove(event) && finish(value));
    const onError = (error: unknown): void => void (this.#remove(event) && fail(error));
    this.#events.set(
      event,
      this.#detached(() => result.then(onResult, onError)),
    );
  }

  /** Resolves to true when all events that wait now are finished, to false at the time-out. */
  settled(timeoutMillis: number): Promise<boolean> {
    return within(this.#timers, timeoutMillis, Promise.all(this.#events.values()));
  }

  /** Removes and returns all events; their results are then ignored. */
  giveUp(): readonly WaitingEvent[] {
    const left = [...this.#events.keys()];
    for (const event of left) this.#remove(event);
    return left;
  }

  /** Returns the number of items that wait, by category. */
  counts(): Partial<Record<DataCategory, number>> {
    const counter = new ItemCounter();
    for (const { contents } of this.#events.keys()) counter.add(contents);
    return counter.counts();
  }

  #remove(event: WaitingEvent): boolean {
    if (!this.#events.delete(event)) return false;
    this.#length -= event.length;
    this.#finished += 1;
    return true;
  }
}
