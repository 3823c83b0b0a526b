import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { builtPackage } from "../package/built-package.js";

/** The tarball that `npm publish` would upload. */
export interface PackedPackage {
  readonly tarball: string;
  /** What is in it, unpacked. */
  readonly directory: string;
  remove(): void;
}

/** Packs the package as it is built from the present sources, and unpacks it. */
export function packPackage(): PackedPackage {
  const folder = mkdtempSync(join(tmpdir(), "otel-sentry-bridge-packed-"));
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  execFileSync("npm", args, { cwd: builtPackage(), stdio: "pipe" });
  const tarball = join(folder, "otel-sentry-bridge.tgz");
  execFileSync("sh", ["-c", `mv ./*.tgz "${tarball}" && tar -xzf "${tarball}"`], { cwd: folder });
  return {
    tarball,
    directory: join(folder, "package"),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
