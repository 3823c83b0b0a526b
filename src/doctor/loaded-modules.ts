import { attempt, ownValues, propertyOf } from "../support/foreign.js";
import { requireFrom } from "../support/own-file.js";
import { awaitedPackages } from "./instrumentation-hooks.js";
import type { IsAwaited } from "./instrumentation-hooks.js";

/** A module as in `require.cache`. */
export interface LoadedModule {
  readonly exports?: unknown;
  /** The module that has loaded it with `require`; undefined after `import`. */
  readonly parent?: unknown;
  /** Modules that it has loaded with `require`. */
  readonly children?: readonly { readonly filename?: unknown }[];
}

/** Modules by path, in the order in which their loading began. */
export type ModuleCache = Readonly<Record<string, LoadedModule | undefined>>;

const MODULE = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//;
// The module of `import-in-the-middle` that knows what the loader hook has seen.
const HOOK = /\/node_modules\/import-in-the-middle\/lib\/register\.js$/;
// The base of all instrumentations loads it, in each module format.
const BASE = "require-in-the-middle";
const MAX_FUNCTIONS = 2000;

/** The CommonJS modules that the process has loaded. No method throws. */
export class LoadedModules {
  readonly #cache: ModuleCache;
  /** Files of each package, in the order in which they were loaded. */
  readonly #files = new Map<string, string[]>();
  readonly #loaders = new Map<string, string>();
  readonly #order = new Map<string, number>();

  /** By package, when it first required something. Node lists an imported module when it has found it, which is long before it runs. */
  readonly #running = new Map<string, number>();
  readonly #isAwaited: IsAwaited;

  /** `cache` and `isAwaited`: those of the process by default. */
  constructor(
    cache: ModuleCache = attempt(() => requireFrom(`${process.cwd()}/`).cache, {}),
    isAwaited?: IsAwaited,
  ) {
    this.#cache = cache;
    for (const [index, path] of Object.keys(cache).entries()) this.#add(path, index);
    this.#isAwaited = isAwaited ?? (this.#files.has(BASE) ? awaitedPackages() : () => false);
  }

  #add(path: string, index: number): void {
    this.#order.set(path, index);
    const name = packageOf(path);
    if (name !== undefined) this.#files.set(name, [...(this.#files.get(name) ?? []), path]);
    const by = packageOf(String(propertyOf(propertyOf(this.#cache[path], "parent"), "filename")));
    if (by !== undefined && !this.#running.has(by)) this.#running.set(by, index);
    for (const child of this.#cache[path]?.children ?? []) {
      const inner = attempt(() => String(child.filename), "");
      if (!this.#loaders.has(inner)) this.#loaders.set(inner, path);
    }
  }

  get packages(): readonly string[] {
    return [...this.#files.keys()];
  }

  /** Tells whether an instrumentation that is an ES module patches a package or a module of Node. */
  isAwaited(name: string): boolean {
    return this.#isAwaited(name);
  }

  /** When the loading of instrumentations that are ES modules began, as a position. */
  get basePosition(): number {
    return this.positionOf(BASE);
  }

  /** Tells whether a file was loaded as CommonJS. */
  has(path: string): boolean {
    return this.#order.has(path);
  }

  /** Position at which a package began to load; for an imported one, at which it first required something. Infinity if it was not loaded. */
  positionOf(name: string): number {
    const first = this.#files.get(name)?.[0] ?? "";
    const ran = this.isImported(name) ? this.#running.get(name) : undefined;
    return ran ?? this.#order.get(first) ?? Infinity;
  }

  /** Tells whether a package was loaded with `import`. */
  isImported(name: string): boolean {
    const first = this.#files.get(name)?.[0];
    if (first === undefined || this.#loaders.has(first)) return false;
    // What createRequire returns belongs to a module that is not in the cache.
    return propertyOf(this.#cache[first], "parent") === undefined;
  }

  /** Returns the module of the application that has loaded a package with `require`, itself or through other packages. */
  loaderOf(name: string): string | undefined {
    let path = this.#files.get(name)?.[0];
    for (const seen = new Set<string>(); path !== undefined && !seen.has(path);) {
      seen.add(path);
      path = this.#loaders.get(path);
      if (path !== undefined && packageOf(path) === undefined) return path;
    }
    return undefined;
  }

  /** Tells whether an instrumentation has patched a package: by the loader hook, or by wrapping one of its functions. */
  isPatched(name: string): boolean {
    const directory = `/node_modules/${name}/`;
    const hook = Object.keys(this.#cache).find((path) => HOOK.test(slashed(path)));
    const seen = propertyOf(this.#cache[hook ?? ""]?.exports, "toHook");
    if (
      Array.isArray(seen) &&
      seen.some((each) => String(propertyOf(each, "0")).includes(directory))
    )
      return true;
    const roots = (this.#files.get(name) ?? []).map((path) => this.#cache[path]?.exports);
    return attempt(() => hasWrapped(roots), false);
  }
}

function slashed(path: string): string {
  return path.replaceAll("\\", "/");
}

function packageOf(path: string): string | undefined {
  const file = slashed(path);
  return MODULE.exec(file.slice(Math.max(0, file.lastIndexOf("/node_modules/"))))?.[1];
}

// OpenTelemetry marks the functions that it puts around others. They are exports, methods of exported objects or of classes.
function hasWrapped(roots: readonly unknown[]): boolean {
  const seen = new Set<unknown>();
  let level = roots;
  for (let depth = 0; depth < 4 && level.length > 0; depth += 1) {
    const next: unknown[] = [];
    for (const value of level) {
      const isObject = typeof value === "object" || typeof value === "function";
      if (!isObject || value === null || seen.has(value) || seen.size > MAX_FUNCTIONS) continue;
      seen.add(value);
      if (Object.getOwnPropertyDescriptor(value, "__wrapped")?.value === true) return true;
      next.push(...ownValues(value));
    }
    level = next;
  }
  return false;
}
