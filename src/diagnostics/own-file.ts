/**
 * Path or URL of the file that calls this, for `createRequire`: where this package's own dependencies are looked up.
 * Read from a stack trace, since neither `import.meta` nor `__filename` compiles for both module formats. Empty where
 * there is none.
 */
export function ownFile(): string {
  const stack = new Error("own file").stack ?? "";
  return /\(?((?:file:\/\/)?\/[^()\n]*|[A-Z]:[^()\n]*):\d+:\d+\)?$/m.exec(stack)?.[1] ?? "";
}
