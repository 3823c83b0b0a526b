import { afterEach, beforeEach, expect, it } from "vitest";

import { DoctorObserver } from "../../src/doctor/observer.js";
import { Scope } from "../../src/scope/scope.js";
import { observation } from "../../src/support/observation.js";

let observer = new DoctorObserver();
beforeEach(() => {
  observer = new DoctorObserver();
  observation.observer = observer;
});
afterEach(() => {
  observation.observer = undefined;
});

const LONG = "x".repeat(300);

function namesOf(...rules: readonly string[]): string[] {
  const evidence = rules.flatMap((rule) => observer.refused.seen(rule).evidence ?? []);
  return evidence.map(({ name }) => name);
}

it.each<[string, Record<string, string>, string]>([
  ["refused tags", { good: "1", bad: LONG, fine: "2", worse: LONG }, "set tag bad, tag worse"],
  ["a tag that has the value of before", { good: "1", known: LONG }, "set tag known"],
])("a call of setTags is shown with its %s only", (_, tags, expected) => {
  new Scope().setTag("known", LONG).setTags(tags);

  expect(namesOf("tagValue").at(-1)).toBe(expected);
});

it("a key is shown without secrets and without characters that control the terminal", () => {
  new Scope().setTag("\u001B[2J", LONG).setTag("password=hunter2", LONG);

  const names = namesOf("tagKey", "tagValue").join(" ");
  expect(names).toMatch(/^set tag/);
  expect(names).not.toContain("\u001B");
  expect(names).not.toContain("hunter2");
});

it("a value without a key is shown by its setter", () => {
  new Scope().setLevel("loud" as "error");

  expect(namesOf("level")).toEqual(["set level"]);
});
