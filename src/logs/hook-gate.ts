import { guardCallback, reportAsyncHook } from "../support/diagnostics.js";
import type { Diagnostics } from "../support/diagnostics.js";
import { duringOwnCall } from "../support/own-call.js";
import { isThenable } from "../support/foreign.js";

/** Runs a synchronous hook that may change or drop an item. */
export class HookGate {
  readonly #diagnostics: Diagnostics;
  readonly #name: string;
  #isOpen = false;

  /** `name` is the name of the option, for diagnostics. */
  constructor(diagnostics: Diagnostics, name: string) {
    this.#diagnostics = diagnostics;
    this.#name = name;
  }

  /**
   * True while the hook runs. Items that the hook itself captures are dropped, because they would call it again without
   * end.
   */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Returns the item that the hook returned; undefined if the hook dropped it. If the hook is asynchronous, the item is
   * returned unchanged. Never throws.
   */
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

  // A hook written in JavaScript may return any value.
  #checked<T extends object>(value: T, item: T): T | undefined {
    if (isThenable(value)) {
      reportAsyncHook(this.#diagnostics, this.#name, "the item is sent unchanged");
      return item;
    }
    if (typeof value === "object") return value;
    this.#diagnostics.warnOnce(
      `hook:${this.#name}`,
      `\`${this.#name}\` returned a value that is not an object; the item was dropped. Return the item, or null to drop it.`,
    );
    return undefined;
  }
}
