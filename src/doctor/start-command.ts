import { existsSync, realpathSync } from "node:fs";
import { extname, isAbsolute, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { textIn } from "../options/env.js";
import { attempt } from "../support/foreign.js";

/** Returns the path of a file as a user would write it in the working directory. */
export function shownPath(path: string): string {
  const inside = relative(process.cwd(), path);
  return inside === "" || inside.startsWith("..") ? path : inside;
}

/** Returns the path of the program that runs; `app.js` if there is none, as after `node -e`. */
export function scriptName(): string {
  const [, script = ""] = process.argv;
  return isAbsolute(script) ? shownPath(script) : "app.js";
}

/** Returns the path of a file as a flag of Node needs it: a bare name would be that of a package. */
export function filePath(path: string): string {
  const shown = relative(process.cwd(), path);
  return shown.startsWith("..") || isAbsolute(shown) ? shown : `./${shown}`;
}

/** Returns the path of a file, as Node names its module: absolute, and without symbolic links. */
export function realPath(path: string): string {
  return attempt(() => realpathSync(path), resolve(path));
}

/** Returns the command that loads a set-up file before the program. */
export function startCommand(setUp: string): string {
  const flag = extname(setUp) === ".cjs" ? "--require" : "--import";
  return `node ${flag} ${filePath(setUp)} ${scriptName()}`;
}

const SET_UP_FILES = ["instrumentation", "tracing", "otel"].flatMap((name) =>
  ["mjs", "cjs", "js", "ts"].map((format) => `${name}.${format}`),
);

/** Returns the file in the working directory that is a set-up by its name; undefined if there is none. */
export function presentSetUp(): string | undefined {
  return SET_UP_FILES.find((each) => existsSync(each));
}

// Their values name files that are loaded before the program.
const PRELOADED = /^(?:--import|--require|-r|--experimental-loader|--loader)(?:=(.*))?$/s;

/** Tells whether a flag loads a file before the program. */
export function isPreloaded(path: string): boolean {
  const file = resolve(path);
  return preloaded().some((each) => attempt(() => fileURLToPath(each), resolve(each)) === file);
}

// Packages, and the file that the doctor itself loads, from wherever the package is linked.
const FOREIGN = /\/node_modules\/|\/doctor-preload\.cjs"?$/;

/** Returns the last file of the application that a flag loads before the program, as the flag names it. */
export function preloadedFile(): string | undefined {
  return preloaded().findLast((each) => /^[./]/.test(each) && !FOREIGN.test(each));
}

/** Returns the files and packages that flags load before the program, as the flags name them. */
export function preloaded(): string[] {
  const args = [...process.execArgv, ...(textIn("NODE_OPTIONS") ?? "").split(/\s+/)];
  return args.flatMap((arg, index) => {
    const match = PRELOADED.exec(arg);
    if (match === null) return [];
    return [match[1] ?? args[index + 1] ?? ""];
  });
}
