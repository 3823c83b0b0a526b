/** What a program has started and not awaited. */
export class Tasks {
  readonly #pending = new Set<Promise<unknown>>();

  /** Keeps the task in mind until it settles; what it rejects with is its own affair. */
  start<T>(task: Promise<T>): Promise<T> {
    const settled: Promise<unknown> = task.then(
      () => this.#pending.delete(settled),
      () => this.#pending.delete(settled),
    );
    this.#pending.add(settled);
    return task;
  }

  /** Resolves when all have settled, and all that they have started. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) {
      await Promise.allSettled(this.#pending);
    }
  }
}
