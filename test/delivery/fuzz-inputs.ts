import fc from "fast-check";
import { CHARACTER } from "../property/characters.js";

const NUMBERS = [
  "0",
  "-0",
  "1",
  "1.5",
  "60",
  "-1",
  "-99999999999",
  "86400",
  "86401",
  "4294967296",
  "9007199254740993",
  "1e3",
  "1e308",
  "1e309",
  "9".repeat(400),
  "Infinity",
  "-Infinity",
  "NaN",
  "0x10",
  "0b11",
  "1_000",
  "1 000",
  ".5",
  "5.",
  "+5",
  "--5",
  "٣",
  "",
  " ",
];

const DATES = [
  "Sun, 22 Nov 2026 10:00:42 GMT",
  "Sunday, 22-Nov-26 10:00:42 GMT",
  "Sun Nov 22 10:00:42 2026",
  "Thu, 01 Jan 1970 00:00:00 GMT",
  "Fri, 31 Dec 9999 23:59:59 GMT",
  "Sun, 99 Nov 2026 99:99:99 GMT",
  "Sun, 22 Nov +275760 00:00:00 GMT",
  "2026-11-22T10:00:42Z",
];

const NAMES = [
  "error",
  "transaction",
  "span",
  "default",
  "internal",
  "monitor",
  "log_byte",
  "__proto__",
  "constructor",
  "all",
  "ERROR",
  "unheard_of",
];

const PARTS = [
  ...NUMBERS,
  ...DATES,
  ...NAMES,
  ...Array.from(',:;= \t\r\n\0\u001b\u007f"\\é\u00a0\ufeff👾\ud800'),
  "organization",
  "60:error:organization:quota",
  "60::organization",
];

const numbers: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...NUMBERS),
  fc.double().map(String),
  fc.bigInt().map(String),
);
const names: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...NAMES), { maxLength: 4 })
  .map((all) => all.join(";"));
const limit = fc.tuple(numbers, names).map(([seconds, list]) => `${seconds}:${list}:key:reason`);
const pieces = fc.array(fc.constantFrom(...PARTS), { maxLength: 12 }).map((all) => all.join(""));
const huge = fc
  .tuple(fc.constantFrom(...PARTS), fc.integer({ min: 100, max: 3000 }))
  .map(([part, count]) => part.repeat(count));

/** Values of headers: some are valid, most nearly so, and some are anything. */
export const hostileValues: fc.Arbitrary<string> = fc.oneof(
  { weight: 60, arbitrary: fc.array(limit, { maxLength: 4 }).map((all) => all.join(",")) },
  { weight: 60, arbitrary: pieces },
  { weight: 40, arbitrary: numbers },
  { weight: 40, arbitrary: fc.constantFrom(...DATES) },
  { weight: 40, arbitrary: fc.string({ unit: CHARACTER, maxLength: 60 }) },
  { weight: 1, arbitrary: huge },
);
