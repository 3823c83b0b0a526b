/** Any function: every function type is assignable to it. */
type AnyFunction = (...args: never[]) => unknown;

/**
 * Behaviour of a guarded function that throws:
 * - A function: called with the error and the arguments; the guarded function returns its result. If it throws as well,
 *   the guarded function throws.
 * - `"passes"`: the function is not guarded, because it does not throw itself and errors of the caller's callbacks must
 *   reach the caller.
 * - A number: as `"passes"`, for a function that calls its argument at that index. If that argument is not a function,
 *   the call does nothing and returns undefined.
 */
type StandIn<F> =
  | "passes"
  | number
  | (F extends (...args: infer Args) => infer Result
      ? (error: unknown, ...args: Args) => Result
      : never);

/**
 * A stand-in for each function of an object and of the objects in it. The type requires all of them, so that none can
 * be forgotten.
 */
type StandIns<T> = {
  readonly [
    Name in keyof T as T[Name] extends AnyFunction | object ? Name : never
  ]: T[Name] extends AnyFunction ? StandIn<T[Name]> : StandIns<T[Name]>;
};

/** Checks the arguments before a call, and reports those that the function cannot use. Must not throw. */
export type ArgumentCheck = (a: unknown, b: unknown, c: unknown) => void;

/** Argument checks by function name, or by path (`logger.info`) for functions of a nested object. */
export type ArgumentChecks = ReadonlyMap<string, ArgumentCheck>;

/** A stand-in for each method of a class. */
type MethodStandIns<T> = {
  readonly [Name in keyof T as T[Name] extends AnyFunction ? Name : never]: StandIn<T[Name]>;
};

type Call = (this: unknown, ...args: unknown[]) => unknown;
type AnyStandIn = ((error: unknown, ...args: unknown[]) => unknown) | number | "passes";

const guards = new WeakMap<AnyFunction, AnyFunction>();

/** Returns the guarded version of a function, which is the one that callers see; the function itself if it has none. */
export function guardOf(fn: AnyFunction): AnyFunction {
  return guards.get(fn) ?? fn;
}

/**
 * Copies an object with all of its functions guarded: if one throws, its stand-in is called. `checks` run before the call.
 */
export function guarded<T extends object>(
  functions: T,
  standIns: StandIns<T>,
  checks?: ArgumentChecks,
): T {
  return guardedProperties(functions, standIns, { checks, prefix: "" });
}

interface Checking {
  readonly checks: ArgumentChecks | undefined;
  /** The path in front of a function's name, such as `logger.`. */
  readonly prefix: string;
}

function guardedProperties<T extends object>(
  functions: T,
  standIns: StandIns<T>,
  { checks, prefix }: Checking,
): T {
  const copies = Object.entries(functions).map(([name, property]: [string, unknown]) => {
    const standIn = (standIns as Readonly<Record<string, AnyStandIn | StandIns<object>>>)[name];
    if (standIn === undefined) return [name, property];
    if (typeof standIn === "object") {
      const inner = { checks, prefix: `${name}.` };
      return [name, guardedProperties(property as object, standIn, inner)];
    }
    const check = checks?.get(prefix + name);
    return [name, guardedFunction(property as Call, standIn, { check, isCounted: true })];
  });
  return Object.freeze(Object.fromEntries(copies)) as T;
}

/**
 * Guards the methods of a class on its prototype. Stand-ins are called with the instance as `this`. Call it in a static
 * block of the class.
 */
export function guardMethods<T extends object>(prototype: T, standIns: MethodStandIns<T>): void {
  for (const [name, standIn] of Object.entries<AnyStandIn>(
    standIns as Readonly<Record<string, AnyStandIn>>,
  )) {
    const method: unknown = Reflect.get(prototype, name);
    if (typeof method !== "function" || standIn === "passes") continue;
    const value = guardedFunction(method as Call, standIn, { isCounted: false });
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  }
}

interface Door {
  readonly check?: ArgumentCheck | undefined;
  readonly isCounted: boolean;
}

function guardedFunction(fn: Call, standIn: AnyStandIn, { check, isCounted }: Door): Call {
  const guard = unchecked(fn, standIn, isCounted);
  const door = check === undefined ? guard : checkingGuard(guard, check);
  if (door !== fn) guards.set(fn, door);
  return door;
}

function unchecked(fn: Call, standIn: AnyStandIn, isCounted: boolean): Call {
  if (standIn === "passes") return fn;
  if (typeof standIn === "number") return runningGuard(fn, standIn);
  return throwingGuard(isCounted ? counted(fn) : fn, standIn);
}

function checkingGuard(fn: Call, check: ArgumentCheck): Call {
  return function checking(a, b, c) {
    check(a, b, c);
    return fn.call(this, a, b, c);
  };
}

// Three parameters, as many as any guarded function has. A rest parameter would allocate an array, and scope setters
// are called for every request.
function throwingGuard(fn: Call, standIn: (error: unknown, ...args: unknown[]) => unknown): Call {
  return function guarding(a, b, c) {
    try {
      return fn.call(this, a, b, c);
    } catch (error) {
      return standIn.call(this, error, a, b, c);
    }
  };
}

function runningGuard(fn: Call, index: number): Call {
  return function running(a, b, c) {
    const callback = index === 0 ? a : b;
    return typeof callback === "function" ? fn.call(this, a, b, c) : undefined;
  };
}

// Calls within a call that a getter, hook or logger made within another call. A getter that captures its own object would
// call until the stack is full, and two such getters for ever. A hook itself may call as often as it likes.
const MAX_NESTED = 400;

/** The error of a call beyond the limit of nested calls. */
export class NestedCallError extends Error {
  override name = "NestedCallError";

  constructor() {
    super(
      `a getter, hook or logger called this package more than ${MAX_NESTED} times within a call of its own; further calls are ignored`,
    );
  }
}

let depth = 0;
let nestedCalls = 0;

function counted(fn: Call): Call {
  return function counting(a, b, c) {
    if (depth === 0) nestedCalls = 0;
    if (depth > 1) nestedCalls += 1;
    if (nestedCalls > MAX_NESTED) throw new NestedCallError();
    depth += 1;
    try {
      return fn.call(this, a, b, c);
    } finally {
      depth -= 1;
    }
  };
}
