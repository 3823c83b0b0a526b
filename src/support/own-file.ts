import { Module } from "node:module";

// Matches this file, or the chunk of the built package that contains it (named in `scripts/build/chunks.mjs`).
const OWN_NAME = /\/(?:own-file\.ts|otel-sentry-bridge\.cjs)$/;

/** Tells whether this package runs from its own files; false if the application has bundled it. */
export function isUnbundled(): boolean {
  return OWN_NAME.test(ownFile().replaceAll("\\", "/"));
}

/**
 * Returns a `require` that can resolve `name`, a dependency of this package: from this file (or the bundle that
 * contains it), else from the main script. Undefined if neither can.
 */
export function requireFinding(name: string): NodeJS.Require | undefined {
  for (const origin of [ownFile(), process.argv[1]]) {
    try {
      const require = requireFrom(origin ?? "");
      require.resolve(name);
      return require;
    } catch {
      // The dependency is not installed there, or the path is unknown.
    }
  }
  return undefined;
}

/**
 * Returns the `require` of a file or directory. `createRequire` is not imported by name: webpack evaluates calls of that
 * name itself, and warns if it cannot.
 */
export function requireFrom(path: string): NodeJS.Require {
  return Module.createRequire(path);
}

// Returns the path of this file, read from a stack trace: `import.meta` and `__filename` each exist in one module
// format only, and bundlers replace both. Returns "" if the stack has no path. With `--enable-source-maps` it is the
// path of the original source, which may not exist; therefore callers also try the main script.
function ownFile(): string {
  const { stack } = new Error("own file");
  if (typeof stack !== "string") return "";
  return /\(?((?:file:\/\/)?\/[^()\n]*|[A-Z]:[^()\n]*):\d+:\d+\)?$/m.exec(stack)?.[1] ?? "";
}
