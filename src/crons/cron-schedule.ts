/** A crontab in the form that Sentry accepts, or the reason why it is invalid (`problem`, to follow "the schedule"). */
type CronSchedule = { readonly value: string } | { readonly problem: string };

/** The macros that Sentry accepts, in exactly this spelling. */
const MACROS: ReadonlySet<string> = new Set([
  "@annually",
  "@daily",
  "@hourly",
  "@monthly",
  "@weekly",
  "@yearly",
]);

// Macros of Node schedulers that Sentry does not accept.
const FOREIGN_MACROS: ReadonlyMap<string, string> = new Map([
  ["@midnight", "@daily"],
  ["@minutely", "* * * * *"],
  ["@weekdays", "0 0 * * 1-5"],
  ["@weekends", "0 0 * * 0,6"],
]);

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names that may replace a number, in full or abbreviated to three letters. */
  readonly names?: readonly string[];
  /** Tokens for days that depend on the month. */
  readonly special?: RegExp;
}

const MONTHS = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];

const DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

const FIELDS: readonly Field[] = [
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  { name: "day of the month", min: 1, max: 31, special: /^LW?$/i },
  { name: "month", min: 1, max: 12, names: MONTHS },
  { name: "day of the week", min: 0, max: 7, names: DAYS, special: /^(?:[0-7]L|[0-7]#[1-5])$/i },
];

/**
 * Parses a crontab of five fields or a macro. Names of months and days become numbers. Sentry does not support a field
 * for seconds.
 */
export function parseCrontab(text: string): CronSchedule {
  const crontab = text.trim();
  if (crontab.startsWith("@")) return macro(crontab.toLowerCase());
  const fields = crontab.split(/\s+/);
  if (fields.length === 6)
    return { problem: "has six fields; Sentry supports five, without seconds" };
  if (fields.length !== 5) return { problem: "does not have five fields" };
  const read = FIELDS.map((field, index) => readField(fields[index] ?? "", field));
  const wrong = read.findIndex((field) => field === undefined);
  if (wrong !== -1)
    return { problem: `has an invalid ${FIELDS[wrong]?.name}: ${JSON.stringify(fields[wrong])}` };
  return { value: read.join(" ") };
}

/** Removes the seconds from a crontab of six fields if they are 0; returns other crontabs unchanged. */
export function withoutZeroSeconds(text: string): string {
  const [seconds = "", ...fields] = text.trim().split(/\s+/);
  return fields.length === 5 && /^0+$/.test(seconds) ? fields.join(" ") : text;
}

function macro(name: string): CronSchedule {
  const value = MACROS.has(name) ? name : FOREIGN_MACROS.get(name);
  return value === undefined ? { problem: "is a macro that Sentry does not support" } : { value };
}

function readField(text: string, field: Field): string | undefined {
  const items = text.split(",").map((item) => readItem(item, field));
  return items.includes(undefined) ? undefined : items.join(",");
}

// Reads `*`, a number or a range, with an optional step; or a token that only this field has.
function readItem(item: string, field: Field): string | undefined {
  const [range = "", step, ...more] = item.split("/");
  if (more.length > 0 || (step !== undefined && !/^0*[1-9]\d*$/.test(step))) return undefined;
  const read = readRange(range, field);
  if (read === undefined || step === undefined) return read;
  return `${read}/${step}`;
}

function readRange(range: string, field: Field): string | undefined {
  if (range === "*" || range === "?") return "*";
  const special = withNumbers(range, field);
  if (field.special?.test(special) === true) return special.toUpperCase();
  return readEnds(range.split("-"), field);
}

function readEnds(ends: readonly string[], field: Field): string | undefined {
  const [from, to] = ends.map((end) => readNumber(end, field));
  if (from === undefined || ends.length > 2) return undefined;
  if (ends.length === 1) return `${from}`;
  if (to === undefined) return undefined;
  // At the end of a range, Sunday is day 7.
  const last = to === 0 && from > 0 && field.names === DAYS ? 7 : to;
  return from <= last ? `${from}-${last}` : undefined;
}

function readNumber(token: string, field: Field): number | undefined {
  const number = /^\d{1,2}$/.test(token) ? Number(token) : numberOfName(token, field);
  if (number === undefined || number < field.min || number > field.max) return undefined;
  return number;
}

function numberOfName(token: string, { names, min }: Field): number | undefined {
  const word = token.toLowerCase();
  const index = names?.findIndex((name) => name === word || name.slice(0, 3) === word) ?? -1;
  return index === -1 ? undefined : index + min;
}

// Replaces the name in `FRI#2` and `FRIL` by its number.
function withNumbers(text: string, field: Field): string {
  const [, name = "", rest = ""] = /^([a-z]{3,}?)(L|#\d)$/i.exec(text) ?? [];
  const number = name === "" ? undefined : numberOfName(name, field);
  return number === undefined ? text : `${number}${rest}`;
}
