import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { setImmediate } from "node:timers/promises";

import { ROOT_CONTEXT, context } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import { forkIsolation } from "../../src/index.js";

/**
 * Another unit of work, which does for the program what libraries do behind its back: it emits events,
 * serves a pool's queue, reads a shared connection, resolves promises and refreshes timers.
 */
export class Hub {
  readonly #emitter = new EventEmitter();
  readonly #waiters = new Map<string, () => void>();
  readonly #requests = new Map<string, () => void>();
  readonly #connection = new PassThrough({ objectMode: true });
  readonly #jobs: (() => void)[] = [];
  #wake: (() => void) | undefined;
  #isOver = false;
  #count = 0;

  /** Runs until `stop`, in a unit of its own and in the context that `open` makes there. */
  run(open: () => Context): Promise<void> {
    return context.with(forkIsolation(ROOT_CONTEXT), () =>
      context.with(open(), () => this.#serve()),
    );
  }

  async #serve(): Promise<void> {
    this.#connection.on("data", (id: string) => take(this.#requests, id)?.());
    while (!this.#isOver) {
      await this.#nextJob();
      await setImmediate();
      for (const job of this.#jobs.splice(0)) job();
    }
  }

  stop(): void {
    this.#isOver = true;
    this.#wake?.();
  }

  /** Runs the job here, in a later turn of the loop. */
  later(job: () => void): void {
    this.#jobs.push(job);
    this.#wake?.();
  }

  /** Calls back from an emitter that this unit of work emits on. */
  onEvent(callback: () => void): void {
    const name = this.#newId();
    this.#emitter.once(name, callback);
    this.later(() => this.#emitter.emit(name));
  }

  /** An emitter that this unit of work will emit `name` on. */
  willEmit(): { readonly emitter: EventEmitter; readonly name: string } {
    const name = this.#newId();
    this.later(() => this.#emitter.emit(name));
    return { emitter: this.#emitter, name };
  }

  /** Calls back when this unit of work gives something back to a pool. */
  onRelease(callback: () => void): void {
    const id = this.#newId();
    this.#waiters.set(id, callback);
    this.later(() => take(this.#waiters, id)?.());
  }

  /** Calls back when the answer has come over the connection of this unit of work. */
  onAnswer(callback: () => void): void {
    const id = this.#newId();
    this.#requests.set(id, callback);
    this.later(() => this.#connection.write(id));
  }

  #newId(): string {
    this.#count++;
    return `id${this.#count}`;
  }

  #nextJob(): Promise<void> {
    if (this.#jobs.length > 0 || this.#isOver) return Promise.resolve();
    return new Promise((resolve) => (this.#wake = resolve));
  }
}

function take(callbacks: Map<string, () => void>, id: string): (() => void) | undefined {
  const callback = callbacks.get(id);
  callbacks.delete(id);
  return callback;
}
