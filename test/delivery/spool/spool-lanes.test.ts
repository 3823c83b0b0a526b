import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { DataCategory } from "../../../src/protocol/data-category.js";
import { parseName } from "../../../src/delivery/spool/file-format.js";
import { SpoolLanes } from "../../../src/delivery/spool/spool-lanes.js";
import type { WaitingFile } from "../../../src/delivery/spool/spool-lanes.js";
import { NO_LIMIT } from "./spool-support.js";

const PRIORITY_DIGITS: Readonly<Partial<Record<DataCategory, number>>> = { monitor: 0, error: 1 };

function fileOf(category: DataCategory, second: number, id = second): WaitingFile {
  const age = String(second * 1000).padStart(14, "0");
  const run = id.toString(16).padStart(32, "0");
  const name = `${PRIORITY_DIGITS[category] ?? 3}-${age}-${"a".repeat(16)}-00000001-${category}-10-${run}.envelope`;
  const entry = parseName(name)?.entry;
  if (entry === undefined) throw new Error(`no name of a file: ${name}`);
  return { entry, releases: 0 };
}

function lanesOf(files: readonly WaitingFile[]): SpoolLanes {
  const lanes = new SpoolLanes();
  for (const file of files) lanes.add(file);
  return lanes;
}

// Takes files until none is left; those that `fails` names come back.
function taken(
  files: readonly WaitingFile[],
  count: number,
  fails: (file: WaitingFile) => boolean,
): WaitingFile[] {
  const lanes = lanesOf(files);
  const taking: WaitingFile[] = [];
  for (let turn = 0; turn < count; turn += 1) {
    const next = lanes.next(NO_LIMIT);
    const file = files.find(({ entry }) => entry === next);
    if (file === undefined) break;
    taking.push(file);
    if (fails(file)) file.releases += 1;
    else lanes.remove(file.entry);
  }
  return taking;
}

describe("spooled files", () => {
  it("are taken by priority and age", () => {
    const [late, early] = [fileOf("error", 2), fileOf("error", 1)];
    const [transaction, checkIn] = [fileOf("transaction", 0), fileOf("monitor", 9)];
    expect(taken([transaction, late, checkIn, early], 9, () => false)).toEqual([
      checkIn,
      early,
      late,
      transaction,
    ]);
  });

  it("are passed over while their category is limited", () => {
    const lanes = lanesOf([fileOf("error", 1), fileOf("transaction", 2)]);
    expect(lanes.next((category) => category === "error")?.category).toBe("transaction");
    expect(lanes.next(() => true)).toBeUndefined();
  });

  it("that never arrive take one turn in eleven from the others", () => {
    const bad = [fileOf("monitor", 1), fileOf("monitor", 2)];
    const good = Array.from({ length: 100 }, (_, index) => fileOf("error", index));
    const turns = taken([...bad, ...good], 116, (file) => bad.includes(file));
    // Three attempts of each at first, then one after each ten of the others.
    expect(turns.filter((file) => good.includes(file))).toHaveLength(100);
    expect(bad.map(({ releases }) => releases)).toEqual([8, 8]);
  });

  it("that did not arrive during an outage are sent soon after it, however many others wait", () => {
    const checkIn = fileOf("monitor", 1);
    checkIn.releases = 40;
    const errors = Array.from({ length: 500 }, (_, index) => fileOf("error", index));
    expect(taken([checkIn, ...errors], 12, () => false)).toContain(checkIn);
  });

  it("of one run are taken in order, whatever fails", () => {
    const file = fc.record({ run: fc.nat(3), second: fc.nat(50) });
    const property = fc.property(
      fc.uniqueArray(file, { minLength: 2, maxLength: 30, selector: ({ second }) => second }),
      fc.infiniteStream(fc.boolean()),
      (given, failures) => {
        const files = given.map(({ run, second }) => fileOf("monitor", second, run));
        const fails = (): boolean => failures.next().value === true;
        const orders = new Map<string, number>();
        for (const { entry } of taken(files, 200, fails)) {
          expect(entry.timeMillis).toBeGreaterThanOrEqual(orders.get(entry.id) ?? 0);
          orders.set(entry.id, entry.timeMillis);
        }
      },
    );
    fc.assert(property, { numRuns: 200 });
  });
});
