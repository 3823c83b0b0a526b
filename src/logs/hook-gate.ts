import { guardCallback, reportAsyncHook } from "../support/diagnostics.js";
import type { Diagnostics } from "../support/diagnostics.js";
import { duringOwnCall } from "../support/own-call.js";
import { isThenable } from "../support/foreign.js";

/** Runs a synchronous hook that may change an item or drop it. */
export class HookGate {
  readonly #diagnostics: Diagnostics;
  readonly #name: string;
  #isOpen = false;

  /** `name` is the option's. */
  constructor(diagnostics: Diagnostics, name: string) {
    this.#diagnostics = diagnostics;
    this.#name = name;
  }

  /** Whether the hook runs: what it captures itself would come to it without end. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The item as the hook returned it; undefined when it is to be dropped. Unchanged when the hook is asynchronous. Never throws. */
  run<T extends object>(hook: (item: T) => T | null, item: T): T | undefined {
    this.#isOpen = true;
    try {
      const result = guardCallback(this.#diagnostics, this.#name, () =>
        duringOwnCall("hook", () => hook(item)),
      );
      if (!result.ok || result.value === null) return undefined;
      return this.#checked(result.value, item);
    } finally {
      this.#isOpen = false;
    }
  }

  // A hook in plain JavaScript may return anything.
  #checked<T extends object>(value: T, item: T): T | undefined {
    if (isThenable(value)) {
      reportAsyncHook(this.#diagnostics, this.#name, "the item is sent unchanged");
      return item;
    }
    if (typeof value === "object") return value;
    this.#diagnostics.warnOnce(
      `hook:${this.#name}`,
      `\`${this.#name}\` returned no object; the item was dropped. Return the item, or null to drop it.`,
    );
    return undefined;
  }
}
