import { textIn } from "../options/env.js";
import { attempt } from "../support/foreign.js";
import { lockedBy, manifestIn, withAncestors } from "./installed-packages.js";

const MANAGER = /^(?:npm|pnpm|yarn|bun)(?=[/@])/;

// Package managers set this variable for what they run. npm's says little: `npx` is used in projects of others, too.
function manager(): string {
  const runner = MANAGER.exec(textIn("npm_config_user_agent") ?? "")?.[0] ?? "npm";
  return runner === "npm" ? attempt(() => packageManagerOf(process.cwd()), "npm") : runner;
}

/** Returns the package manager of a directory's project, by `packageManager` or its lock file. */
export function packageManagerOf(directory: string): string {
  for (const each of withAncestors(directory)) {
    const named = MANAGER.exec(String(manifestIn(each)["packageManager"]))?.[0];
    const found = named ?? lockedBy(each);
    if (found !== undefined) return found;
  }
  return "npm";
}

/** Returns the command that adds packages to an application, for its package manager. */
export function addCommand(...packages: readonly string[]): string {
  const name = manager();
  const verb = name === "npm" ? "install" : "add";
  return `${name} ${verb} ${packages.join(" ")}`;
}

/** Returns the command that removes a package. */
export function removeCommand(name: string): string {
  return manager() === "npm" ? `npm uninstall ${name}` : `${manager()} remove ${name}`;
}

/** Returns the entry of package.json and the command that make all packages use one version of another. */
export function overrideOf(name: string, version: string): { entry: string; command: string } {
  const tool = manager();
  // npm refuses another version than that of a direct dependency, which `$` refers to.
  const entry = `"overrides": { "${name}": "${tool === "npm" ? `$${name}` : version}" }`;
  const field = { npm: entry, pnpm: `"pnpm": { ${entry} }` }[tool];
  const exact = tool === "npm" || tool === "pnpm" ? "--save-exact" : "--exact";
  return {
    entry: field ?? entry.replace("overrides", "resolutions"),
    command: addCommand(exact, `${name}@${version}`),
  };
}

/** Returns the command that says why a package is installed. */
export function whyCommand(name: string): string {
  return manager() === "npm" ? `npm ls ${name}` : `${manager()} why ${name}`;
}
