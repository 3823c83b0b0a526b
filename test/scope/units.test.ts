import { describe, expect, it } from "vitest";

import { DefaultUnit, UnitTable, processScopes } from "../../src/scope/process-scopes.js";

describe("a unit of work", () => {
  it("starts with the data of the unit it was forked from, one step deeper", () => {
    const parent = new DefaultUnit();
    parent.isolation.setTag("a", "1");
    const unit = parent.fork();
    unit.isolation.setTag("b", "2");
    expect(unit.isolation.data.tags).toEqual({ a: "1", b: "2" });
    expect(parent.isolation.data.tags).toEqual({ a: "1" });
    expect([parent.depth, unit.depth, unit.fork().depth]).toEqual([0, 1, 2]);
  });

  it("waits for a root span only where it was made for one", () => {
    expect(new DefaultUnit().fork().adoptable).toBe(false);
    expect(new DefaultUnit().fork(true).adoptable).toBe(true);
  });
});

describe("the table of units without a recording span", () => {
  it("gives one trace one unit", () => {
    const table = new UnitTable();
    const unit = table.get("trace", () => new DefaultUnit());
    expect(table.get("trace", () => new DefaultUnit())).toBe(unit);
    expect(table.get("other", () => new DefaultUnit())).not.toBe(unit);
  });

  it("is bounded: the oldest goes, and no unit is ever shared", () => {
    const table = new UnitTable(100);
    const units = Array.from({ length: 1000 }, (_, index) =>
      table.get(`${index}`, () => new DefaultUnit()),
    );
    expect(table.size).toBe(100);
    expect(new Set(units).size).toBe(1000);
    expect(table.get("999", () => new DefaultUnit())).toBe(units[999]);
    expect(table.get("0", () => new DefaultUnit())).not.toBe(units[0]);
  });
});

it("there is one set of process scopes, by whatever way it is reached", () => {
  expect(processScopes()).toBe(processScopes());
  const slot = Symbol.for("otel-sentry-bridge.process-scopes.v2");
  expect((globalThis as Record<symbol, unknown>)[slot]).toBe(processScopes());
});
