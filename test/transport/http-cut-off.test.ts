import { describe, expect, it } from "vitest";

import { IdleCutOff } from "../../src/transport/connection-cut-off.js";

const MINUTE = 60_000;

describe("the bound of idleness", () => {
  it("is the option's until the server has closed a connection", () => {
    expect(new IdleCutOff(4000).at(MINUTE)).toBe(4000);
  });

  it("is three quarters of the time after which the server closed one", () => {
    const cutOff = new IdleCutOff(4000);
    cutOff.learn(1000, 0);
    expect(cutOff.at(1)).toBe(750);
  });

  it("doubles each minute up to the option's", () => {
    const cutOff = new IdleCutOff(4000);
    cutOff.learn(1000, 0);
    expect([0, 1, 2, 3, 4].map((minutes) => cutOff.at(minutes * MINUTE))).toEqual([
      750, 1500, 3000, 4000, 4000,
    ]);
  });

  it("does not rise while the server goes on to close", () => {
    const cutOff = new IdleCutOff(4000);
    for (let minute = 0; minute < 10; minute += 1) cutOff.learn(1000, minute * 0.9 * MINUTE);
    expect(cutOff.at(9 * MINUTE)).toBe(750);
  });

  it("is not raised by what was idle for longer", () => {
    const cutOff = new IdleCutOff(4000);
    cutOff.learn(100, 0);
    cutOff.learn(3000, 1);
    expect(cutOff.at(2)).toBe(75);
  });

  it("stays above the pauses of a connection that is in use", () => {
    const cutOff = new IdleCutOff(4000);
    cutOff.learn(0.1, 0);
    expect(cutOff.at(0)).toBe(5);
  });

  it("is not lowered when a connection breaks that was not idle", () => {
    const cutOff = new IdleCutOff(4000);
    cutOff.learnFromLoss(1, 0);
    expect(cutOff.at(0)).toBe(4000);
    cutOff.learnFromLoss(100, 0);
    expect(cutOff.at(0)).toBe(75);
  });
});
