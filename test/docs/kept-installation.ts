import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

import { IS_DEEP } from "../property/runs.js";
import type { NewcomerFolder } from "./newcomer.js";
import type { PackedPackage } from "./packed-package.js";

// What npm writes.
const PARTS = ["node_modules", "package.json", "package-lock.json"];

/** Installs by a command of a package manager. */
export async function installIn(folder: NewcomerFolder, command: string): Promise<void> {
  // Where npm's cache has a package's description, it need not ask the registry if there is a newer one.
  await folder.run(command, { npm_config_prefer_offline: "true" });
}

/**
 * Installs the packed package, and what it is used with, by a command of npm that names the tarball. What npm has installed is kept
 * for the runs of the same day in which the command and the package's manifest are the same: npm takes 9 s of CPU time, most of it
 * for 12,000 files, and the archive 0.3 s. The package itself is always the present one. `npm run test:deep` installs anew.
 */
export async function installOrTakeKept(
  folder: NewcomerFolder,
  packed: PackedPackage,
  command: string,
): Promise<void> {
  const archive = archiveOf(packed, command);
  if (existsSync(archive) && !IS_DEEP) {
    tar(folder, "-xf", archive);
    const target = join(folder.directory, "node_modules/otel-sentry-bridge");
    rmSync(target, { recursive: true });
    cpSync(packed.directory, target, { recursive: true });
    return;
  }
  await installIn(folder, command);
  const written = `${archive}.${process.pid}`;
  tar(folder, "-cf", written, ...PARTS);
  renameSync(written, archive);
}

// Beside the built package: both go away with builds of later sources (`test/package/built-package.ts`).
function archiveOf({ directory, tarball }: PackedPackage, command: string): string {
  const hash = createHash("sha256")
    .update(process.version)
    .update(new Date().toISOString().slice(0, "YYYY-MM-DD".length))
    .update(command.replace(tarball, ""))
    .update(readFileSync(join(directory, "package.json")))
    .digest("hex");
  const name = `otel-sentry-bridge-${userInfo().uid}-npm-${hash.slice(0, 16)}.tar`;
  return join(tmpdir(), name);
}

function tar({ directory }: NewcomerFolder, ...args: readonly string[]): void {
  execFileSync("tar", ["-C", directory, ...args]);
}
