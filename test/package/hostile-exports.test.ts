import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { describe, expect, it } from "vitest";

import { builtPackage } from "./built-package.js";

interface WalkResult {
  readonly calls: number;
  readonly faults: readonly string[];
}

const FIXTURE = join(import.meta.dirname, "fixtures/hostile-walk.mjs");

async function walked(format: "cjs" | "esm", positions: number): Promise<WalkResult> {
  const args = [FIXTURE, format, join(builtPackage(), "dist"), String(positions)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 27 });
  return JSON.parse(stdout) as WalkResult;
}

describe("every export of the package", () => {
  // In CommonJS the same code runs: the first arguments are enough.
  it.each([
    ["esm", 3],
    ["cjs", 1],
  ] as const)(
    "takes any value without throwing, polluting a prototype or losing what comes later (%s)",
    async (format, positions) => {
      const { calls, faults, ...after } = await walked(format, positions);

      expect(faults.slice(0, 20)).toEqual([]);
      expect(calls).toBeGreaterThan(20_000);
      expect(after).toEqual({
        isPrototypeUntouched: true,
        isFlushed: true,
        errors: ["an ordinary error"],
        transactions: ["work"],
        malformed: [],
      });
    },
    300_000,
  );
});
