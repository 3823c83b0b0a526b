import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import * as doctor from "../../src/doctor/doctor.js";
import * as bridge from "../../src/index.js";
import { OPTIONS } from "../../src/options/option-table.js";
import * as testing from "../../src/testing/testing.js";
import { filesIn } from "../package/built-package.js";

const root = join(import.meta.dirname, "../..");
const pages = [join(root, "README.md"), ...filesIn(join(root, "docs"))].filter((file) =>
  file.endsWith(".md"),
);
const documentation = pages.map((file) => readFileSync(file, "utf8")).join("\n");

function missing(names: readonly string[]): string[] {
  const words = new Set(documentation.match(/[\w-]+/g));
  return names.filter((name) => !words.has(name));
}

// Shared with Node, and with programs that this one starts.
const NOT_FOR_USERS = new Set(["OTEL_SENTRY_BRIDGE_DOCTOR_REPORTS", "NODE_OPTIONS"]);

const VARIABLE =
  /["'](?<name>(?:SENTRY|OTEL|NODE|SSL)_[A-Z_]+|(?:HTTPS?|NO)_PROXY|TRACEPARENT|NO_COLOR|FORCE_COLOR)["']/g;

function variablesInSources(): string[] {
  const names = filesIn(join(root, "src"))
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => [...readFileSync(file, "utf8").matchAll(VARIABLE)])
    .map(({ groups }) => groups?.["name"] ?? "");
  return [...new Set(names)].filter((name) => !NOT_FOR_USERS.has(name));
}

describe("the documentation", () => {
  it("has the tables of options that the sources lead to", () => {
    const script = join(root, "scripts/options-page.mjs");
    expect(execFileSync(process.execPath, [script], { encoding: "utf8" })).toBe("");
  });

  it.each([
    ["otel-sentry-bridge", bridge],
    ["otel-sentry-bridge/doctor", doctor],
    ["otel-sentry-bridge/testing", testing],
  ])("names everything that %s exports", (_entry, names) => {
    expect(missing(Object.keys(names))).toEqual([]);
  });

  it("names every option", () => {
    expect(missing(Object.keys(OPTIONS))).toEqual([]);
  });

  it("names every environment variable that the sources read", () => {
    const variables = variablesInSources();
    expect(variables).toEqual(expect.arrayContaining(["SENTRY_DSN", "TRACEPARENT", "HTTPS_PROXY"]));
    expect(missing(variables)).toEqual([]);
  });

  it("has every rule of the doctor on the page about troubleshooting", () => {
    const rules = readFileSync(join(root, "docs/doctor.md"), "utf8").match(/^\| D\d+/gm) ?? [];
    const troubleshooting = readFileSync(join(root, "docs/troubleshooting.md"), "utf8");
    expect(rules.length).toBeGreaterThan(12);
    const names = rules.map((rule) => rule.slice(2));
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(troubleshooting))).toEqual([]);
  });

  it("names every command, and every option of one", () => {
    const help = readFileSync(join(root, "src/cli/run-cli.ts"), "utf8");
    const options = [...help.matchAll(/--[a-z]+/g)].map(([option]) => option);
    expect(options.length).toBeGreaterThan(4);
    expect(missing(options)).toEqual([]);
    expect(missing(["inbox", "demo", "doctor", "send-test"])).toEqual([]);
  });
});
