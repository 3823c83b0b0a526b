import { describe, expect, it } from "vitest";

import { captureException } from "../../src/index.js";
import { copyOfEvent } from "../../src/client/copy-event.js";
import { startBridge } from "./bridge.js";

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

describe("a breadcrumb that a hook adds to each error", () => {
  it.each([
    ["not frozen", (data: object) => ({ message: "own", data })],
    ["frozen", (data: object) => Object.freeze({ message: "own", data })],
    [
      "frozen, with frozen data around other data",
      (data: object) => Object.freeze({ message: "own", data: Object.freeze({ inner: data }) }),
    ],
  ])("is sent as it is by then, if it is %s", async (_, make) => {
    const data = { count: 0 };
    const own = make(data);
    const bridge = startBridge({
      beforeSend: (event) => {
        data.count += 1;
        return { ...event, breadcrumbs: { values: [own] } };
      },
    });
    captureException(new Error("first"));
    captureException(new Error("second"));
    await bridge.client.flush();
    const sent = bridge.transport.errors().map((error) => JSON.stringify(error.breadcrumbs));
    expect(sent.map((text) => /"count":\d/.exec(text)?.[0])).toEqual(['"count":1', '"count":2']);
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
