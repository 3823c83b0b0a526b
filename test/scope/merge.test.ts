import { describe, expect, it } from "vitest";

import { mergeScopes, scopeData } from "../../src/scope/merge.js";
import { Scope } from "../../src/scope/scope.js";

const globalScope = new Scope()
  .setTags({ layer: "global", onlyGlobal: 1 })
  .setUser({ id: "global", email: "g@example.com" })
  .setContext("shared", { from: "global", onlyGlobal: true })
  .setContext("globalOnly", { a: 1 })
  .setExtras({ layer: "global", g: 1 })
  .setAttributes({ layer: "global", g: 1 })
  .setFingerprint(["global"])
  .setLevel("debug")
  .setTransactionName("global name");
const isolation = new Scope()
  .setTags({ layer: "isolation" })
  .setUser({ id: "isolation", username: "i" })
  .setContext("shared", { from: "isolation" })
  .setExtras({ layer: "isolation", i: 1 })
  .setAttributes({ layer: "isolation", i: 1 })
  .setFingerprint(["isolation"])
  .setLevel("warning");
const current = new Scope()
  .setTags({ layer: "current" })
  .setExtras({ layer: "current" })
  .setAttributes({ layer: "current" })
  .setFingerprint(["current"])
  .setTransactionName("current name");

describe("merging global, isolation and current scope", () => {
  const merged = mergeScopes(scopeData(globalScope, isolation, current), 100);

  it.each<[keyof typeof merged, unknown]>([
    ["tags", { layer: "current", onlyGlobal: "1" }],
    ["user", { id: "isolation", email: "g@example.com", username: "i" }],
    ["extra", { layer: "current", g: 1, i: 1 }],
    ["attributes", { layer: "current", g: 1, i: 1 }],
    ["fingerprint", ["global", "isolation", "current"]],
    ["level", "warning"],
    ["transactionName", "current name"],
  ])("later keys win in %s", (key, expected) => {
    expect(merged[key]).toEqual(expected);
  });

  it("replaces a context as a whole", () => {
    expect(merged.contexts).toEqual({ shared: { from: "isolation" }, globalOnly: { a: 1 } });
  });

  it("leaves the scopes as they were", () => {
    expect(isolation.data.tags).toEqual({ layer: "isolation" });
    expect(globalScope.data.tags).toEqual({ layer: "global", onlyGlobal: "1" });
  });
});

it("is the scope itself where only one has anything", () => {
  const merged = mergeScopes(scopeData(new Scope(), isolation, undefined), 100);
  expect(merged).toEqual({ ...isolation.data, breadcrumbs: [] });
});

it("is empty where none has anything", () => {
  expect(mergeScopes(scopeData(new Scope(), undefined), 100)).toEqual({
    ...new Scope().data,
    breadcrumbs: [],
  });
});
