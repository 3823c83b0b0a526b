import type { SentryClient } from "../client/client.js";

/** Exceptions that wait for one local root. */
export interface WaitingRoot {
  /** Reports what waits, although the root is open. */
  reportOpen(): void;
  /** Lets go of what waits, and counts it. */
  overflow(): void;
}

// Each holds an error and its span: some kilobytes.
const MAX_WAITING = 5000;

/**
 * The local roots of one part that have exceptions waiting for them. They are held until they end, until the
 * client closes or its process ends, or until there are too many: nothing that waits is lost without a count.
 */
export class WaitingExceptions {
  readonly #waitingFor = new Map<WaitingRoot, number>();
  #total = 0;
  #isOver = false;

  constructor(client: SentryClient) {
    client.onEnding(() => this.reportAll());
    client.onClosing(() => this.end());
  }

  /** Nobody waits for open roots any longer. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The number of exceptions that wait for a root has changed. */
  changed(root: WaitingRoot, count: number): void {
    this.#total += count - (this.#waitingFor.get(root) ?? 0);
    if (count === 0) this.#waitingFor.delete(root);
    else this.#waitingFor.set(root, count);
    while (this.#total > MAX_WAITING) this.#oldest()?.overflow();
  }

  /** Reports everything that waits, although its roots are open. */
  reportAll(): void {
    for (const root of this.#waitingFor.keys()) root.reportOpen();
  }

  /** Reports everything that waits, and from now on each exception at once. */
  end(): void {
    this.#isOver = true;
    this.reportAll();
  }

  #oldest(): WaitingRoot | undefined {
    return this.#waitingFor.keys().next().value;
  }
}
