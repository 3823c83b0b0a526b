import type { DataCategory, ItemCount } from "../protocol/data-category.js";
import { ItemCounter, priorityOf } from "../protocol/data-category.js";
import type { BoundedBuffer, MemoryBound } from "../delivery/memory-bound.js";
import type { Timers } from "../support/time.js";
import { systemTimers, within } from "../support/time.js";

/** Maximum number of events that wait for hooks. With a hook that takes 100 ms, this allows 10,000 events per second. */
export const MAX_WAITING_EVENTS = 1000;

/** An event that waits for a hook. */
export interface WaitingEvent {
  readonly category: DataCategory;
  readonly contents: readonly ItemCount[];
  /**
   * Returns the approximate length of the event's JSON text in characters. Called once, when the event begins to wait.
   */
  length: () => number;
}

interface Held {
  readonly ended: Promise<void>;
  readonly length: number;
}

/** Callbacks that are called when an event's wait ends. They must not throw. */
export interface WaitEnd<T> {
  readonly finish: (result: T) => void;
  readonly fail: (error: unknown) => void;
}

/** Settings of `WaitingEvents`. */
export interface WaitingSettings {
  readonly memory: MemoryBound;
  /** Runs a function outside of any unit of work, with tracing suppressed. */
  readonly runDetached?: (<T>(run: () => T) => T) | undefined;
  readonly timers?: Timers | undefined;
}

/** Holds the events that wait for asynchronous hooks: limits and counts them, and lets `flush` wait for them. */
export class WaitingEvents implements BoundedBuffer {
  readonly #events = new Map<WaitingEvent, Held>();
  readonly #memory: MemoryBound;
  readonly #detached: <T>(run: () => T) => T;
  readonly #timers: Timers;
  heldBytes = 0;
  #finished = 0;

  constructor({ memory, runDetached, timers = systemTimers }: WaitingSettings) {
    this.#memory = memory;
    memory.add(this);
    this.#detached = runDetached ?? ((run) => run());
    this.#timers = timers;
  }

  /**
   * Makes room for one more event of a category: over the memory limit, drops data of its priority and below. Returns
   * false if the event cannot wait.
   */
  makeRoom(category: DataCategory): boolean {
    if (this.#events.size >= MAX_WAITING_EVENTS || this.heldBytes >= this.#memory.share)
      return false;
    return this.#memory.makeRoom(priorityOf(category));
  }

  get size(): number {
    return this.#events.size;
  }

  /** Number of events whose wait has ended. */
  get finished(): number {
    return this.#finished;
  }

  /** Holds an event until its result is available. After `giveUp`, neither callback is called. */
  add<T>(event: WaitingEvent, result: Promise<T>, { finish, fail }: WaitEnd<T>): void {
    const length = event.length();
    this.heldBytes += length;
    const onResult = (value: T): void => void (this.#remove(event) && finish(value));
    const onError = (error: unknown): void => void (this.#remove(event) && fail(error));
    const ended = this.#detached(() => result.then(onResult, onError));
    this.#events.set(event, { ended, length });
    this.#memory.makeRoom(priorityOf(event.category));
  }

  /** Drops nothing: the hooks hold the events, so dropping them would free no memory. */
  dropOldest(): boolean {
    return false;
  }

  /** Resolves to true when all events that wait now are finished, to false at the time-out. */
  settled(timeoutMillis: number): Promise<boolean> {
    return within(
      this.#timers,
      timeoutMillis,
      Promise.all([...this.#events.values()].map(({ ended }) => ended)),
    );
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
    const held = this.#events.get(event);
    if (held === undefined) return false;
    this.#events.delete(event);
    this.heldBytes -= held.length;
    this.#finished += 1;
    return true;
  }
}
