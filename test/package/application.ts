import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { builtPackage } from "./built-package.js";
import { compactPackages } from "./compact-packages.js";

const modules = join(import.meta.dirname, "../../node_modules");

/** How a program ended. */
export interface ProgramEnd {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An application in a directory of its own, with the built package and what it names installed. */
export interface Application {
  readonly directory: string;
  /** Where the package is installed. */
  readonly packageDirectory: string;
  write(file: string, text: string): void;
  /** Runs Node in the directory, with nothing in its environment but what is given. */
  node(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<ProgramEnd>;
  remove(): void;
}

/** The form of OpenTelemetry's packages: as they are published, or one file of CommonJS without types for each. */
type Form = "compact" | "published";

/** Installs an application. A copy of the package, so that it resolves only what is installed here. */
export function installApplication(
  dependencies: readonly string[],
  form: Form = "compact",
): Application {
  const directory = mkdtempSync(join(tmpdir(), "otel-sentry-bridge-app-"));
  const built = builtPackage();
  const packageDirectory = join(directory, "node_modules/otel-sentry-bridge");
  mkdirSync(packageDirectory, { recursive: true });
  for (const part of ["package.json", "dist"]) {
    cpSync(join(built, part), join(packageDirectory, part), { recursive: true });
  }
  const compact = form === "compact" ? compactPackages() : undefined;
  for (const dependency of dependencies) {
    const link = join(directory, "node_modules", dependency);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(compact?.get(dependency) ?? join(modules, dependency), link);
  }
  return {
    directory,
    packageDirectory,
    write: (file, text) => writeFileSync(join(directory, file), text),
    node: (args, env = {}) => runNode(args, { cwd: directory, env }),
    remove: () => rmSync(directory, { recursive: true }),
  };
}

// Only ends what hangs: a busy machine needs half a minute for one program.
const TIMEOUT_MILLIS = 120_000;

function runNode(
  args: readonly string[],
  options: { cwd: string; env: Readonly<Record<string, string>> },
): Promise<ProgramEnd> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      args,
      { ...options, timeout: TIMEOUT_MILLIS },
      (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : error.code;
        if (typeof exitCode === "number") resolve({ exitCode, stdout, stderr });
        else reject(error ?? new Error("no exit code"));
      },
    );
  });
}
