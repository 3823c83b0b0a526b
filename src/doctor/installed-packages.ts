import { existsSync, readFileSync, readdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

import { attempt, isRecord } from "../support/foreign.js";

/** A package that is installed. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** Its directory, without symbolic links. */
  readonly path: string;
  readonly peers: Readonly<Record<string, string>>;
  /** Range of Node versions from `engines`; "" without one. */
  readonly nodeRange: string;
}

// Directories that are read, of packages and scopes. An application with 3000 packages takes 0.2 s.
const MAX_DIRECTORIES = 20_000;
// Levels above a directory in which packages may be installed.
const MAX_LEVELS = 30;

/**
 * Returns the packages that `isWanted` by name and that are installed for the directories: in their `node_modules`, in those
 * of their ancestors, and in those of other packages. Each once. Never throws.
 */
export function installedPackages(
  directories: readonly string[],
  isWanted: (name: string) => boolean,
): readonly InstalledPackage[] {
  const search = new Search(isWanted);
  for (const directory of directories)
    for (const each of withAncestors(directory)) search.modules(join(each, "node_modules"));
  return [...search.found.values()];
}

/** Returns a directory and those above it. */
export function withAncestors(directory: string): string[] {
  const all = [directory];
  while (all.length < MAX_LEVELS) {
    const [last = ""] = all.slice(-1);
    if (dirname(last) === last) break;
    all.push(dirname(last));
  }
  return all;
}

const IN_STORE = /^.*[/\\]\.pnpm[/\\][^/\\]+[/\\]node_modules(?=[/\\])/;

class Search {
  readonly found = new Map<string, InstalledPackage>();
  readonly #isWanted: (name: string) => boolean;
  readonly #seen = new Set<string>();

  constructor(isWanted: (name: string) => boolean) {
    this.#isWanted = isWanted;
  }

  /** Searches a `node_modules` directory. */
  modules(directory: string): void {
    for (const name of this.#entries(directory)) {
      if (name.startsWith("@"))
        for (const inner of this.#entries(join(directory, name)))
          this.#package(directory, `${name}/${inner}`);
      else if (!name.startsWith(".")) this.#package(directory, name);
    }
  }

  #package(modules: string, name: string): void {
    const path = attempt(() => realpathSync(join(modules, name)), undefined);
    if (path === undefined || this.found.has(path)) return;
    if (this.#isWanted(name) && existsSync(join(path, "package.json")))
      this.found.set(path, readPackage(name, path));
    // A link may lead to another workspace, whose packages the application does not load.
    if (path.includes("node_modules")) this.modules(join(path, "node_modules"));
    // pnpm links a package to its store, where its dependencies are beside it. The store also has packages that are no longer used.
    const [beside] = IN_STORE.exec(path) ?? [];
    if (beside !== undefined) this.modules(beside);
  }

  // Returns nothing for a directory that was read before or does not exist, and beyond the limit.
  #entries(directory: string): readonly string[] {
    if (this.#seen.size >= MAX_DIRECTORIES || this.#seen.has(directory)) return [];
    this.#seen.add(directory);
    return attempt(() => readdirSync(directory), []);
  }
}

/** Returns the package.json of a directory; an empty one if there is none. Never throws. */
export function manifestIn(directory: string): Readonly<Record<string, unknown>> {
  const manifest = attempt<unknown>(
    () => JSON.parse(readFileSync(join(directory, "package.json"), "utf8")),
    undefined,
  );
  return isRecord(manifest) ? manifest : {};
}

const LOCK_FILES = {
  "package-lock.json": "npm",
  "npm-shrinkwrap.json": "npm",
  "pnpm-lock.yaml": "pnpm",
  "yarn.lock": "yarn",
  "bun.lock": "bun",
  "bun.lockb": "bun",
};

/** Returns the package manager whose lock file is in a directory; undefined if none is. */
export function lockedBy(directory: string): string | undefined {
  return Object.entries(LOCK_FILES).find(([file]) => existsSync(join(directory, file)))?.[1];
}

/** Returns the names of the packages that the application in a directory depends on itself. Never throws. */
export function directDependencies(directory: string): ReadonlySet<string> {
  const { dependencies, devDependencies } = manifestIn(directory);
  return new Set([dependencies, devDependencies].filter(isRecord).flatMap(Object.keys));
}

function readPackage(name: string, path: string): InstalledPackage {
  const { version, peerDependencies, engines } = manifestIn(path);
  const node = isRecord(engines) ? engines["node"] : undefined;
  return {
    name,
    path,
    version: typeof version === "string" ? version : "?",
    peers: isRecord(peerDependencies) ? textsOf(peerDependencies) : {},
    nodeRange: typeof node === "string" ? node : "",
  };
}

function textsOf(record: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    ),
  );
}
