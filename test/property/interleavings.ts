import { DEFER_WAYS as WAYS } from "./syntax.js";

/** The interleavings that every run must have seen: with one missing the run fails. */
export const REQUIRED: readonly string[] = [
  "siblings start at once",
  "siblings start apart",
  "sibling starts after a sibling ended",
  "child ends after its parent",
  "child starts after its parent ended",
  "parent ends before its child first goes on",

  "first to start ends first",
  "first to start ends between",
  "first to start ends last",
  "branches of the same duration",

  "fork inside a span",
  "span inside a fork",
  "fork inside a fork inside a par",
  "two forks of one unit written concurrently",
  "write before a fork",
  "write in a fork",
  "write in a unit after it was forked",
  "write of a nested object",

  ...["emitter", "pool", "socket"].flatMap((via) => [
    `bound callback of ${via}`,
    `unbound callback of ${via}`,
  ]),
  "sleep elsewhere",
  "sleep event",
  "sleep thenable",
  "generator pulled by two units",
  "bound generator pulled by two units",

  "throw before an await",
  "throw after an await",
  "rejection in one branch of all",
  "rejection in one branch of allSettled",
  "aborted",
  "error caught in another unit than it arose in",

  ...WAYS.flatMap((how) => [`crossed by ${how}`, `deferred by ${how}`]),

  ...["sentry true", "sentry false", "sentry deferred", "w3c true", "w3c false", "nothing"].map(
    (said) => `request read by sentry: ${said}`,
  ),
  ...["w3c true", "w3c false", "nothing"].map((said) => `request read by w3c: ${said}`),
  "request read by none: nothing",
  "two roots of one request",
  "span that is not recorded",
  "span of an ignored segment, or ignored",
  "ignored root",
  "more than 1000 children",

  "write outside of all units",
  "event captured outside of all units",
  ...["nothing", "sender", "span"].map((names) => `headers read again: ${names}`),
  "child of a parent known by its ids",
  "write under a parent known by its ids",
  "parent known by ids under another",
  "parent known by its ids in a trace with several open roots",

  "flush in the middle",
  "transaction: root",
  "transaction: partial",
  "transaction: late",
  "span of a second provider",
];
