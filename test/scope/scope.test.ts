import { describe, expect, it } from "vitest";

import { mergeScopes } from "../../src/scope/merge.js";
import { Scope } from "../../src/scope/scope.js";
import type { TagValue } from "../../src/scope/scope-data.js";
import { throwing } from "../otel/propagation-kit.js";

describe("a scope", () => {
  it("keeps what the application passed, whatever it does with its object later", () => {
    const user = { id: "1", roles: ["admin"], address: { city: "Ghent" } };
    const crumb = { message: "before", data: { step: 1 } };
    const context = { deep: { list: [1] } };
    const fingerprint = ["a"];
    const scope = new Scope()
      .setUser(user)
      .addBreadcrumb(crumb)
      .setContext("c", context)
      .setExtra("e", context.deep)
      .setAttributes({ a: context.deep.list })
      .setFingerprint(fingerprint);
    user.id = "2";
    user.roles.push("root");
    user.address.city = "Lyon";
    crumb.message = "after";
    crumb.data.step = 2;
    context.deep.list.push(2);
    fingerprint.push("b");
    expect(mergeScopes([scope.data], 100)).toMatchObject({
      user: { id: "1", roles: ["admin"], address: { city: "Ghent" } },
      breadcrumbs: [{ message: "before", data: { step: 1 } }],
      contexts: { c: { deep: { list: [1] } } },
      extra: { e: { list: [1] } },
      attributes: { a: [1] },
      fingerprint: ["a"],
    });
  });

  it("takes frozen objects, and objects of classes", () => {
    class Account {
      readonly id = 7;
      readonly #secret = "s";
      reveal(): string {
        return this.#secret;
      }
    }
    const scope = new Scope()
      .setUser(Object.freeze({ id: 1 }))
      .setContext("account", new Account());
    expect(scope.data.user).toEqual({ id: 1 });
    expect(scope.data.contexts).toEqual({ account: { id: 7 } });
  });

  it("removes user and context with null, and everything with clear", () => {
    const scope = new Scope().setUser({ id: 1 }).setContext("a", { b: 1 }).setTag("t", "1");
    const data = scope.setUser(null).setContext("a", null).data;
    expect(data.user).toBeUndefined();
    expect(data.contexts).toEqual({});
    expect(scope.clear().data).toBe(new Scope().data);
  });

  it("has no prototype to be reached by its keys", () => {
    const json = JSON.parse(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    ) as object;
    const scope = new Scope()
      .setUser({ ...json })
      .setExtras({ ...json })
      .setContext("c", { ...json });
    scope.setTags(JSON.parse('{"__proto__":"x"}') as Record<string, string>);
    scope.setContext("__proto__", { polluted: true }).setExtra("__proto__", { polluted: true });
    expect(Object.prototype).not.toHaveProperty("polluted");
    expect(scope.data.tags).not.toHaveProperty("polluted");
  });

  it("leaves out fields that are undefined, as Sentry's SDKs do", () => {
    const user: object = { id: 1, email: undefined, address: { city: undefined, zip: "9000" } };
    const { data } = new Scope().setUser(user);
    expect(JSON.parse(JSON.stringify(data.user))).toEqual({ id: 1, address: { zip: "9000" } });
  });

  it("takes maps and errors for what they hold", () => {
    const scope = new Scope().setContext("map", new Map([["a", 1]]));
    scope.setContext("error", new TypeError("no such thing"));
    expect(scope.data.contexts).toMatchObject({
      map: { a: 1 },
      error: { type: "TypeError", message: "no such thing" },
    });
  });

  it("cuts what is too deep, and says so", () => {
    const scope = new Scope().setContext("c", { a: { b: { c: { d: 1 } } } });
    expect(scope.data.contexts).toEqual({ c: { a: { b: { c: "[Object]" } } } });
  });

  it("makes texts and keys well-formed", () => {
    const scope = new Scope()
      .setUser({ id: "a\ud800", "k\udfff": 1 })
      .setTag("t\ud800", "v\udfff")
      .setContext("c", { "\ud800": "\ud800" })
      .setExtra("e\ud800", "\udfff")
      .addBreadcrumb({ timestamp: 1, message: "\ud800" });
    const text = JSON.stringify(mergeScopes([scope.data], 100));
    expect(text).not.toMatch(/\\ud[89a-f]/i);
    expect(text).toContain("a\ufffd");
  });
});

describe("tags", () => {
  it.each<[TagValue | object, unknown]>([
    ["eu", "eu"],
    [5, "5"],
    [true, "true"],
    [false, "false"],
    [10n, "10"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "Infinity"],
    ["a\nb\nc", "a\nb\nc"],
    ["x".repeat(500), "x".repeat(200)],
    ["\ud800", "\ufffd"],
    [1.5, "1.5"],
    [{ a: 1 }, "[object]"],
  ])("of %o are kept as %o", (value, kept) => {
    expect(new Scope().setTags({ t: value as TagValue }).data.tags).toEqual({ t: kept });
  });

  it.each([
    ["plain.key-1:a", "plain.key-1:a"],
    ["with space", "with-space"],
    ["käse/brot", "k_se_brot"],
    ["k".repeat(300), "k".repeat(200)],
  ])("with the key %j have the key %j", (key, kept) => {
    expect(new Scope().setTag(key, "v").data.tags).toEqual({ [kept]: "v" });
  });

  it("go with an empty text, which Sentry does not take", () => {
    const scope = new Scope().setTags({ a: "1", b: "2" }).setTags({ a: "", b: " " });
    expect(scope.data.tags).toEqual({});
    expect(scope.data.broken).toEqual(["tagValue"]);
  });

  it("go with undefined and null, by the key they came with", () => {
    const scope = new Scope().setTags({ a: "1", b: "2", "c d": "3", e: "4" });
    scope.setTag("a", undefined).setTags({ b: null, "c d": undefined });
    expect(scope.data.tags).toEqual({ e: "4" });
  });
});

describe("no method throws, whatever it is given", () => {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const hostile: [string, unknown][] = [
    ["undefined", undefined],
    ["null", null],
    ["a text", "text"],
    ["a number", 5],
    ["a symbol", Symbol("s")],
    ["a function", throwing],
    [
      "a throwing getter",
      Object.defineProperty({}, "message", { enumerable: true, get: throwing }),
    ],
    ["a throwing toJSON", { toJSON: throwing }],
    ["a throwing toString", { toString: throwing }],
    ["a revoked proxy", revoked.proxy],
    ["a proxy that throws", new Proxy({}, { get: throwing, ownKeys: throwing })],
    ["a cycle", cycle()],
    ["ten megabytes", { text: "x".repeat(10_000_000) }],
    ["an invalid date", new Date(Number.NaN)],
    ["an array", [1, 2]],
  ];

  const methods: [string, (scope: Scope, value: never) => unknown][] = [
    ["setUser", (scope, value) => scope.setUser(value)],
    ["setTag", (scope, value) => scope.setTag("t", value)],
    ["setTags", (scope, value) => scope.setTags(value)],
    ["setContext", (scope, value) => scope.setContext("c", value)],
    ["setExtra", (scope, value) => scope.setExtra("e", value)],
    ["setExtras", (scope, value) => scope.setExtras(value)],
    ["setAttribute", (scope, value) => scope.setAttribute("a", value)],
    ["setAttributes", (scope, value) => scope.setAttributes(value)],
    ["addBreadcrumb", (scope, value) => scope.addBreadcrumb(value)],
    [
      "addBreadcrumb with such a message",
      (scope, value) => scope.addBreadcrumb({ message: value }),
    ],
    ["setFingerprint", (scope, value) => scope.setFingerprint(value)],
    ["setLevel", (scope, value) => scope.setLevel(value)],
    ["setTransactionName", (scope, value) => scope.setTransactionName(value)],
  ];

  it.each(methods)("%s", (_, call) => {
    const thrown = hostile.filter(([, value]) => {
      const scope = new Scope().setTag("before", "1");
      try {
        call(scope, value as never);
      } catch {
        return true;
      }
      expect(scope.data.tags).toMatchObject({ before: "1" });
      return false;
    });
    expect(thrown.map(([name]) => name)).toEqual([]);
  });

  it("holds little of what is large", () => {
    const text = "x".repeat(10_000_000);
    const scope = new Scope()
      .setUser({ id: text, text })
      .setContext("c", { text })
      .setExtra("e", [text, text]);
    scope
      .addBreadcrumb({ message: text, data: { text } })
      .setTag("t", text)
      .setTransactionName(text)
      .setFingerprint([text]);
    expect(JSON.stringify(mergeScopes([scope.data], 100)).length).toBeLessThan(100_000);
  });

  it("reads all that is set at once together", () => {
    let reads = 0;
    const endless = (): object => ({
      get a() {
        reads += 1;
        return endless();
      },
      get b() {
        reads += 1;
        return endless();
      },
      list: Array.from({ length: 100 }, () => ({ one: 1, two: [2] })),
    });
    const many = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [`${index}`, endless()]),
    );
    const change = { user: many, extra: many, contexts: many, attributes: many };
    const { data } = new Scope().update(change);
    expect(reads).toBeLessThan(5000);
    expect(JSON.stringify(data).length).toBeLessThan(150_000);
    expect(new Scope().update({ user: { id: "1" }, extra: { a: { b: 1 } } }).data).toMatchObject({
      user: { id: "1" },
      extra: { a: { b: 1 } },
    });
  });
});

function cycle(): object {
  const value: Record<string, unknown> = {};
  value["self"] = value;
  return value;
}
