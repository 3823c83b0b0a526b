import type { LogLevel } from "./log.js";

// The lowest number of OTel's range for each level.
const SEVERITY_NUMBERS: Readonly<Record<LogLevel, number>> = {
  trace: 1,
  debug: 5,
  info: 9,
  warn: 13,
  error: 17,
  fatal: 21,
};

const LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error", "fatal"];
const NUMBERS_PER_LEVEL = 4;
const MAX_NUMBER = 24;

// As loggers write them; each begins with one of these.
const LEVEL_BY_TEXT: readonly (readonly [pattern: RegExp, level: LogLevel])[] = [
  [/^(?:trace|verbose|silly|finest)/i, "trace"],
  [/^(?:debug|fine)/i, "debug"],
  [/^(?:info|notice|log)/i, "info"],
  [/^warn/i, "warn"],
  [/^err/i, "error"],
  [/^(?:fatal|crit|alert|emerg|panic)/i, "fatal"],
];

/** The number that the server is told for a level. */
export function severityNumberOf(level: LogLevel): number {
  return SEVERITY_NUMBERS[level];
}

/** Whether a value names a level. */
export function isLogLevel(value: unknown): value is LogLevel {
  return typeof value === "string" && Object.hasOwn(SEVERITY_NUMBERS, value);
}

/** The level of a record of OTel: by its number, else by its text, else `info`. */
export function levelOfSeverity(severityNumber: unknown, severityText: unknown): LogLevel {
  if (typeof severityNumber === "number" && severityNumber >= 1 && severityNumber <= MAX_NUMBER) {
    return LEVELS[Math.floor((severityNumber - 1) / NUMBERS_PER_LEVEL)] ?? "info";
  }
  if (typeof severityText !== "string") return "info";
  return LEVEL_BY_TEXT.find(([pattern]) => pattern.test(severityText))?.[1] ?? "info";
}
