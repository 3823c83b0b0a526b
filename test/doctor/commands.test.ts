import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";

import { hasOlderApi } from "../../src/context/api-registration.js";
import { overrideOf, packageManagerOf } from "../../src/doctor/package-manager.js";
import { isPreloaded, startCommand } from "../../src/doctor/start-command.js";

afterEach(() => vi.unstubAllEnvs());

it.each([
  ["npm/11.0.0 node/v24", "npm install --save-exact a@1.2.3"],
  ["pnpm/10.0.0 node/v24", "pnpm add --save-exact a@1.2.3"],
  ["yarn/4.0.0 node/v24", "yarn add --exact a@1.2.3"],
])("%s installs one version with flags that it knows", (agent, command) => {
  vi.stubEnv("npm_config_user_agent", agent);

  expect(overrideOf("a", "1.2.3").command).toBe(command);
});

it.each<[found: string, files: Readonly<Record<string, string>>, manager: string]>([
  ["no file", {}, "npm"],
  ["pnpm's lock file", { "pnpm-lock.yaml": "" }, "pnpm"],
  ["yarn's lock file", { "yarn.lock": "" }, "yarn"],
  ["bun's lock file", { "bun.lock": "" }, "bun"],
  ["the lock file of a workspace's root", { "../../pnpm-lock.yaml": "" }, "pnpm"],
  ["one of npm below that", { "../../pnpm-lock.yaml": "", "package-lock.json": "" }, "npm"],
  ["`packageManager`", { "package.json": '{ "packageManager": "pnpm@9.1.0" }' }, "pnpm"],
  [
    "`packageManager` npm beside another's lock file",
    { "package.json": '{ "packageManager": "npm@10.0.0" }', "yarn.lock": "" },
    "npm",
  ],
  ["a broken package.json", { "package.json": "{", "yarn.lock": "" }, "yarn"],
])("the package manager of a project with %s", (_, files, manager) => {
  const root = mkdtempSync(join(tmpdir(), "otel-sentry-bridge-manager-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const directory = join(root, "packages/shop");
  mkdirSync(directory, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text);

  expect(packageManagerOf(directory)).toBe(manager);
});

describe("a set-up file", () => {
  it.each([
    ["set-up.mjs", "--import ./set-up.mjs "],
    [resolve("src/set-up.cjs"), "--require ./src/set-up.cjs "],
    [resolve("../shared/set-up.cjs"), "--require ../shared/set-up.cjs "],
  ])("at %s is loaded by `%s`", (path, flag) => {
    expect(startCommand(path)).toContain(`node ${flag}`);
  });

  it.each([
    ["./set-up.mjs", true],
    [resolve("set-up.mjs"), true],
    [pathToFileURL(resolve("set-up.mjs")).href, true],
    ["./other/set-up.mjs", false],
    ["set-up.mjs/register", false],
  ])("is loaded by `--import %s`: %s", (value, expected) => {
    vi.stubEnv("NODE_OPTIONS", `--import=${value}`);

    expect(isPreloaded(resolve("set-up.mjs"))).toBe(expected);
  });
});

it.each([
  ["1.9.1", true],
  ["1.10.0", false],
])("API %s is one for the SDK 2: %s", (version, expected) => {
  const registry = Symbol.for("opentelemetry.js.api.1");
  Object.assign(globalThis, { [registry]: { version } });

  expect(hasOlderApi()).toBe(expected);

  Reflect.deleteProperty(globalThis, registry);
});
