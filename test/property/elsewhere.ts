import { context } from "@opentelemetry/api";

import { bindContext, forkIsolation, withIsolationScope } from "../../src/index.js";
import type { NodeFacts } from "./analysis.js";
import type { Coverage } from "./coverage.js";
import type { Place } from "./facts.js";
import type { Hub } from "./hub.js";
import type { Ledger } from "./ledger.js";
import type { Block, Callback, Defer, Generator } from "./syntax.js";
import type { Tasks } from "./tasks.js";
import { later, openPromise } from "./waits.js";

/** What it takes to run blocks at other times and in other places. */
export interface ElsewhereDependencies {
  /** Of the program. */
  readonly label: string;
  readonly hub: Hub;
  readonly tasks: Tasks;
  readonly ledger: Ledger;
  readonly coverage: Coverage;
  /** Whether generators are not bound, though syntax says so. */
  readonly breaksGenerators: boolean;
  readonly run: (block: Block, signal: AbortSignal | undefined) => Promise<void>;
}

/** Runs what is registered in one place and called from another. */
export class Elsewhere {
  readonly #parts: ElsewhereDependencies;

  constructor(parts: ElsewhereDependencies) {
    this.#parts = parts;
  }

  /** Starts a task that runs later. */
  defer(node: Defer, { place }: NodeFacts, signal: AbortSignal | undefined): Promise<void> {
    const scheduled = this.#parts.ledger.next();
    const { promise, resolve } = openPromise<void>();
    const task = (): void => {
      this.#parts.coverage.deferred(this.#parts.ledger, node.how, {
        place,
        scheduled,
        label: this.#parts.label,
      });
      resolve(this.#parts.run(node.body, signal));
    };
    later(node.how, node.millis, { hub: this.#parts.hub, task });
    void this.#parts.tasks.start(promise);
    return node.awaited ? promise : Promise.resolve();
  }

  /** Registers a callback that the hub calls. */
  callback(node: Callback, { place }: NodeFacts, signal: AbortSignal | undefined): Promise<void> {
    this.#parts.coverage.count(`${node.bound ? "bound" : "unbound"} callback of ${node.via}`);
    const { promise, resolve } = openPromise<void>();
    const work = (): Promise<void> => this.#parts.run(node.body, signal);
    const bound = node.bound ? bindContext(() => seeing(this.#parts.ledger, place, work)) : work;
    const call = (): void => resolve(bound());
    if (node.via === "emitter") this.#parts.hub.onEvent(call);
    else if (node.via === "pool") this.#parts.hub.onRelease(call);
    else this.#parts.hub.onAnswer(call);
    return promise;
  }

  /** Pulls a generator here, and then in the hub. */
  async generator(
    { here, there, bound }: Generator,
    { unit, inner }: NodeFacts,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { run: block, ledger, coverage, hub } = this.#parts;
    const run = (part: Block): Promise<void> =>
      inner === undefined ? block(part, signal) : seeing(ledger, inner, () => block(part, signal));
    async function* generate(): AsyncGenerator<void> {
      await run(here);
      yield;
      await run(there);
    }
    if (unit !== undefined) ledger.forkUnit(unit);
    const pulled = bound ? this.#bind(generate) : generate();
    coverage.count(`${bound ? "bound generator" : "generator"} pulled by two units`);
    await pulled.next();
    await new Promise((resolve) => hub.later(() => resolve(pulled.next())));
  }

  // An oracle that is worth something finds a generator that runs wherever it is pulled.
  #bind<T>(generate: () => T): T {
    return this.#parts.breaksGenerators
      ? context.with(forkIsolation(), generate)
      : withIsolationScope(generate);
  }
}

/** Runs a body; what leaves it is remembered to have arisen in the place. */
export async function seeing(
  ledger: Ledger,
  place: Place,
  body: () => Promise<void>,
): Promise<void> {
  try {
    await body();
  } catch (error) {
    ledger.see(error, place);
    throw error;
  }
}
