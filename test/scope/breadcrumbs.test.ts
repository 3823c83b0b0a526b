import { describe, expect, it } from "vitest";

import { addToTrail, newestBreadcrumbs } from "../../src/scope/scope-data.js";
import { mergeScopes } from "../../src/scope/merge.js";
import { DEFAULT_MAX_BREADCRUMBS, Scope } from "../../src/scope/scope.js";

function scopeWith(count: number, limit?: number): Scope {
  const scope = new Scope();
  for (let index = 0; index < count; index++)
    scope.addBreadcrumb({ timestamp: index, message: `${index}` }, limit);
  return scope;
}

function messagesOf(scopes: readonly Scope[], limit: number): (string | undefined)[] {
  return mergeScopes(
    scopes.map((scope) => scope.data),
    limit,
  ).breadcrumbs.map(({ message }) => message);
}

describe("breadcrumbs", () => {
  it("are the newest hundred by default", () => {
    const messages = messagesOf([scopeWith(250)], DEFAULT_MAX_BREADCRUMBS);
    expect(messages).toHaveLength(100);
    expect([messages[0], messages[99]]).toEqual(["150", "249"]);
  });

  it.each([1, 2, 3, 7, 100])(
    "with a limit of %i are never more than that, and memory holds at most twice as many",
    (limit) => {
      const scope = new Scope();
      for (let index = 0; index < 5 * limit + 1; index++) {
        scope.addBreadcrumb({ timestamp: index, message: `${index}` }, limit);
        expect(scope.data.breadcrumbs?.length).toBeLessThanOrEqual(2 * limit);
        const newest = Array.from(
          { length: Math.min(index + 1, limit) },
          (_, back) => `${index - back}`,
        ).toReversed();
        expect(messagesOf([scope], limit)).toEqual(newest);
      }
    },
  );

  it("are not kept at all with a limit of 0", () => {
    const scope = scopeWith(10, 0);
    expect(scope.data.breadcrumbs).toBeUndefined();
    expect(messagesOf([scopeWith(10)], 0)).toEqual([]);
  });

  it("of several scopes are put in order of time, and the newest are kept", () => {
    const older = new Scope()
      .addBreadcrumb({ timestamp: 1, message: "a" })
      .addBreadcrumb({ timestamp: 4, message: "d" });
    const newer = new Scope()
      .addBreadcrumb({ timestamp: 2, message: "b" })
      .addBreadcrumb({ timestamp: 3, message: "c" });
    expect(messagesOf([older, newer], 100)).toEqual(["a", "b", "c", "d"]);
    expect(messagesOf([older, newer], 3)).toEqual(["b", "c", "d"]);
  });

  it("get the time at which they were added, in seconds", () => {
    const before = Date.now() / 1000;
    const [crumb] = mergeScopes(
      [new Scope().addBreadcrumb({ message: "now" }).data],
      1,
    ).breadcrumbs;
    expect(crumb?.timestamp).toBeGreaterThanOrEqual(before);
    expect(crumb?.timestamp).toBeLessThanOrEqual(Date.now() / 1000);
  });

  it("get it too where their own time is undefined", () => {
    const crumb = { message: "now", timestamp: undefined };
    const scope = new Scope().addBreadcrumb(crumb as never);
    expect(mergeScopes([scope.data], 1).breadcrumbs).toEqual([
      { message: "now", timestamp: expect.any(Number) },
    ]);
  });

  it("of a fork do not appear in what it was forked from, nor the other way round", () => {
    const parent = scopeWith(3);
    const fork = parent.fork().addBreadcrumb({ message: "fork" });
    parent.addBreadcrumb({ message: "parent" });
    expect(messagesOf([parent], 100)).toEqual(["0", "1", "2", "parent"]);
    expect(messagesOf([fork], 100)).toEqual(["0", "1", "2", "fork"]);
  });

  it("share their tail: adding one makes one node", () => {
    const trail = addToTrail(undefined, { message: "first" }, 10);
    const longer = addToTrail(trail, { message: "second" }, 10);
    expect(longer?.previous).toBe(trail);
    expect(newestBreadcrumbs(longer, 10)).toEqual([{ message: "first" }, { message: "second" }]);
  });
});
