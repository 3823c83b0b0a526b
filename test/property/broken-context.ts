import { AsyncLocalStorage } from "node:async_hooks";

import { ROOT_CONTEXT } from "@opentelemetry/api";
import type { Context, ContextManager } from "@opentelemetry/api";

/** Context managers with the faults that make parallel spans nest and scopes leak. */
export const BROKEN_MANAGERS: Readonly<Record<string, () => ContextManager>> = {
  "one cell that all tasks share": () => managerOf(new SharedCell()),
  "entering without leaving, as attach does": () => managerOf(new EnteredCell()),
  "a stack that is popped when the function returns": () => managerOf(new SharedCell(), true),
};

interface Cell {
  value: Context;
}

class SharedCell implements Cell {
  value: Context = ROOT_CONTEXT;
}

class EnteredCell implements Cell {
  readonly #storage = new AsyncLocalStorage<Context>();

  get value(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }

  set value(ctx: Context) {
    this.#storage.enterWith(ctx);
  }
}

// Restores by assignment: when the promise settles, or already when the function has returned.
function managerOf(cell: Cell, atReturn: boolean = false): ContextManager {
  const manager: ContextManager = {
    active: () => cell.value,
    with(...[ctx, fn, thisArg, ...args]) {
      const before = cell.value;
      cell.value = ctx;
      const result = fn.apply(thisArg as never, args);
      if (atReturn || !(result instanceof Promise)) cell.value = before;
      else
        void result.then(
          () => (cell.value = before),
          () => (cell.value = before),
        );
      return result;
    },
    bind: (_ctx, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}
