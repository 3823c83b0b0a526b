import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { onTestFinished } from "vitest";

interface Manifest {
  readonly version: string;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly engines?: { readonly node: string };
}

/** Makes a directory with these manifests in its `node_modules`; a key may name a nested package by its path. */
export function directoryWith(packages: Readonly<Record<string, Manifest>>): string {
  const directory = mkdtempSync(join(tmpdir(), "doctor-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const [path, manifest] of Object.entries(packages)) {
    const place = join(directory, "node_modules", path);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, "package.json"), JSON.stringify(manifest));
  }
  return directory;
}
