import { describe, expect, it } from "vitest";

import { copyOfEvent } from "../../src/client/copy-event.js";

const LIMITS = { depth: 20, breadth: 100, stringLength: 100_000 };
const crumbNamed = (message: string): object => Object.freeze({ message, category: "app" });
const eventWith = (...values: object[]): object => ({ message: "m", breadcrumbs: { values } });

describe("a breadcrumb that several events have", () => {
  it("is whole in an event with room, after one in which it was cut", () => {
    const crumb = crumbNamed("x".repeat(1000));
    const narrow = copyOfEvent(eventWith(crumb), { ...LIMITS, totalLength: 500 });
    expect(JSON.stringify(narrow)).not.toContain("x".repeat(500));
    expect(copyOfEvent(eventWith(crumb), LIMITS)).toEqual(eventWith(crumb));
  });

  it("takes as much of the limits of each event", () => {
    const crumbs = Array.from({ length: 10 }, (_, index) => crumbNamed(`${index}`.repeat(1000)));
    const narrow = { ...LIMITS, totalLength: 5500 };
    const first = copyOfEvent(eventWith(...crumbs), narrow);
    copyOfEvent(eventWith(...crumbs), LIMITS);
    const second = copyOfEvent(eventWith(...crumbs), narrow);
    expect(JSON.stringify(first).length).toBeLessThan(7000);
    expect(second).toEqual(first);
  });
});

describe("breadcrumbs that are not the client's own list", () => {
  it.each([
    ["a proxy around the record", new Proxy({ values: [{ message: "own" }] }, {})],
    ["a proxy around the list", { values: new Proxy([{ message: "own" }], {}) }],
    ["a record with a method toJSON", { toJSON: () => ({ values: [{ message: "own" }] }) }],
  ])("are copied, if they are %s", (_, breadcrumbs) => {
    expect(copyOfEvent({ breadcrumbs }, LIMITS)).toEqual({
      breadcrumbs: { values: [{ message: "own" }] },
    });
  });
});
