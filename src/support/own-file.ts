import nodeModule from "node:module";

// This file, or the chunk of the built package that holds it (its name is set in `scripts/build/bundle.mjs`).
const OWN_NAME = /\/(?:own-file\.ts|otel-sentry-bridge\.cjs)$/;

/** Tells whether this package runs from its own files; false in a bundle. */
export function isUnbundled(): boolean {
  return OWN_NAME.test(ownFile().replaceAll("\\", "/"));
}

/**
 * Returns a `require` that finds what this package depends on: from its own file (in a bundle: the bundle), else from the
 * main script. Undefined where neither finds `name`.
 */
export function requireFinding(name: string): NodeJS.Require | undefined {
  for (const origin of [ownFile(), process.argv[1]]) {
    try {
      const require = requireFrom(origin ?? "");
      require.resolve(name);
      return require;
    } catch {
      // Not installed there, or the path is unknown.
    }
  }
  return undefined;
}

/**
 * Returns the `require` of a file or directory. Not imported as `createRequire`: webpack evaluates calls of that name
 * itself, and warns in each build where it cannot.
 */
export function requireFrom(path: string): NodeJS.Require {
  return nodeModule.createRequire(path);
}

// Read from a stack trace: `import.meta` and `__filename` each compile for one module format only, and bundlers replace
// both by something else. Empty where the stack does not tell. Source maps (`--enable-source-maps`) make it the path of the
// original file, which may not exist: hence the main script as the second origin.
function ownFile(): string {
  const { stack } = new Error("own file");
  if (typeof stack !== "string") return "";
  return /\(?((?:file:\/\/)?\/[^()\n]*|[A-Z]:[^()\n]*):\d+:\d+\)?$/m.exec(stack)?.[1] ?? "";
}
