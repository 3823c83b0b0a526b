import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { DefaultUnit } from "../../src/scope/process-scopes.js";
import type { Unit } from "../../src/scope/unit.js";

describe("units of work", () => {
  it("start with what was written outside before the first of them opened, and with nothing later", () => {
    const outside = new DefaultUnit();
    outside.isolation.setTag("region", "eu");
    const first = outside.fork();
    outside.isolation
      .setUser({ id: "anna" })
      .setTag("region", "us")
      .addBreadcrumb({ message: "late" });
    for (const unit of [first, outside.fork(), outside.fork(true)]) {
      expect(unit.isolation.data).toMatchObject({ tags: { region: "eu" }, user: undefined });
      expect(unit.isolation.data.breadcrumbs).toBeUndefined();
    }
    expect(outside.isolation.data).toMatchObject({ tags: { region: "us" }, user: { id: "anna" } });
  });

  it("are opened by no other use of the default scope", () => {
    const outside = new DefaultUnit();
    outside.isolation.fork().setTag("overlay", "yes");
    outside.isolation.setTag("region", "eu");
    expect(outside.fork().isolation.data.tags).toEqual({ region: "eu" });
  });

  it("hold, whatever the order of writes and forks, what was written before the first fork", () => {
    const step = fc.oneof(fc.constant("fork" as const), fc.nat(5));
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const outside = new DefaultUnit();
        const first = steps.indexOf("fork");
        const early: Record<string, string> = {};
        const units: Unit[] = [];
        for (const [index, each] of steps.entries()) {
          if (each === "fork") units.push(outside.fork());
          else outside.isolation.setTag(`tag${each}`, `${index}`);
          if (each !== "fork" && index < first) early[`tag${each}`] = `${index}`;
        }
        expect(units.map((unit) => unit.isolation.data.tags)).toEqual(units.map(() => early));
      }),
    );
  });
});

describe("a guard of the default scope", () => {
  it("is asked about each change, and can refuse it", () => {
    const outside = new DefaultUnit();
    const asked: string[] = [];
    outside.guardWrites(({ change, isLate, isTraced }) => {
      asked.push(`${Object.keys(change).join()} ${isLate} ${isTraced}`);
      return change.user === undefined;
    });
    outside.guardWrites(() => false);
    outside.isolation.setTag("a", "1");
    outside.expectSpans();
    outside.fork().isolation.setUser({ id: "bert" });
    outside.isolation.setUser({ id: "anna" });
    expect(asked).toEqual(["tags false false", "user true true"]);
    expect(outside.isolation.data).toMatchObject({ tags: { a: "1" }, user: undefined });
  });
});
