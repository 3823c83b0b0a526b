import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { beforeAll, describe, expect, it } from "vitest";

import { IS_DEEP, SEED } from "../property/runs.js";
import { builtPackage } from "./built-package.js";

interface WalkResult {
  readonly calls: number;
  readonly faults: readonly string[];
  readonly differsInCommonJs: readonly string[];
}

const FIXTURE = join(import.meta.dirname, "fixtures/hostile-walk.mjs");

async function walked(): Promise<WalkResult> {
  const seed = IS_DEEP ? [] : [String(SEED)];
  const args = [FIXTURE, join(builtPackage(), "dist"), ...seed];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 27 });
  return JSON.parse(stdout) as WalkResult;
}

describe("every export of the package", () => {
  let result: WalkResult;

  beforeAll(async () => {
    result = await walked();
  }, 300_000);

  it("takes any value without throwing, polluting a prototype or losing what comes later", () => {
    const { calls, faults, differsInCommonJs: _, ...after } = result;

    expect(faults.slice(0, 20), `seed ${SEED}`).toEqual([]);
    expect(calls).toBeGreaterThan(20_000);
    expect(after).toEqual({
      isPrototypeUntouched: true,
      isFlushed: true,
      errors: ["an ordinary error"],
      transactions: ["work"],
      malformed: [],
    });
  });

  it("is the same object in CommonJS, which therefore takes any value too", () => {
    expect(result.differsInCommonJs).toEqual([]);
  });
});
