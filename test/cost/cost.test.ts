import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { beforeAll, describe, expect, it } from "vitest";

import { builtPackage } from "../package/built-package.js";

/**
 * The most that each figure may be: about an eighth above the most that is seen on Node 20; of small numbers and of promoted
 * bytes, a third or more. They are counts of bytes and objects, not times, so that other work on the machine changes them little:
 * a figure differs by what the compiler has done by then, allocated bytes of unsampled spans by 370 to 675. Bytes are per span,
 * and above those of a processor that does nothing, for requests of a SERVER root and 20 CLIENT children with statements that
 * differ. Lower a bound after a change that makes it loose, by the most of many runs.
 */
const BOUNDS = {
  sent: { allocated: 2700, promoted: 15, markCompacts: 0, encoded: 600 },
  unsampled: { allocated: 750, promoted: 5, markCompacts: 0, encoded: 0 },
  disabled: { allocated: 550, promoted: 3, markCompacts: 0, encoded: 0 },
  // Of a flush of segments whose roots are open.
  flush: { promoted: 42 },
  // On a busy machine a turn of the event loop has fewer envelopes.
  delivery: { promises: 0.01, timers: 0.11, connectionsPaced: 10 },
  modules: { files: 3, builtIns: 2 },
};

/** Figures by name. */
type Figures = Readonly<Record<string, number>>;

// One thread, so that collections and compilation happen after a number of steps, not after a time.
const FLUSH_FLAGS = [
  "--expose-gc",
  "--single-threaded",
  "--min-semi-space-size=8",
  "--max-semi-space-size=8",
  "--initial-old-space-size=256",
];
// Pretenuring depends on which objects happened to be alive at the first collections.
const MEMORY_FLAGS = [...FLUSH_FLAGS, "--no-allocation-site-pretenuring"];
const FLAGS: Readonly<Record<string, string[]>> = { flush: FLUSH_FLAGS, memory: MEMORY_FLAGS };

const run = promisify(execFile);

async function figuresOf(program: string, args: string[] = []): Promise<Figures> {
  const file = fileURLToPath(new URL(`fixtures/${program}.mjs`, import.meta.url));
  const env = { ...process.env, PACKAGE: join(builtPackage(), "dist") };
  const { stdout } = await run(process.execPath, [...(FLAGS[program] ?? []), file, ...args], {
    env,
  });
  return JSON.parse(stdout) as Figures;
}

function aboveFloor(figures: Figures, floor: Figures): Figures {
  const entries = Object.entries(figures);
  return Object.fromEntries(entries.map(([name, value]) => [name, value - (floor[name] ?? 0)]));
}

function exceeded(figures: Figures, bounds: Figures): string[] {
  return Object.entries(bounds)
    .filter(([name, most]) => !((figures[name] ?? Number.NaN) <= most))
    .map(([name, most]) => `${name}: ${figures[name]}, at most ${most}`);
}

describe("per span", () => {
  let floor: Figures;

  beforeAll(async () => {
    floor = await figuresOf("memory", ["floor"]);
  });

  it.each(["sent", "unsampled", "disabled"] as const)(
    "memory and encoded bytes are within their bounds: %s",
    async (name) => {
      const figures = aboveFloor(await figuresOf("memory", [name]), floor);
      expect(exceeded(figures, BOUNDS[name])).toEqual([]);
    },
  );

  it("memory that outlives a flush is within its bound", async () => {
    expect(exceeded(await figuresOf("flush"), BOUNDS.flush)).toEqual([]);
  });
});

describe("per envelope", () => {
  it("promises, timers and connections are within their bounds", async () => {
    expect(exceeded(await figuresOf("delivery"), BOUNDS.delivery)).toEqual([]);
  });
});

describe("the main entry", () => {
  it("loads a bounded number of files and built-in modules", async () => {
    expect(exceeded(await figuresOf("modules"), BOUNDS.modules)).toEqual([]);
  });
});
