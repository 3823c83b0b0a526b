import { fileURLToPath } from "node:url";

import { SourceFiles } from "../errors/source-files.js";
import { attempt, memberOf } from "../support/foreign.js";

// The line that made the error: `at run (file:///srv/app.mjs:3:9)`.
const FIRST_CALL =
  /^ {4}at (?:.*\()?(?<file>(?:file:\/\/|\/|[A-Za-z]:\\)[^()]*):(?<line>\d+):(?<column>\d+)\)?$/;

/**
 * What Node shows above an uncaught error: the file, the line, and a mark below its column. It is that
 * of the stack's first call: where the error was thrown is known to Node alone. Empty if there is none.
 */
export function excerptOf(error: unknown): string {
  return attempt(() => {
    const stack = memberOf(error, "stack");
    if (typeof stack !== "string") return "";
    const call = stack.split("\n").find((line) => line.startsWith("    at "));
    const { file = "", line = "", column = "" } = FIRST_CALL.exec(call ?? "")?.groups ?? {};
    const path = file.startsWith("file://") ? fileURLToPath(file) : file;
    const source = new SourceFiles().read(path)?.line(Number(line));
    if (source === undefined) return "";
    const indent = source.slice(0, Number(column) - 1).replaceAll(/[^\t]/g, " ");
    return `${file}:${line}\n${source}\n${indent}^\n\n`;
  }, "");
}
