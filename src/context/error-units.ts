import { isObjectLike } from "../support/foreign.js";

/** Remembers where errors were seen. */
export interface ErrorUnits<Unit extends object> {
  /** Ties the error to the unit, whatever it was tied to before. Primitives are passed over. */
  remember(error: unknown, unit: Unit): void;
  /** The unit that the error is tied to. */
  recall(error: unknown): Unit | undefined;
}

/**
 * A store that lets a handler which sees an error late, in another context, report it for the unit of
 * work that it happened in. Keeps no error alive. Nothing here throws.
 */
export function createErrorUnits<Unit extends object>(): ErrorUnits<Unit> {
  const units = new WeakMap<object, Unit>();
  return {
    remember(error, unit) {
      if (isObjectLike(error)) units.set(error, unit);
    },
    recall: (error) => (isObjectLike(error) ? units.get(error) : undefined),
  };
}
