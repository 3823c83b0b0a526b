import { describe, expect, it } from "vitest";

import { IdleCutOff } from "../../../src/delivery/http/connection-cut-off.js";

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

  it("is not lowered by a restart: a loss after a pause far shorter than one that went well", () => {
    const cutOff = new IdleCutOff(4000);
    cutOff.survived(1000);
    cutOff.learn(10, 500, 0);
    expect(cutOff.at(500)).toBe(4000);
  });

  it("is lowered by none of the connections that the restart ended", () => {
    const cutOff = new IdleCutOff(4000);
    cutOff.survived(1000);
    cutOff.learn(10, 500, 0);
    cutOff.learnFromLoss(20, 501, 100);
    cutOff.learn(100, 510, 499);
    expect(cutOff.at(510)).toBe(4000);
  });

  it("is lowered when connections that were made after that are closed as well", () => {
    const cutOff = new IdleCutOff(4000);
    cutOff.survived(1000);
    cutOff.learn(100, 500, 0);
    cutOff.learn(100, 700, 501);
    expect(cutOff.at(700)).toBe(75);
  });

  it("is lowered although the server was late only once", () => {
    const cutOff = new IdleCutOff(4000);
    cutOff.survived(40);
    cutOff.learn(30, 500, 0);
    expect(cutOff.at(500)).toBe(22.5);
  });
});
