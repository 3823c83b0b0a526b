import { dirname, join } from "node:path";

import { attempt, propertyOf } from "../support/foreign.js";
import { requireFrom } from "../support/own-file.js";
import { installedPackages } from "./installed-packages.js";

/** Tells whether an instrumentation waits for a package to be loaded, to patch it. */
export type IsAwaited = (name: string) => boolean;

// Holds the names of the packages that the instrumentations of a copy patch; OpenTelemetry has no API for them. From SDK 3 on
// it is an ES module, which `require.cache` does not list. Node can require one from 22.12 on; SDK 3 needs 22.15.
const SINGLETON = "dist/platform/node/RequireInTheMiddleSingleton.mjs";

let copies: readonly string[] | undefined;

/** Returns the packages that the registered instrumentations of OpenTelemetry's SDK 3 patch. Never throws. */
export function awaitedPackages(): IsAwaited {
  copies ??= installedPackages(
    [process.cwd(), dirname(process.argv[1] ?? "")],
    (name) => name === "@opentelemetry/instrumentation",
  ).map(({ path }) => path);
  const tries = copies.map(trieIn);
  return (name) => tries.some((trie) => attempt(() => isIn(trie, name), false));
}

function trieIn(path: string): unknown {
  // From within the package: Node warns where an application requires an ES module.
  const loaded = attempt<unknown>(
    () => requireFrom(join(path, "package.json"))(join(path, SINGLETON)),
    undefined,
  );
  const instance = propertyOf(propertyOf(loaded, "RequireInTheMiddleSingleton"), "_instance");
  return propertyOf(instance, "_moduleNameTrie");
}

function isIn(trie: unknown, name: string): boolean {
  const search = propertyOf(trie, "search");
  if (typeof search !== "function") return false;
  const found: unknown = Reflect.apply(search, trie, [name, { fullOnly: true }]);
  return Array.isArray(found) && found.length > 0;
}
