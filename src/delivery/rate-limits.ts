import type { DataCategory } from "../protocol/data-category.js";
import { DEFAULT_PAUSE_MILLIS, retryAfterMillis } from "./retry/back-off.js";
import type { LimitHeaders } from "./transport.js";

/** The rate limits that the server has imposed on one DSN. */
export interface RateLimits {
  /** Applies the rate-limit headers of a response. It may extend a limit but never shortens one. */
  update(headers: LimitHeaders, statusCode: number, nowMillis: number): void;
  /** Tells whether items of this category must be dropped now. */
  isLimited(category: DataCategory, nowMillis: number): boolean;
  /** Tells whether any limit is active now. */
  isActive(nowMillis: number): boolean;
}

const EVERYTHING = "all";
type LimitKey = DataCategory | typeof EVERYTHING;

const MAX_LIMIT_MILLIS = 24 * 60 * 60 * 1000;

// The category that a limit of each name applies to. `default` and `internal` are absent because the specification
// ignores limits on them. A limit on bytes applies to the items as well.
const LIMITED_BY_NAME: ReadonlyMap<string, DataCategory> = new Map([
  ["attachment", "attachment"],
  ["attachment_item", "attachment"],
  ["error", "error"],
  ["feedback", "feedback"],
  ["log_byte", "log_item"],
  ["log_item", "log_item"],
  ["monitor", "monitor"],
  ["session", "session"],
  ["span", "span"],
  ["trace_metric", "trace_metric"],
  ["trace_metric_byte", "trace_metric"],
  ["transaction", "transaction"],
  ["user_report_v2", "feedback"],
]);

/**
 * Creates rate limits, none of them active. Specification:
 * https://develop.sentry.dev/sdk/foundations/transport/rate-limiting/. `wallNow` is the clock with which a date in
 * `Retry-After` is compared; all other times are monotonic.
 */
export function createRateLimits(wallNow: () => number = Date.now): RateLimits {
  const deadlines = new Map<LimitKey, number>();

  const extend = (key: LimitKey, deadline: number): void => {
    if (deadline > (deadlines.get(key) ?? 0)) deadlines.set(key, deadline);
  };
  const isPast = (key: LimitKey, nowMillis: number): boolean =>
    (deadlines.get(key) ?? 0) <= nowMillis;

  return {
    update({ rateLimits, retryAfter }, statusCode, nowMillis) {
      if (rateLimits !== undefined && rateLimits.trim() !== "") {
        for (const { keys, millis } of parseLimits(rateLimits)) {
          for (const key of keys) extend(key, nowMillis + millis);
        }
      } else if (statusCode === 429) {
        extend(
          EVERYTHING,
          nowMillis + (retryAfterMillis(retryAfter, wallNow()) ?? DEFAULT_PAUSE_MILLIS),
        );
      }
    },
    isActive: (nowMillis) => [...deadlines.values()].some((deadline) => deadline > nowMillis),
    isLimited(category, nowMillis) {
      if (deadlines.size === 0) return false;
      // Check both: an expired limit on the category must not hide an active one on all categories.
      return (
        !isPast(category === "log_byte" ? "log_item" : category, nowMillis) ||
        !isPast(EVERYTHING, nowMillis)
      );
    },
  };
}

interface ParsedLimit {
  readonly keys: readonly LimitKey[];
  readonly millis: number;
}

function parseLimits(header: string): ParsedLimit[] {
  return header
    .split(",")
    .filter((limit) => limit.trim() !== "")
    .map((limit) => {
      const [seconds = "", categories = ""] = limit.split(":");
      return { keys: limitedKeys(categories), millis: clampSeconds(Number.parseFloat(seconds)) };
    });
}

// An empty list means all categories; a list of unknown names means none.
function limitedKeys(categories: string): LimitKey[] {
  if (categories.trim() === "") return [EVERYTHING];
  return categories.split(";").flatMap((name) => LIMITED_BY_NAME.get(name.trim()) ?? []);
}

// A number that cannot be parsed means a minute; very large numbers are clamped.
function clampSeconds(seconds: number): number {
  if (Number.isNaN(seconds)) return DEFAULT_PAUSE_MILLIS;
  return Math.min(Math.max(seconds * 1000, 0), MAX_LIMIT_MILLIS);
}
