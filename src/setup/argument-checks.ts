import { currentDiagnostics } from "../context/global-client.js";
import { atCallSite } from "../support/call-site.js";
import { isList, isObjectLike, propertyOf } from "../support/foreign.js";
import type { ArgumentCheck, ArgumentChecks } from "../support/guard.js";

/** The kind of value that an argument must be. */
interface Wanted {
  readonly at: 0 | 1 | 2;
  readonly kind: string;
  readonly fits: (value: unknown) => boolean;
  /** The effect of any other value, for the message. */
  readonly otherwise: string;
}

const isText = (value: unknown): boolean => typeof value === "string";
const isFunction = (value: unknown): boolean => typeof value === "function";
const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;
const isAbsent = (value: unknown): boolean => value === undefined;
const isUnset = (value: unknown): boolean => value === undefined || value === null;
const isContext = (value: unknown): boolean => isFunction(propertyOf(value, "getValue"));
const isTimeout = (value: unknown): boolean => typeof value === "number" && value >= 0;
const either =
  (fits: Wanted["fits"], fitsToo: Wanted["fits"]) =>
  (value: unknown): boolean =>
    fits(value) || fitsToo(value);

const NO_EFFECT = "the call has no effect";
const IGNORED = "it is ignored";

const text = (at: Wanted["at"]): Wanted => ({
  at,
  kind: "a string",
  fits: isText,
  otherwise: NO_EFFECT,
});
const object = (at: Wanted["at"]): Wanted => ({
  at,
  kind: "an object",
  fits: isObject,
  otherwise: NO_EFFECT,
});
const run = (at: Wanted["at"]): Wanted => ({
  at,
  kind: "a function",
  fits: isFunction,
  otherwise: "nothing was run, and the result is undefined",
});
const option = (at: Wanted["at"]): Wanted => ({
  at,
  kind: "an object or nothing",
  fits: either(isUnset, isObject),
  otherwise: IGNORED,
});
const hint: Wanted = {
  at: 1,
  kind: "an object, a function or nothing",
  fits: either(isUnset, isObjectLike),
  otherwise: IGNORED,
};
const context: Wanted = {
  at: 0,
  kind: "an OpenTelemetry context or nothing",
  fits: either(isAbsent, isContext),
  otherwise: "it is used as a context without scopes",
};
const configure: Wanted = {
  at: 1,
  kind: "a function or nothing",
  fits: either(isAbsent, isFunction),
  otherwise: IGNORED,
};
const bound: Wanted = {
  at: 0,
  kind: "a function",
  fits: isFunction,
  otherwise: "it is returned unchanged",
};
const library = (kind: string, fits: Wanted["fits"]): readonly Wanted[] => [
  { at: 0, kind, fits, otherwise: "its jobs are not monitored" },
];
const timeout: readonly Wanted[] = [
  {
    at: 0,
    kind: "a number of milliseconds that is not negative",
    fits: either(isAbsent, isTimeout),
    otherwise: "`shutdownTimeoutMillis` applies",
  },
];
const log: readonly Wanted[] = [option(1)];
const metric: readonly Wanted[] = [text(0), option(2)];

// Functions that check their arguments themselves or accept any are not listed; the test of all public functions names
// them.
const ARGUMENTS: Readonly<Record<string, readonly Wanted[]>> = {
  addBreadcrumb: [object(0), option(1)],
  addEventProcessor: [{ ...bound, otherwise: NO_EFFECT }],
  bindContext: [bound],
  captureEvent: [hint],
  captureException: [hint],
  captureFeedback: [hint],
  captureHandlerError: [hint],
  captureMessage: [
    { ...text(0), otherwise: "its text is captured" },
    { ...hint, kind: "a level, an object, a function or nothing", fits: either(isText, hint.fits) },
  ],
  close: timeout,
  continueTrace: [{ ...object(0), otherwise: "a new trace starts" }, run(1)],
  continueTraceFromEnvironment: [run(0)],
  flush: timeout,
  forkIsolation: [context, configure],
  forkScope: [context, configure],
  getCurrentScope: [context],
  getIsolationScope: [context],
  getTraceHeaders: [context],
  getTraceMetaTags: [option(0)],
  instrumentCron: library("the class `CronJob`", isFunction),
  instrumentNodeCron: library("the library `node-cron`", isObjectLike),
  instrumentNodeSchedule: library("the library `node-schedule`", isObjectLike),
  "logger.debug": log,
  "logger.error": log,
  "logger.fatal": log,
  "logger.info": log,
  "logger.trace": log,
  "logger.warn": log,
  "metrics.count": metric,
  "metrics.distribution": metric,
  "metrics.gauge": metric,
  setAttribute: [text(0)],
  setAttributes: [object(0)],
  setContext: [
    text(0),
    { ...object(1), kind: "an object or null", fits: either(isUnset, isObject) },
  ],
  setExtra: [text(0)],
  setExtras: [object(0)],
  setTag: [text(0)],
  setTags: [object(0)],
  setUser: [
    {
      at: 0,
      kind: "an object or null",
      fits: either(isUnset, isObject),
      otherwise: "the user is removed",
    },
  ],
  startNewTrace: [run(0)],
  suppressTracing: [run(0)],
  traceEnvironment: [option(0)],
  withIsolationScope: [run(0)],
  withMonitor: [run(1)],
  withScope: [run(0)],
};

const PLACES = ["first", "second", "third"] as const;

/** Checks that report invalid arguments of the public functions, once per function. */
export const argumentChecks: ArgumentChecks = new Map(
  Object.entries(ARGUMENTS).map(([name, wanted]) => [name, checkOf(name, wanted)]),
);

function checkOf(name: string, wanted: readonly Wanted[]): ArgumentCheck {
  return (a, b, c) => {
    for (const want of wanted) {
      const given = want.at === 0 ? a : want.at === 1 ? b : c;
      if (!want.fits(given)) reportArgument(name, want, given);
    }
  };
}

function reportArgument(name: string, { at, kind, otherwise }: Wanted, given: unknown): void {
  currentDiagnostics().warnOnce(`argument:${name}`, () => {
    const place = atCallSite();
    const called = place === "" ? "" : `, called${place},`;
    return `\`${name}\`${called} needs ${kind} as its ${PLACES[at]} argument but got ${kindOf(given)}: ${otherwise}. Correct the call`;
  });
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value === "object") return isList(value) ? "an array" : "an object";
  return `a ${typeof value}`;
}
