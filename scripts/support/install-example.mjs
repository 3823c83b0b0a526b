import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Copies an example to a directory and installs there the packages of its README's command, with a tarball of this package.
 * `versions` replaces names of packages; `more` is installed, too.
 */
export function installExample(example, directory, { versions = {}, more = [] } = {}) {
  cpSync(example, directory, { recursive: true });
  writeFileSync(join(directory, "package.json"), JSON.stringify({ name: "shop", private: true }));
  const pack = ["pack", "--ignore-scripts", "--json", "--pack-destination", directory];
  const [{ filename }] = JSON.parse(execFileSync("npm", pack, { cwd: root }));
  const readme = readFileSync(join(example, "README.md"), "utf8").replaceAll("\\\n", " ");
  const [, own, rest] = /^npm install (\S+) (.*)$/m.exec(readme);
  assert.equal(own, "otel-sentry-bridge");
  const names = rest.trim().split(/\s+/);
  const all = [`./${filename}`, ...names.map((name) => versions[name] ?? name), ...more];
  execFileSync("npm", ["install", "--no-audit", "--no-fund", ...all], {
    cwd: directory,
    stdio: ["ignore", "ignore", "inherit"],
  });
}
