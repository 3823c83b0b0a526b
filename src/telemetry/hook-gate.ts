import { guardCallback } from "../diagnostics/diagnostics.js";
import type { Diagnostics } from "../diagnostics/diagnostics.js";

/** Runs a hook of the application's that may change an item or drop it. */
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

  /** What the hook returned; undefined when the item is to be dropped. Never throws. */
  run<T extends object>(hook: (item: T) => T | null, item: T): T | undefined {
    this.#isOpen = true;
    try {
      const result = guardCallback(this.#diagnostics, this.#name, () => hook(item));
      if (!result.ok || result.value === null) return undefined;
      return this.#checked(result.value);
    } finally {
      this.#isOpen = false;
    }
  }

  // A hook in plain JavaScript may return anything.
  #checked<T extends object>(value: T): T | undefined {
    if (typeof value === "object" && !(value instanceof Promise)) return value;
    const what = `\`${this.#name}\` returned no object (a promise is none); the item is dropped`;
    this.#diagnostics.warnOnce(`hook:${this.#name}`, what);
    return undefined;
  }
}
