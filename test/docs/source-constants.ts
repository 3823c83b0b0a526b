import { readFileSync } from "node:fs";

/** Returns the number of a constant in a source file; `NAME.key` is an entry of an object literal. Throws if there is none. */
export function constantIn(path: string, name: string): number {
  const [constant = "", key] = name.split(".");
  const text = readFileSync(path, "utf8");
  const whole = new RegExp(`const ${constant}(?:: [^=]+)? =\\s*([^;]+);`).exec(text)?.[1];
  const found = key === undefined ? whole : new RegExp(`${key}: ([^,}]+)`).exec(whole ?? "")?.[1];
  if (found === undefined) throw new Error(`${path} has no constant ${name}`);
  return valueOf(found, path);
}

// Evaluates products of numbers and of other constants in the same file.
function valueOf(expression: string, path: string): number {
  const factors = expression.split(" * ").map((factor) => factor.trim());
  return factors.reduce((product, factor) => product * factorOf(factor, path), 1);
}

function factorOf(factor: string, path: string): number {
  return /^[A-Z][A-Z_]+$/.test(factor)
    ? constantIn(path, factor)
    : Number(factor.replaceAll("_", ""));
}

const UNITS: Readonly<Record<string, readonly number[]>> = {
  KiB: [1024],
  MiB: [1_048_576],
  s: [1000, 1],
  min: [60_000],
  h: [3_600_000],
  days: [86_400_000, 86_400],
};

/** Returns the numbers that a text states: "1,000 characters" and "4 MiB", in bytes, and times in milliseconds or seconds. */
export function statedIn(text: string): ReadonlySet<number> {
  const found = [...text.matchAll(/(\d[\d,]*)(?: (KiB|MiB|s|min|h|days)\b)?/g)];
  return new Set(
    found.flatMap(([, digits = "", unit = ""]) => {
      const value = Number(digits.replaceAll(",", ""));
      return (UNITS[unit] ?? [1]).map((factor) => value * factor);
    }),
  );
}
